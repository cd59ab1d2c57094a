/** Which module of a kernel has a function: from what depmod wrote beside the modules, and from the modules themselves. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ElfFile, ElfNumbers, type SectionHeader } from '../shared/elf/elf-file';
import { elfOfDescriptor } from './elf-descriptor';

/** Distributions have some 4,000. */
const MOST_MODULES = 20_000;
/** Modules read before others get their turn. */
const AT_ONCE = 100;
const SYMBOL_BYTES = 24;
const STT_FUNC = 2;

const symbolFiles = new Map<string, string>();

/**
 * The module that exports a function, by modules.symbols (depmod(8)) of a folder such as /lib/modules/6.1.0: "bridge". Null
 * for functions that no module exports, and without the file.
 */
export function exportingModule(folder: string, name: string): string | null {
  let text = symbolFiles.get(folder);
  if (text === undefined) {
    try {
      text = readFileSync(path.join(folder, 'modules.symbols'), 'latin1');
    } catch {
      text = '';
    }
    symbolFiles.set(folder, text);
  }
  const line = `alias symbol:${name} `;
  const at = text.startsWith(line) ? 0 : text.indexOf(`\n${line}`) + 1;
  if (at === 0 && !text.startsWith(line)) return null;
  return /^\w[\w-]*/.exec(text.slice(at + line.length, at + line.length + 128))?.[0] ?? null;
}

/** The same for functions that are not exported, which takes about a second: every module that is not compressed is looked into. */
export async function moduleWithFunction(folder: string, name: string): Promise<string | null> {
  const exporting = exportingModule(folder, name);
  if (exporting !== null || !/^[\w.]+$/.test(name)) return exporting;
  for await (const module of modulesOf(folder))
    if (module.endsWith('.ko') && (withSymbols(module, elf => definesFunction(elf, name)) ?? false))
      return path.basename(module, '.ko').replaceAll('-', '_');
  return null;
}

/**
 * Every name in the symbol tables of a kernel's modules, each between two zeros; also of what they only use. Null where a
 * module is compressed or cannot be read, or there are none: then a name that is missing says nothing. Some 16 MB.
 */
export async function moduleNames(folder: string): Promise<Buffer | null> {
  const tables: Buffer[] = [];
  for await (const module of modulesOf(folder)) {
    const names = module.endsWith('.ko') ? withSymbols(module, ({ names }) => names) : null;
    if (names === null) return null;
    tables.push(names);
  }
  return tables.length === 0 ? null : Buffer.concat(tables);
}

async function* modulesOf(folder: string): AsyncGenerator<string> {
  const files = await readdir(path.join(folder, 'kernel'), { recursive: true }).catch(() => []);
  const modules = files.filter(each => /\.ko(?:\.\w+)?$/.test(each)).slice(0, MOST_MODULES);
  for (const [index, module] of modules.entries()) {
    if (index % AT_ONCE === 0) await setImmediate();
    yield path.join(folder, 'kernel', module);
  }
}

interface ModuleSymbols {
  readonly elf: ElfFile;
  readonly symbols: SectionHeader;
  readonly names: Buffer;
}

/** Null for a module that cannot be read. */
function withSymbols<T>(file: string, use: (symbols: ModuleSymbols) => T): T | null {
  let fd: number | null = null;
  try {
    fd = openSync(file, 'r');
    const elf = ElfFile.open(elfOfDescriptor(fd));
    const symbols = elf?.section('.symtab');
    const strings = elf?.sections[symbols?.link ?? -1];
    if (!elf || !symbols || !strings) return null;
    return use({ elf, symbols, names: Buffer.from(elf.bytes(strings)) });
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function definesFunction({ elf, symbols, names }: ModuleSymbols, name: string): boolean {
  const places = new Set<number>();
  const wanted = `\0${name}\0`;
  for (let at = names.indexOf(wanted, 0, 'latin1'); at >= 0; at = names.indexOf(wanted, at + 1, 'latin1'))
    places.add(at + 1);
  if (places.size === 0) return false;
  const table = new ElfNumbers(elf.bytes(symbols), elf.littleEndian);
  for (let at = 0; at + SYMBOL_BYTES <= table.view.byteLength; at += SYMBOL_BYTES) {
    const isFunction = (table.view.getUint8(at + 4) & 0xf) === STT_FUNC;
    // Section 0: defined elsewhere.
    if (isFunction && table.u16(at + 6) !== 0 && places.has(table.u32(at))) return true;
  }
  return false;
}
