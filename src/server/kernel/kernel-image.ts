/**
 * What a kernel's own image says about its functions, without root and without running it: their symbols, and which of
 * them tracing can be put on. Each of those begins with a call that the compiler made (-pg -mfentry), and the kernel
 * keeps the places of these calls in a table, __start_mcount_loc to __stop_mcount_loc: what ftrace makes
 * available_filter_functions of when it starts. x86-64 only: elsewhere the table is filled in when the kernel starts.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { readKallsyms } from '../../shared/elf/kallsyms';

export interface ImageFunctions {
  /** As /proc/kallsyms has them, code only; the kernel proper, no modules. */
  readonly symbols: Buffer;
  /** Names of the functions that tracing can be put on. */
  readonly traceable: ReadonlySet<string>;
}

/** The image that a BTF file in the cache came from, where it has been unpacked beside it; null elsewhere. */
export function imageBeside(btfPath: string): string | null {
  const folder = path.dirname(btfPath);
  if (path.basename(folder) !== 'btf' || !btfPath.endsWith('.btf')) return null;
  const image = path.join(path.dirname(folder), 'vmlinux', path.basename(btfPath, '.btf'));
  return existsSync(image) ? image : null;
}

/** null where the image is of a kind that this cannot read. Never throws. */
export function readImageFunctions(file: string): ImageFunctions | null {
  try {
    const image = openSync(file, 'r');
    try {
      return functionsOf(image);
    } finally {
      closeSync(image);
    }
  } catch {
    return null;
  }
}

interface Section {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

function functionsOf(image: number): ImageFunctions | null {
  const sections = sectionsOf(image);
  const rodata = sections.get('.rodata');
  const initData = sections.get('.init.data');
  const initText = sections.get('.init.text');
  if (!rodata || !initData || !initText) return null;
  const symbols = readKallsyms(readAt(image, rodata.offset, rodata.size));
  const start = symbols?.addressOf('__start_mcount_loc') ?? null;
  const stop = symbols?.addressOf('__stop_mcount_loc') ?? null;
  if (!symbols || start === null || stop === null) return null;
  if (start < initData.address || stop > initData.address + initData.size || start >= stop) return null;
  const calls = readAt(image, initData.offset + (start - initData.address), stop - start);
  const places = new Set<number>();
  for (let at = 0; at + 8 <= calls.length; at += 8) places.add(calls.readUInt32LE(at));
  return {
    symbols: Buffer.from(symbols.code.buffer),
    traceable: namesAt(symbols, places, initText),
  };
}

/** endbr64, which stands before the call where the kernel is built with CONFIG_X86_KERNEL_IBT. */
const ENDBR_BYTES = 4;

/** Functions with a call at their start; those of the boot are gone with their memory. */
function namesAt(
  symbols: { readonly code: Uint8Array; readonly addresses: Uint32Array },
  places: ReadonlySet<number>,
  initText: Section,
): ReadonlySet<string> {
  const found = new Set<string>();
  const text = Buffer.from(symbols.code.buffer).toString('latin1');
  const starts = new Set(symbols.addresses);
  let at = 0;
  for (const address of symbols.addresses) {
    const end = text.indexOf('\n', at);
    const isOfBoot = address >= initText.address && address < initText.address + initText.size;
    const afterEndbr = address + ENDBR_BYTES;
    if (!isOfBoot && (places.has(address) || (places.has(afterEndbr) && !starts.has(afterEndbr))))
      found.add(text.slice(at + 4, end));
    at = end + 1;
  }
  return found;
}

/** Sections of a 64-bit little-endian ELF file (elf(5)) by name; addresses by their low 32 bits. */
function sectionsOf(image: number): ReadonlyMap<string, Section> {
  const found = new Map<string, Section>();
  const header = readAt(image, 0, 64);
  const entryBytes = header.readUInt16LE(0x3a);
  const table = readAt(image, Number(header.readBigUInt64LE(0x28)), entryBytes * header.readUInt16LE(0x3c));
  const sectionAt = (at: number): Section => ({
    address: table.readUInt32LE(at + 0x10),
    offset: Number(table.readBigUInt64LE(at + 0x18)),
    size: Number(table.readBigUInt64LE(at + 0x20)),
  });
  const strings = sectionAt(entryBytes * header.readUInt16LE(0x3e));
  const names = readAt(image, strings.offset, strings.size);
  for (let at = 0; at < table.length; at += entryBytes) {
    const start = table.readUInt32LE(at);
    found.set(names.toString('latin1', start, names.indexOf(0, start)), sectionAt(at));
  }
  return found;
}

function readAt(file: number, offset: number, bytes: number): Buffer {
  // Before memory is taken for it.
  if (bytes > fstatSync(file).size) throw new RangeError('the image ends early');
  const buffer = Buffer.alloc(bytes);
  const got = readSync(file, buffer, 0, bytes, offset);
  if (got < bytes) throw new RangeError('the image ends early');
  return buffer;
}
