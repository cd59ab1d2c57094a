/** The programs and libraries that traced processes have mapped, as they are on disk. Their paths are the processes' word. */
import { BoundedMap } from '../../shared/bounded-map';
import { readUntrustedFile } from '../../system/untrusted-file';
import { UserElf } from '../user-elf';

/** Larger files stay unnamed: only debug builds of browsers and their like are. */
const FILE_BYTES = 512 << 20;
const KEPT_BYTES = 512 << 20;
/** What an entry weighs that holds no file: its path, and that it cannot be read. */
const ENTRY_BYTES = 64 << 10;

export class ElfFiles {
  private readonly known = new BoundedMap<string, Promise<UserElf | null>>(KEPT_BYTES);
  /** One file is read at a time: memory for one, and one of Node's threads, however many are asked for. */
  private last: Promise<unknown> = Promise.resolve();

  /** null for what is not a regular file, too large, deleted, or not an ELF file: its frames stay unnamed. */
  elf(path: string): Promise<UserElf | null> {
    const known = this.known.get(path);
    if (known) return known;
    const read: Promise<UserElf | null> = this.last.then(() => this.read(path, read));
    this.last = read;
    this.known.set(path, read, ENTRY_BYTES);
    return read;
  }

  /** null also for a file without one, or a damaged one. */
  async buildId(path: string): Promise<string | null> {
    const elf = await this.elf(path);
    try {
      return elf?.buildId() ?? null;
    } catch {
      return null;
    }
  }

  private async read(path: string, entry: Promise<UserElf | null>): Promise<UserElf | null> {
    try {
      const bytes = await readUntrustedFile(path, FILE_BYTES);
      const elf = new UserElf(bytes);
      this.known.set(path, entry, ENTRY_BYTES + bytes.length);
      return elf;
    } catch {
      return null;
    }
  }
}
