import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths';

/** -no-pie keeps function addresses equal to the symbol table's; frame pointers make stacks walkable. */
const FLAGS = ['-O1', '-g', '-Wall', '-Werror', '-fno-omit-frame-pointer', '-no-pie', '-pthread'];
/** By file extension; Debian's clang brings what clang++ links with. */
const COMPILERS: Readonly<Record<string, string>> = { '.c': 'clang', '.cc': 'clang++' };

/** Compiles test/kernel/workloads/*.c and *.cc into test/.work/workloads/, each that is newer than its binary. */
export function compileWorkloads(checkout = root): void {
  const sources = path.join(checkout, 'test/kernel/workloads');
  if (!existsSync(sources)) return;
  for (const file of readdirSync(sources)) {
    const { name, ext } = path.parse(file);
    const compiler = COMPILERS[ext];
    if (compiler === undefined) continue;
    const source = path.join(sources, file);
    const binary = workloadPath(name, checkout);
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) continue;
    mkdirSync(path.dirname(binary), { recursive: true });
    const unfinished = `${binary}.${process.pid}`;
    execFileSync(compiler, [...FLAGS, source, '-o', unfinished, '-lm'], { stdio: 'inherit' });
    renameSync(unfinished, binary);
  }
}

/** Path of a compiled workload, on this machine and in the guest. A bundled test must say where the checkout is. */
export function workloadPath(name: string, checkout = root): string {
  return path.join(checkout, 'test/.work/workloads', name);
}
