/** Which module of a kernel has a function: from what depmod wrote beside the modules, and from the modules themselves. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ElfFile, ElfNumbers } from '../shared/elf/elf-file';
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
  const names = await readdir(path.join(folder, 'kernel'), { recursive: true }).catch(() => []);
  const modules = names.filter(each => each.endsWith('.ko')).slice(0, MOST_MODULES);
  for (const [index, module] of modules.entries()) {
    if (index % AT_ONCE === 0) await setImmediate();
    if (definesFunction(path.join(folder, 'kernel', module), name))
      return path.basename(module, '.ko').replaceAll('-', '_');
  }
  return null;
}

/** Never throws: a module that cannot be read defines nothing. */
function definesFunction(file: string, name: string): boolean {
  let fd: number | null = null;
  try {
    fd = openSync(file, 'r');
    const elf = ElfFile.open(elfOfDescriptor(fd));
    const symbols = elf?.section('.symtab');
    const strings = elf?.sections[symbols?.link ?? -1];
    if (!elf || !symbols || !strings) return false;
    const names = Buffer.from(elf.bytes(strings));
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
  } catch {
    return false;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
