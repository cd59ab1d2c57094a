/** Headers that a source includes: the author's own are read, system headers are only searched for the types they declare. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { headerFolders } from '../../shared/bpf/binary-folders';
import { type KernelHeader, readKernelHeader } from '../../shared/c/kernel-header';
import { lex } from '../../shared/c/lexer';
import { readUntrustedFileSync } from '../../system/untrusted-file';
import type { SourceModel } from './model';
import { readSource } from './read-source';

interface CachedHeader {
  readonly stamp: string;
  readonly text: string;
  readonly model: SourceModel;
}

const MAX_HEADER_BYTES = 1024 * 1024;
/** A full vmlinux.h has about 3 MB. */
const MAX_KERNEL_HEADER_BYTES = 16 << 20;
const MAX_HEADERS = 64;
const SYSTEM_FOLDERS = headerFolders(process.arch);

export interface Header {
  readonly path: string;
  readonly text: string;
  readonly model: SourceModel;
}

export class Headers {
  private readonly cache = new Map<string, CachedHeader>();
  private readonly kernelHeaders = new Map<
    string,
    { readonly stamp: string; readonly header: KernelHeader }
  >();
  private readonly systemModels = new Map<string, SourceModel | null>();

  constructor(private readonly includeFolders: readonly string[]) {}

  /** Every own header reached through #include "...", and bpfw.h; vmlinux.h and libbpf's headers are known otherwise. */
  ownHeaders(model: SourceModel, folder: string): Header[] {
    const found = new Map<string, Header>();
    const visit = (source: SourceModel, from: string) => {
      for (const include of source.includes) {
        if (path.basename(include.name) === 'vmlinux.h' || include.name.startsWith('bpf/')) continue;
        const folders = include.angled ? this.includeFolders : [from, ...this.includeFolders];
        const file = folders.map(one => path.resolve(one, include.name)).find(one => this.read(one) !== null);
        if (file === undefined || found.has(file) || found.size >= MAX_HEADERS) continue;
        const header = this.read(file);
        if (!header) continue;
        found.set(file, { path: file, text: header.text, model: header.model });
        visit(header.model, path.dirname(file));
      }
    };
    visit(model, folder);
    return [...found.values()];
  }

  /** What a vmlinux.h that lies in the project is of; null where there is none. */
  kernelHeader(file: string): KernelHeader | null {
    try {
      const { size, mtimeMs } = statSync(file);
      const stamp = `${size}-${mtimeMs}`;
      const known = this.kernelHeaders.get(file);
      if (known?.stamp === stamp) return known.header;
      const header = readKernelHeader(readUntrustedFileSync(file, MAX_KERNEL_HEADER_BYTES).toString());
      this.kernelHeaders.set(file, { stamp, header });
      return header;
    } catch {
      return null;
    }
  }

  /**
   * A type that a system header (by its <name>) declares, directly or through an #include, and for which `isTaken`
   * returns true: "struct list_head". Null if there is none, or the header is not on this machine.
   */
  clash(
    name: string,
    isTaken: (kind: 'struct' | 'union' | 'enum' | 'typedef', name: string) => boolean,
  ): string | null {
    const seen = new Set<string>();
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const model = this.system(next);
      if (!model) continue;
      for (const { kind, name: tag } of model.aggregates)
        if (tag !== '' && isTaken(kind, tag)) return `${kind} ${tag}`;
      // C allows repeating a typedef, but not of a struct without a tag.
      for (const [typedef, { type }] of model.typedefs)
        if (type.inline?.name === '' && isTaken('typedef', typedef)) return typedef;
      queue.push(...model.includes.map(include => include.name));
    }
    return null;
  }

  /** Whether <name> is on this machine, as a system header or in the program's own folders. */
  has(name: string): boolean {
    return (
      this.system(name) !== null ||
      this.includeFolders.some(folder => this.read(path.resolve(folder, name)) !== null)
    );
  }

  private system(name: string): SourceModel | null {
    const known = this.systemModels.get(name);
    if (known !== undefined) return known;
    const text = systemHeader(name);
    const model = text === null ? null : readSource(text);
    this.systemModels.set(name, model);
    return model;
  }

  private read(file: string): CachedHeader | null {
    try {
      // No exception for what is not there: each keystroke asks for the headers beside the file first.
      const stats = statSync(file, { throwIfNoEntry: false });
      if (!stats) return null;
      const stamp = `${stats.size}-${stats.mtimeMs}`;
      const known = this.cache.get(file);
      if (known?.stamp === stamp) return known;
      const text = readUntrustedFileSync(file, MAX_HEADER_BYTES).toString();
      const header = { stamp, text, model: readSource(text, lex(text)) };
      this.cache.set(file, header);
      return header;
    } catch {
      return null;
    }
  }
}

function systemHeader(name: string): string | null {
  for (const folder of SYSTEM_FOLDERS) {
    try {
      return readUntrustedFileSync(path.join(folder, name), MAX_HEADER_BYTES).toString();
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
