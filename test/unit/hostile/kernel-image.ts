/** A kernel image in small: the sections that our readers look at, a symbol table in the layout of scripts/kallsyms.c up to 6.3. */
import { elfFile } from './elf-writer';

const SYMBOLS = 1500;
const BASE = 0x81000000;
const NAMES_PER_MARKER = 256;
/** XEN_ELFNOTE_PHYS32_ENTRY */
const PVH_ENTRY = 18;

const padded = (bytes: Buffer, to: number): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);

function words(numbers: readonly number[], width: 2 | 4): Buffer {
  const bytes = Buffer.alloc(numbers.length * width);
  for (const [index, each] of numbers.entries()) bytes.writeUIntLE(each, index * width, width);
  return bytes;
}

/** Each byte is a token of its own: a name is its type and its text. */
function symbolTable(names: readonly string[], offsets: readonly number[]): Buffer {
  const texts = Array.from({ length: 256 }, (_, byte) => (byte === 0 ? '\u0001' : String.fromCharCode(byte)));
  const tokens = Buffer.from(texts.map(text => `${text}\0`).join(''), 'latin1');
  const index = words(
    texts.map((_, token) => token * 2),
    2,
  );
  const markers: number[] = [];
  let at = 0;
  const written = names.map((name, number) => {
    if (number % NAMES_PER_MARKER === 0) markers.push(at);
    at += name.length + 1;
    return Buffer.from(`${String.fromCharCode(name.length)}${name}`, 'latin1');
  });
  return Buffer.concat([
    padded(words(offsets, 4), 8),
    words([BASE, 0xffffffff], 4),
    words([names.length, 0], 4),
    padded(Buffer.concat(written), 8),
    padded(words(markers, 4), 8),
    padded(tokens, 8),
    index,
  ]);
}

function note(owner: string, type: number, description: Buffer): Buffer {
  return Buffer.concat([
    words([owner.length + 1, description.length, type], 4),
    padded(Buffer.from(`${owner}\0`), 4),
    padded(description, 4),
  ]);
}

export function smallKernelImage(btf: Uint8Array): Uint8Array {
  const calls = Buffer.alloc(8 * 64);
  for (let call = 0; call < 64; call++) {
    calls.writeUInt32LE(BASE + 16 * call, 8 * call);
    calls.writeUInt32LE(0xffffffff, 8 * call + 4);
  }
  const dataAt = 0x100000;
  const names = Array.from({ length: SYMBOLS }, (_, index) => `T_function_${index}`);
  const offsets = names.map((_, index) => 16 * index);
  const table = symbolTable(
    [...names, 'D__start_mcount_loc', 'D__stop_mcount_loc'],
    [...offsets, dataAt, dataAt + calls.length],
  );
  return elfFile([
    {
      name: '.rodata',
      address: BASE + 0x80000,
      bytes: Buffer.concat([Buffer.alloc(64), table, Buffer.alloc(64)]),
    },
    { name: '.init.data', address: BASE + dataAt, bytes: calls },
    { name: '.init.text', address: BASE + 0x200000, bytes: Buffer.alloc(64) },
    {
      name: '.notes',
      type: 7,
      bytes: Buffer.concat([note('Linux', 257, Buffer.alloc(4)), note('Xen', PVH_ENTRY, Buffer.alloc(8))]),
    },
    { name: '.BTF', bytes: btf },
  ]);
}
