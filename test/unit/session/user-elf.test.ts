/** Programs and libraries as uprobes need them, against what gcc's own tools say of a file compiled here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserElf, UserElfError } from '../../../src/session/user-elf';

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
    expect(elf.fileOffset(0x7fffffff0000)).toBeNull();
  });

  it('refuses what is no ELF file, and what is cut short, in words', () => {
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
