import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

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

/** Kernel BTF there is to test with: this machine's, and files named in BPFW_TEST_BTF (separated by colons). */
export function kernelBtfFiles(): string[] {
  const named = (process.env.BPFW_TEST_BTF ?? '').split(delimiter).filter(path => path !== '');
  return ['/sys/kernel/btf/vmlinux', ...named].filter(path => existsSync(path));
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
