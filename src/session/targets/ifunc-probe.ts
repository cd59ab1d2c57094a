/**
 * Finds the implementation of an IFUNC used by this machine's processes: `ifunc-probe.js LIBRARY SYMBOL [PID]`. Runs on
 * the target, without privileges. Inspects a process that has the library mapped (PID, else itself): the symbol's GOT
 * slot holds the address the dynamic linker chose, and the mapping that contains it gives the file offset. Prints {
 * "offset": "decimal" } or { "error": "..." }.
 */
import { closeSync, openSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { readUntrustedFileSync } from '../../system/untrusted-file';
import { UserElf } from '../../system/user-elf';

/** Larger files are skipped: they are mapped data, hardly programs. */
const ELF_BYTES = 512 << 20;

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly path: string;
}

/** /proc/PID/maps (proc(5)): file mappings only. */
function mappings(pid: string): Mapping[] {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap(line => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+\s+(\/.*)$/.exec(line);
      return match
        ? [
            {
              start: Number.parseInt(match[1] ?? '', 16),
              end: Number.parseInt(match[2] ?? '', 16),
              offset: Number.parseInt(match[3] ?? '', 16),
              path: match[4] ?? '',
            },
          ]
        : [];
    });
}

/** The address the symbol was bound to in any mapped file that imports it, as an offset in the library's file. */
function implementationOffset(library: string, symbol: string, pid: string): number | null {
  const maps = mappings(pid);
  const wanted = statSync(library);
  const inLibrary = maps.filter(map => sameFile(map.path, wanted));
  if (inLibrary.length === 0) return null;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const path of new Set(maps.map(map => map.path))) {
      for (const slot of slotsOf(path, symbol)) {
        const base = maps.find(map => map.path === path && map.offset === 0)?.start ?? 0;
        const address = readAddress(memory, base + slot.bias);
        const hit = inLibrary.find(map => address >= map.start && address < map.end);
        if (hit) return address - hit.start + hit.offset;
      }
    }
    return null;
  } finally {
    closeSync(memory);
  }
}

/** Slots relative to the address of the file's first byte: bias 0 for position-dependent programs, linked at their address. */
function slotsOf(path: string, symbol: string): { bias: number }[] {
  try {
    const elf = new UserElf(readUntrustedFileSync(path, ELF_BYTES));
    return elf.gotSlots(symbol).map(slot => ({ bias: slot - elf.firstAddress }));
  } catch {
    // Fonts, archives and deleted files are mapped too; they import nothing.
    return [];
  }
}

function readAddress(memory: number, at: number): number {
  const bytes = Buffer.alloc(8);
  readSync(memory, bytes, 0, 8, at);
  return Number(bytes.readBigUInt64LE());
}

function sameFile(path: string, wanted: { dev: number; ino: number }): boolean {
  try {
    const stat = statSync(path);
    return stat.dev === wanted.dev && stat.ino === wanted.ino;
  } catch {
    return false;
  }
}

const [library = '', symbol = '', pid = 'self'] = process.argv.slice(2);
try {
  const offset = implementationOffset(library, symbol, pid === 'self' ? String(process.pid) : pid);
  const of = pid === 'self' ? readlinkSync('/proc/self/exe') : `process ${pid}`;
  process.stdout.write(
    JSON.stringify(
      offset === null ? { error: `${of} does not call ${symbol} of ${library}` } : { offset: String(offset) },
    ),
  );
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
}
