import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BtfSource, btfSource } from '../../../src/compile/vmlinux-cache';
import { findKernel } from '../../../src/session/vm/kernel-image';
import { kernelImageBtf } from '../../../src/session/vm/vmlinux';
import { parseBtf } from '../../../src/shared/btf/btf';
import { defaultCacheFolder } from '../../../src/system/cache-files';

/** Every clang on this machine that the extension supports, newest last: ["clang-14", "clang-16"]. */
export function installedClangs(): string[] {
  const names = Array.from({ length: 9 }, (_, i) => `clang-${14 + i}`);
  const found = names.filter(name => which(name) !== null);
  return found.length > 0 ? found : ['clang'];
}

export function which(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/**
 * Files with kernel BTF there are to test with: this machine's, the sandbox VM's kernel, and those named in
 * BPFW_TEST_BTF (separated by colons). The VM's is written to `folder`.
 */
export async function kernelBtfFiles(folder: string): Promise<string[]> {
  const named = (process.env.BPFW_TEST_BTF ?? '').split(delimiter).filter(path => path !== '');
  const files = ['/sys/kernel/btf/vmlinux', ...named].filter(path => existsSync(path));
  const kernel = await findKernel(defaultCacheFolder()).catch(() => null);
  const bytes = kernel && (await kernelImageBtf(kernel, defaultCacheFolder()));
  if (kernel && bytes) {
    const file = join(folder, `${kernel.release}.btf`);
    writeFileSync(file, bytes);
    files.push(file);
  }
  if (files.length === 0)
    throw new Error('There is no kernel BTF on this machine: run npm test, which sets up a kernel.');
  return files;
}

/** A folder for one test file, removed by the function it returns. */
export function scratchFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'bpfw-test-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Contents of a section of an ELF file by llvm-objcopy, a reader that is not ours. */
export function elfSection(file: string, section: string): Uint8Array {
  const out = `${file}${section.replaceAll('/', '_')}`;
  execFileSync(llvm('llvm-objcopy'), ['--dump-section', `${section}=${out}`, file, '/dev/null']);
  return new Uint8Array(readFileSync(out));
}

/** Names of the sections that hold code, in file order. */
export function codeSections(file: string): string[] {
  const text = execFileSync(llvm('llvm-objdump'), ['-h', file], { encoding: 'utf8' });
  return [...text.matchAll(/^\s*\d+\s+(\S+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+TEXT\b/gm)]
    .filter(match => Number.parseInt(match[2] ?? '0', 16) > 0)
    .map(match => match[1] ?? '');
}

function llvm(tool: string): string {
  const versions = Array.from({ length: 9 }, (_, i) => `${tool}-${22 - i}`);
  const found = [tool, ...versions].find(name => which(name) !== null);
  if (found === undefined) throw new Error(`${tool} is not installed: apt-get install llvm`);
  return found;
}

/** A small kernel of our own, so that tests need no BTF of the machine. */
export function smallKernel(folder: string): BtfSource & { loads: number } {
  const file = join(folder, 'kernel.c');
  const object = join(folder, 'kernel.o');
  writeFileSync(
    file,
    `typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32;
     typedef unsigned long long __u64; typedef int __s32; typedef long long __s64; typedef _Bool bool;
     typedef __u16 __be16; typedef __u32 __be32; typedef __u32 __wsum; typedef __u32 u32;
     enum state { STATE_IDLE, STATE_BUSY = 7 };
     struct inner { __u64 value; enum state state; };
     struct hidden { struct inner inner; int depth; };
     struct hop4 { int last; };
     struct hop3 { struct hop4 *(*fourth)(void); };
     struct hop2 { struct hop3 *(*third)(void); };
     struct hop1 { struct hop2 *(*second)(void); };
     struct thing { struct hop1 *(*first)(void); struct inner inner; struct hidden *hidden; __u32 count; };
     struct pt_regs { __u64 di, si; };
     struct thing a; struct hop1 n; struct hop2 o; struct hop3 p; struct hop4 q; struct hidden b; struct pt_regs c; enum state d;
     __u8 e; __u16 f; __s32 g; __s64 h; bool i; __be16 j; __be32 k; __wsum l; u32 m;`,
  );
  execFileSync('clang', ['--target=bpf', '-g', '-c', file, '-o', object]);
  const bytes = elfSection(object, '.BTF');
  const source = btfSource(bytes, () => {
    counted.loads++;
    return parseBtf(bytes);
  });
  const counted = { ...source, loads: 0 };
  return counted;
}
