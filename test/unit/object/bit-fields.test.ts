/** Bit fields from DWARF lie where the same object's BTF puts them, in both of DWARF's ways to write them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseBtf } from '../../../src/shared/btf/btf';
import type { Btf, BtfMember } from '../../../src/shared/btf/btf-model';
import { readDwarf } from '../../../src/shared/dwarf/dwarf';
import { parseElf } from '../../../src/shared/elf/elf';
import { random } from '../random';
import { clangs } from './compile-fixture';

const STRUCTS = 200;
const TYPES = [
  ['unsigned char', 8],
  ['short', 16],
  ['unsigned int', 32],
  ['long long', 64],
  ['_Bool', 1],
] as const;

/** Structs of 1 to 8 members, most of them bit fields, some packed, each with a variable so that BTF keeps it. */
function source(seed: number): string {
  const next = random(seed);
  return Array.from({ length: STRUCTS }, (_, struct) => {
    const packed = next(3) === 0;
    const members = Array.from({ length: 1 + next(8) }, (_, member) => {
      const [type, bits] = TYPES[next(TYPES.length)] ?? TYPES[0];
      // Where clang 14 loses the place, there is nothing to read: packed, as wide as the type, not at a byte's start.
      const width = 1 + next(packed && bits > 1 ? bits - 1 : bits);
      return `${type} m${member}${next(4) === 0 ? '' : ` : ${width}`};`;
    });
    return `struct ${packed ? '__attribute__((packed)) ' : ''}s${struct} { ${members.join(' ')} } v${struct};`;
  }).join('\n');
}

function layouts(btf: Btf): string[] {
  return Array.from({ length: STRUCTS }, (_, struct) => {
    const id = btf.find('struct', `s${struct}`);
    const type = id === null ? null : btf.type(id);
    if (type?.kind !== 'struct') throw new Error(`s${struct} is missing`);
    // A bit field as wide as its type is an ordinary member in DWARF.
    const bits = (member: BtfMember) => {
      const integer = btf.type(btf.resolve(member.type));
      return member.bitSize || (integer.kind === 'int' ? integer.size * 8 : 0);
    };
    return `s${struct}: ${type.members.map(each => `${each.name} ${each.bitOffset} ${bits(each)}`).join(', ')}`;
  });
}

const folder = mkdtempSync(join(tmpdir(), 'bpfw-bit-fields-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(clangs)('%s', clang => {
  // 4 with GDB's tuning, clang 14's default on Debian: DW_AT_bit_offset, from the storage unit's most significant bit.
  it.each(['-gdwarf-2', '-gdwarf-4', '-gdwarf-4 -ggdb', '-gdwarf-5', '-g'])('%s', flags => {
    const file = join(folder, 'fields.c');
    const output = join(folder, 'fields.o');
    writeFileSync(file, source(1));
    execFileSync(clang, ['--target=bpf', '-O2', ...flags.split(' '), '-c', file, '-o', output]);
    const elf = parseElf(readFileSync(output));
    const btf = elf.section('.BTF');
    const dwarf = readDwarf(elf);
    if (!btf || !dwarf) throw new Error('no BTF or no DWARF');
    expect(layouts(dwarf.types)).toEqual(layouts(parseBtf(btf.bytes)));
  });
});
