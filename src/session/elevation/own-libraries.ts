/**
 * Checks that a copy of a program is the whole program: the dynamic linker (ld.so(8)) also loads code from paths named in
 * the file, which may be in folders of the user who installed it (as in Homebrew's and conda's Node.js).
 */
import { ElfFile, elfInMemory, PT } from '../../shared/elf/elf-file';

/** Tags of the dynamic section whose value is an offset into its string table (elf.h). */
const SEARCHED = new Set([15, 29]); // DT_RPATH, DT_RUNPATH
const LOADED = new Set([1, 0x7ffffffd, 0x7fffffff, 0x6ffffefb, 0x6ffffefc]); // NEEDED, AUXILIARY, FILTER, DEPAUDIT, AUDIT
const DT_STRTAB = 5;

/** Distributions' folders of the dynamic linker and libraries; a name without a slash is searched only there. */
const SYSTEM_LIBRARY = /^\/(?:usr\/)?lib(?:32|64|x32)?\/(?!.*\.\.)/;

/**
 * Null when an ELF64 little-endian program loads its dynamic linker and libraries only from the system's folders.
 * Otherwise the reason, as a predicate for the program's name: "loads /home/…".
 */
export function loadedFromElsewhere(program: Buffer): string | null {
  try {
    return elsewhere(program);
  } catch (error) {
    if (error instanceof RangeError) return 'is damaged';
    throw error;
  }
}

function elsewhere(program: Buffer): string | null {
  const elf = ElfFile.open(elfInMemory(program));
  if (!elf) return 'is not a 64-bit little-endian ELF program';
  for (const { offset, fileSize } of elf.segments.filter(each => each.type === PT.interpreter)) {
    const linker = stringAt(program.subarray(offset, offset + fileSize), 0);
    if (!SYSTEM_LIBRARY.test(linker)) return `has the dynamic linker ${linker}`;
  }
  for (const dynamic of elf.segments.filter(each => each.type === PT.dynamic)) {
    const entries: { readonly tag: number; readonly value: number }[] = [];
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.fileSize; at += 16)
      entries.push({ tag: number(program, at), value: number(program, at + 8) });
    const strings = elf.fileOffset(entries.find(entry => entry.tag === DT_STRTAB)?.value ?? 0);
    if (strings === null) throw new RangeError('no segment has its strings');
    for (const { tag, value } of entries) {
      if (SEARCHED.has(tag)) return `searches libraries in ${stringAt(program, strings + value)}`;
      if (!LOADED.has(tag)) continue;
      const library = stringAt(program, strings + value);
      if (library.includes('/') && !SYSTEM_LIBRARY.test(library)) return `loads ${library}`;
    }
  }
  return null;
}

function number(program: Buffer, at: number): number {
  return Number(program.readBigUInt64LE(at));
}

function stringAt(program: Buffer, at: number): string {
  const end = program.indexOf(0, at);
  if (at < 0 || at >= program.length || end < 0) throw new RangeError(`no string at ${at}`);
  return program.toString('utf8', at, end);
}
