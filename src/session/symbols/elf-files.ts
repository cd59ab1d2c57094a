/** The programs and libraries that traced processes have mapped, read from disk. Their paths are untrusted input. */
import { BoundedMap } from '../../system/bounded-map';
import { readUntrustedFile } from '../../system/untrusted-file';
import { UserElf } from '../../system/user-elf';

/** Larger files are not symbolized: only debug builds of browsers and the like exceed this. */
const FILE_BYTES = 512 << 20;
const KEPT_BYTES = FILE_BYTES + (64 << 20);
/** Weight of a cache entry without a file: its path, and that it cannot be read. */
const ENTRY_BYTES = 64 << 10;
const BUILD_IDS_KEPT = 16_384;

export class ElfFiles {
  private readonly known = new BoundedMap<string, Promise<UserElf | null>>(KEPT_BYTES);
  /** Cached, because the build ids of all files of a process are requested repeatedly. */
  private readonly buildIds = new BoundedMap<string, Promise<string | null>>(BUILD_IDS_KEPT);
  /** One file is read at a time, to use memory for only one and one of Node's threads. */
  private last: Promise<unknown> = Promise.resolve();

  /** null when the file is not regular, too large, deleted, or not ELF: its frames are not symbolized. */
  elf(path: string): Promise<UserElf | null> {
    const known = this.known.get(path);
    if (known) return known;
    const read: Promise<UserElf | null> = this.last.then(() => this.read(path, read));
    this.last = read.then(() => undefined);
    this.known.set(path, read, ENTRY_BYTES);
    return read;
  }

  /** null also for a file without a build id, or a damaged one. */
  buildId(path: string): Promise<string | null> {
    const known = this.buildIds.get(path);
    if (known) return known;
    const read = this.elf(path).then(elf => {
      try {
        return elf?.buildId() ?? null;
      } catch {
        return null;
      }
    });
    this.buildIds.set(path, read);
    return read;
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
