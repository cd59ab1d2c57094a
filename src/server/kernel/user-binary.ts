/** Functions and static probes of a program or library, for uprobe and USDT targets. Reads symbols only. */
import { accessSync, closeSync, constants, fstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { isLibraryName } from '../../shared/bpf/binary-folders';
import { elfOfDescriptor } from '../../system/elf-descriptor';
import { importedFrom } from '../../system/imported-function';
import { openUntrustedFileSync } from '../../system/untrusted-file';
import { binaryFolders, isFile } from '../../system/user-binaries';
import { UserElf } from '../../system/user-elf';

export interface UserBinary {
  /** Function names, sorted. */
  readonly functions: readonly string[];
  /** "provider:name", sorted. */
  readonly probes: readonly string[];
  /** Where it imports a function that it only calls, as a sentence; null where it does not. */
  imported(name: string): string | null;
}

const KEPT = 4;
const cache = new Map<string, { readonly stamp: string; readonly binary: UserBinary }>();

/** Maximum number of proposals; a folder like /usr/bin has thousands of files. */
const MOST_NAMES = 200;

/**
 * Completions of a path: the folder's programs, libraries (each with the colon that follows) and folders (with a
 * slash); for a name without a slash the libraries and programs that libbpf finds by name. At most 200.
 */
export function binariesNamed(written: string): string[] {
  const found = new Set<string>();
  const add = (folder: string, prefix: string, start: string, takes: (name: string) => boolean) => {
    for (const entry of entriesOf(folder)) {
      if (found.size >= MOST_NAMES) return;
      if (!entry.name.startsWith(start) || entry.name.startsWith('.')) continue;
      const file = path.join(folder, entry.name);
      if (isFile(file)) {
        if (takes(entry.name) && (isLibraryName(entry.name) || isExecutable(file)))
          found.add(`${prefix}${entry.name}:`);
      } else if (prefix !== '') found.add(`${prefix}${entry.name}/`);
    }
  };
  if (written.startsWith('/')) {
    const slash = written.lastIndexOf('/') + 1;
    add(written.slice(0, slash), written.slice(0, slash), written.slice(slash), () => true);
    return [...found];
  }
  for (const folder of binaryFolders.libraries) add(folder, '', written || 'libc.', isLibraryName);
  if (written !== '') for (const folder of binaryFolders.programs()) add(folder, '', written, () => true);
  return [...found];
}

function entriesOf(folder: string): { readonly name: string }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Null if the file cannot be read, is not a regular file, or not a 64-bit little-endian ELF file. */
export function readUserBinary(file: string): UserBinary | null {
  let descriptor: number;
  try {
    descriptor = openUntrustedFileSync(file);
  } catch {
    return null;
  }
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const stamp = `${size}-${mtimeMs}`;
    const known = cache.get(file);
    if (known?.stamp === stamp) return known.binary;
    const elf = new UserElf(elfOfDescriptor(descriptor));
    const names = new Set(elf.functionsWhere(name => name !== '').map(symbol => symbol.name));
    const binary = {
      functions: [...names].sort(),
      probes: [...elf.usdtProbes()].sort(),
      imported: (name: string) => importedFrom(file, name),
    };
    if (cache.size >= KEPT) cache.clear();
    cache.set(file, { stamp, binary });
    return binary;
  } catch {
    // Truncated or damaged: nothing to propose.
    return null;
  } finally {
    closeSync(descriptor);
  }
}
