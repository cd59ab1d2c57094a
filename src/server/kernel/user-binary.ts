/** Functions and static probes of a program or library: what uprobe and USDT targets name. Reads symbols only. */
import { accessSync, closeSync, constants, fstatSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { isLibraryName } from '../../shared/bpf/binary-folders';
import { elfNotes } from '../../shared/elf/elf-notes';
import { openUntrustedFileSync } from '../../system/untrusted-file';
import { binaryFolders, isFile } from '../../system/user-binaries';

export interface UserBinary {
  /** Function names, sorted. */
  readonly functions: readonly string[];
  readonly probes: readonly { readonly provider: string; readonly name: string }[];
}

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
/** Symbol tables beyond this are of debug builds of browsers: not worth the wait. */
const MAX_SECTION_BYTES = 64 * 1024 * 1024;
const KEPT = 4;
const cache = new Map<string, { readonly stamp: string; readonly binary: UserBinary }>();

/** Proposed at most; a folder like /usr/bin has thousands. */
const MOST_NAMES = 200;

/**
 * What a path may go on to: the folder's programs, libraries (each with the colon that follows) and folders (with a
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

/** null when the file cannot be read or is not a regular file, or not a 64-bit little-endian ELF file. */
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
    const binary = read(descriptor, size);
    if (!binary) return null;
    if (cache.size >= KEPT) cache.clear();
    cache.set(file, { stamp, binary });
    return binary;
  } catch {
    // Cut off or damaged: nothing to propose.
    return null;
  } finally {
    closeSync(descriptor);
  }
}

interface Section {
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function read(descriptor: number, fileBytes: number): UserBinary | null {
  // Sections that overlap would be read many times over; each string table serves two of symbols at most.
  let budget = 2 * fileBytes;
  const bytes = (offset: number, length: number): Buffer => {
    budget -= length;
    if (length > MAX_SECTION_BYTES || budget < 0) throw new RangeError('sections too large');
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, offset));
  };
  const header = bytes(0, 64);
  if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1)
    return null;
  const count = header.readUInt16LE(60);
  const table = bytes(Number(header.readBigUInt64LE(40)), count * 64);
  const sections: Section[] = Array.from({ length: count }, (_, index) => ({
    name: table.readUInt32LE(index * 64),
    type: table.readUInt32LE(index * 64 + 4),
    offset: Number(table.readBigUInt64LE(index * 64 + 24)),
    size: Number(table.readBigUInt64LE(index * 64 + 32)),
    link: table.readUInt32LE(index * 64 + 40),
  }));
  const contents = (section: Section | undefined) =>
    section ? bytes(section.offset, section.size) : Buffer.alloc(0);
  const names = contents(sections[header.readUInt16LE(62)]);
  const functions = new Set<string>();
  const probes = new Map<string, { provider: string; name: string }>();
  for (const section of sections) {
    if (section.type === SHT_SYMTAB || section.type === SHT_DYNSYM)
      for (const name of functionNames(contents(section), contents(sections[section.link])))
        functions.add(name);
    else if (textAt(names, section.name) === '.note.stapsdt')
      for (const probe of probesOf(contents(section))) probes.set(`${probe.provider}:${probe.name}`, probe);
  }
  return { functions: [...functions].sort(), probes: [...probes.values()] };
}

function* functionNames(symbols: Buffer, strings: Buffer): Generator<string> {
  // Names share only their endings: what is much more than the table is the same text again and again.
  let budget = (1 << 20) + 8 * strings.length;
  for (let at = 0; at + 24 <= symbols.length; at += 24) {
    const type = (symbols[at + 4] ?? 0) & 0xf;
    // Section 0: defined elsewhere.
    if ((type !== STT_FUNC && type !== STT_GNU_IFUNC) || symbols.readUInt16LE(at + 6) === 0) continue;
    const name = textAt(strings, symbols.readUInt32LE(at));
    budget -= name.length;
    if (budget < 0) return;
    if (name !== '') yield name;
  }
}

/** Notes of <sys/sdt.h>: three addresses, then provider, name and arguments. */
function* probesOf(notes: Buffer): Generator<{ provider: string; name: string }> {
  for (const { start, size } of elfNotes(notes)) {
    const [provider = '', name = ''] = notes.toString('latin1', start + 24, start + size).split('\0');
    if (provider !== '' && name !== '') yield { provider, name };
  }
}

function textAt(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return end < 0 ? '' : bytes.toString('latin1', offset, end);
}
