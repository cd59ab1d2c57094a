/** Writes small 64-bit little-endian ELF files (elf(5)) for tests: what is too large to damage a real one of a hundred thousand times. */

export interface WrittenSection {
  readonly name: string;
  readonly type?: number;
  readonly address?: number;
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 64;
const SHT_PROGBITS = 1;
const SHT_STRTAB = 3;

export function elfFile(sections: readonly WrittenSection[]): Uint8Array {
  const names = Buffer.from(`\0${[...sections.map(each => each.name), '.shstrtab'].join('\0')}\0`, 'latin1');
  const all: WrittenSection[] = [...sections, { name: '.shstrtab', type: SHT_STRTAB, bytes: names }];
  const contents: Uint8Array[] = [];
  let at = HEADER_BYTES;
  let nameAt = 1;
  const headers = Buffer.alloc(HEADER_BYTES * (all.length + 1));
  for (const [index, { name, type = SHT_PROGBITS, address = 0, bytes }] of all.entries()) {
    const header = headers.subarray(HEADER_BYTES * (index + 1));
    header.writeUInt32LE(nameAt, 0);
    header.writeUInt32LE(type, 4);
    header.writeBigUInt64LE(BigInt(address), 16);
    header.writeBigUInt64LE(BigInt(at), 24);
    header.writeBigUInt64LE(BigInt(bytes.byteLength), 32);
    const padded = new Uint8Array(Math.ceil(bytes.byteLength / 8) * 8);
    padded.set(bytes);
    contents.push(padded);
    at += padded.byteLength;
    nameAt += name.length + 1;
  }
  const header = Buffer.alloc(HEADER_BYTES);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(62, 18);
  header.writeBigUInt64LE(BigInt(at), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(all.length + 1, 60);
  header.writeUInt16LE(all.length, 62);
  return Buffer.concat([header, ...contents, headers]);
}
