/** Programs and libraries as uprobes need them, against what gcc's own tools say of a file compiled here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { importedFrom, importedFunction } from '../../../src/system/imported-function';
import { UserElf, UserElfError } from '../../../src/system/user-elf';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-elf-'));

function build(name: string, flags: string[]): string {
  const source = path.join(folder, `${name}.c`);
  const binary = path.join(folder, name);
  writeFileSync(
    source,
    '#include <string.h>\n__attribute__((noinline)) int traced(int x) { return x * 3; }\nint main(int c, char **v) { return traced(c) + (int)strlen(v[0]); }\n',
  );
  execFileSync('clang', ['-O1', '-fno-builtin', ...flags, source, '-o', binary]);
  return binary;
}

describe('UserElf', () => {
  it.each([
    ['pie', []],
    ['static-address', ['-no-pie']],
  ])('finds a function and its bytes in the file: %s', (name, flags) => {
    const binary = build(name, flags as string[]);
    const bytes = readFileSync(binary);
    const elf = new UserElf(bytes);
    const [symbol] = elf.functions('traced');
    const listed = execFileSync('nm', [binary], { encoding: 'utf8' });
    expect(symbol?.address).toBe(Number.parseInt(/^([0-9a-f]+) T traced$/m.exec(listed)?.[1] ?? '', 16));
    const offset = elf.fileOffset(symbol?.address ?? 0);
    expect(offset).not.toBeNull();
    // The bytes at that offset are the function's own: objdump shows the same.
    const shown = execFileSync('objdump', ['-d', '--disassemble=traced', binary], { encoding: 'utf8' });
    const first = /^\s+[0-9a-f]+:\t((?:[0-9a-f]{2} )+)/m.exec(shown)?.[1]?.trim().replaceAll(' ', '') ?? '';
    expect(first).not.toBe('');
    expect(bytes.subarray(offset ?? 0, (offset ?? 0) + first.length / 2).toString('hex')).toBe(first);
    expect(elf.gotSlots('strlen').length).toBe(1);
    expect(elf.needed()).toContain('libc.so.6');
    expect(importedFunction(elf, 'strlen')).toBe(
      'strlen is imported from libc.so.6: name that library instead',
    );
    expect(importedFunction(elf, 'traced')).toBeNull();
    expect(importedFrom(binary, 'strlen')).toMatch(/^strlen is imported from libc/);
    for (const name of ['traced', 'no_such_function', '']) expect(importedFrom(binary, name)).toBeNull();
    expect(importedFrom('/nonexistent', 'strlen')).toBeNull();
    expect(importedFunction(elf, 'no_such_function')).toBeNull();
    expect(elf.fileOffset(0x7fffffff0000)).toBeNull();
  });

  it('refuses what is not an ELF file, and what is cut short, with a message', () => {
    expect(() => new UserElf(Buffer.from('#!/bin/sh\n'))).toThrow(UserElfError);
    const bytes = readFileSync(build('cut', []));
    expect(() => new UserElf(bytes.subarray(0, 1000)).functions('traced')).toThrow(UserElfError);
  });

  it('prefers the name without leading underscores', () => {
    const source = path.join(folder, 'aliases.c');
    const binary = path.join(folder, 'aliases');
    writeFileSync(
      source,
      'int __libc_traced(void) { return 1; }\nint traced(void) __attribute__((alias("__libc_traced")));\nint main(void) { return traced(); }\n',
    );
    execFileSync('clang', [source, '-o', binary]);
    const elf = new UserElf(readFileSync(binary));
    expect(['__libc_traced', 'traced', 'main', 'std::sort(int)'].map(name => elf.publicName(name))).toEqual([
      'traced',
      'traced',
      'main',
      'std::sort(int)',
    ]);
  });

  it('lists USDT probes by provider and name', () => {
    const source = path.join(folder, 'probed.c');
    const binary = path.join(folder, 'probed');
    writeFileSync(
      source,
      '#include <sys/sdt.h>\nint main(int c, char **v) { DTRACE_PROBE2(bpfw, first, c, v); DTRACE_PROBE(bpfw, second__part); return 0; }\n',
    );
    execFileSync('clang', [source, '-o', binary]);
    expect([...new UserElf(readFileSync(binary)).usdtProbes()].sort()).toEqual([
      'bpfw:first',
      'bpfw:second__part',
    ]);
    expect(new UserElf(readFileSync(process.execPath)).usdtProbes()).toEqual(new Set());
  });
});

/** An ELF file of nothing but sections: each with its type, the section it links to, and where its contents lie. */
function elfOfSections(
  fileBytes: number,
  sections: readonly { type: number; link: number; offset: number; size: number }[],
): Buffer {
  const bytes = Buffer.alloc(fileBytes + sections.length * 64);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(bytes);
  bytes.writeBigUInt64LE(BigInt(fileBytes), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(sections.length, 60);
  for (const [index, section] of sections.entries()) {
    const at = fileBytes + index * 64;
    bytes.writeUInt32LE(section.type, at + 4);
    bytes.writeBigUInt64LE(BigInt(section.offset), at + 24);
    bytes.writeBigUInt64LE(BigInt(section.size), at + 32);
    bytes.writeUInt32LE(section.link, at + 40);
  }
  return bytes;
}

describe('a file made to cost much', () => {
  const MIB = 1 << 20;

  it('is given up when its symbols share one endless name and one address', () => {
    const table = { type: 2, link: 1, offset: 64, size: 48 * MIB };
    const names = { type: 3, link: 0, offset: 64 + table.size, size: 16 * MIB };
    const bytes = elfOfSections(names.offset + names.size, [table, names]);
    bytes.fill('x', names.offset, names.offset + names.size);
    for (let at = table.offset; at + 24 <= table.offset + table.size; at += 24) {
      bytes[at + 4] = 2;
      bytes.writeUInt16LE(1, at + 6);
    }
    const elf = new UserElf(bytes);
    expect(() => elf.functions('x')).toThrow(/larger than those of any program/);
    expect(elf.publicName('x')).toBe('x');
  });

  it('is given up when thousands of its note sections are the whole file', () => {
    const whole = { type: 7, link: 0, offset: 64, size: 16 * MIB };
    const elf = new UserElf(elfOfSections(whole.offset + whole.size, Array(60_000).fill(whole)));
    expect(() => elf.buildId()).toThrow(/larger than those of any program/);
    expect(() => elf.usdtProbes()).toThrow(UserElfError);
  });
});
