/** What the dynamic linker would run beside a program, of programs that clang links here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadedFromElsewhere } from '../../../src/session/elevation/own-libraries';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-libraries-'));
afterAll(() => rmSync(folder, { recursive: true }));

function link(...flags: string[]): Buffer {
  const binary = path.join(folder, 'program');
  execFileSync('clang', ['-x', 'c', '-', '-x', 'none', '-o', binary, ...flags], {
    input: 'int main(void) { return 0; }\n',
  });
  return readFileSync(binary);
}

describe('loadedFromElsewhere', () => {
  it('finds nothing in this Node.js and in what is linked as usual', () => {
    expect(loadedFromElsewhere(readFileSync(process.execPath))).toBeNull();
    expect(loadedFromElsewhere(link())).toBeNull();
  });

  it.each([
    [['-Wl,-rpath,/home/dev/lib', '-Wl,--enable-new-dtags'], 'searches libraries in /home/dev/lib'],
    [['-Wl,-rpath,$ORIGIN/../lib', '-Wl,--disable-new-dtags'], 'searches libraries in $ORIGIN/../lib'],
    [['-Wl,--dynamic-linker=/home/linuxbrew/ld.so'], 'has the dynamic linker /home/linuxbrew/ld.so'],
    [['-Wl,--dynamic-linker=/lib64/../home/dev/ld.so'], 'has the dynamic linker /lib64/../home/dev/ld.so'],
    [['-Wl,--audit=/home/dev/audit.so'], 'loads /home/dev/audit.so'],
  ])('finds it: %s', (flags, found) => {
    expect(loadedFromElsewhere(link(...flags))).toBe(found);
  });

  it('finds a library that is named with its path', () => {
    const library = path.join(folder, 'libown.so');
    execFileSync('clang', ['-x', 'c', '-', '-shared', '-o', library], {
      input: 'int own(void) { return 0; }\n',
    });
    expect(loadedFromElsewhere(link('-Wl,--no-as-needed', library))).toBe(`loads ${library}`);
  });

  it('takes neither a script nor a damaged program for a whole one', () => {
    expect(loadedFromElsewhere(Buffer.from('#!/bin/sh\nexec node "$@"\n'))).toMatch(/^is not a 64-bit/);
    const whole = link();
    for (const size of [0, 3, 20, 100, 500])
      expect(loadedFromElsewhere(whole.subarray(0, size))).not.toBeNull();
  });
});
