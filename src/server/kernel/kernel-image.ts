/**
 * What a kernel image contains about its functions, without root and without running it: their symbols, and which of
 * them tracing can be put on. Each of those begins with a call that the compiler made (-pg -mfentry), and the kernel
 * keeps the places of these calls in a table, __start_mcount_loc to __stop_mcount_loc: what ftrace makes
 * available_filter_functions of when it starts. x86-64 only: elsewhere the table is filled in when the kernel starts.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { ElfFile, type SectionHeader } from '../../shared/elf/elf-file';
import { readKallsyms } from '../../shared/elf/kallsyms';
import { elfOfDescriptor } from '../../system/elf-descriptor';

export interface ImageFunctions {
  /** As in /proc/kallsyms, code only; the kernel proper, without modules. */
  readonly symbols: Buffer;
  /** Names of the functions that can be traced. */
  readonly traceable: ReadonlySet<string>;
}

/** The image that a BTF file in the cache was extracted from, if it was unpacked beside it; else null. */
export function imageBeside(btfPath: string): string | null {
  const folder = path.dirname(btfPath);
  if (path.basename(folder) !== 'btf' || !btfPath.endsWith('.btf')) return null;
  const image = path.join(path.dirname(folder), 'vmlinux', path.basename(btfPath, '.btf'));
  return existsSync(image) ? image : null;
}

/** Null if the image's format is not supported. Never throws. */
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

function functionsOf(image: number): ImageFunctions | null {
  const elf = ElfFile.open(elfOfDescriptor(image));
  const rodata = elf?.section('.rodata');
  const initData = elf?.section('.init.data');
  const initText = elf?.section('.init.text');
  if (!elf || !rodata || !initData || !initText) return null;
  const symbols = readKallsyms(elf.bytes(rodata));
  const start = symbols?.addressOf('__start_mcount_loc') ?? null;
  const stop = symbols?.addressOf('__stop_mcount_loc') ?? null;
  if (!symbols || start === null || stop === null) return null;
  const dataStart = low32(initData);
  if (start < dataStart || stop > dataStart + initData.size || start >= stop) return null;
  const calls = Buffer.from(elf.source.read(initData.offset + (start - dataStart), stop - start));
  const places = new Set<number>();
  for (let at = 0; at + 8 <= calls.length; at += 8) places.add(calls.readUInt32LE(at));
  return {
    symbols: Buffer.from(symbols.code.buffer),
    traceable: namesAt(symbols, places, initText),
  };
}

/** endbr64, which precedes the call if the kernel is built with CONFIG_X86_KERNEL_IBT. */
const ENDBR_BYTES = 4;

/** Functions with a call at their start, except boot functions, whose memory is freed. */
function namesAt(
  symbols: { readonly code: Uint8Array; readonly addresses: Uint32Array },
  places: ReadonlySet<number>,
  initText: SectionHeader,
): ReadonlySet<string> {
  const found = new Set<string>();
  const text = Buffer.from(symbols.code.buffer).toString('latin1');
  const starts = new Set(symbols.addresses);
  const textStart = low32(initText);
  let at = 0;
  for (const address of symbols.addresses) {
    const end = text.indexOf('\n', at);
    const isOfBoot = address >= textStart && address < textStart + initText.size;
    const afterEndbr = address + ENDBR_BYTES;
    if (!isOfBoot && (places.has(address) || (places.has(afterEndbr) && !starts.has(afterEndbr))))
      found.add(text.slice(at + 4, end));
    at = end + 1;
  }
  return found;
}

function low32({ address }: SectionHeader): number {
  return Number(BigInt.asUintN(32, address));
}
