import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { workloadBinaries, workloadSources } from './paths';

/** -no-pie keeps function addresses equal to the symbol table's; frame pointers make stacks walkable. */
const FLAGS = ['-O1', '-g', '-Wall', '-Werror', '-fno-omit-frame-pointer', '-no-pie', '-pthread'];

/** Compiles test/kernel/workloads/*.c into test/.work/workloads/, each that is newer than its binary. */
export function compileWorkloads(): void {
  if (!existsSync(workloadSources)) return;
  mkdirSync(workloadBinaries, { recursive: true });
  for (const file of readdirSync(workloadSources)) {
    if (!file.endsWith('.c')) continue;
    const source = path.join(workloadSources, file);
    const binary = workloadPath(path.basename(file, '.c'));
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) continue;
    const unfinished = `${binary}.${process.pid}`;
    execFileSync('clang', [...FLAGS, source, '-o', unfinished, '-lm'], { stdio: 'inherit' });
    renameSync(unfinished, binary);
  }
}

/** Path of a compiled workload, on this machine and in the guest. */
export function workloadPath(name: string): string {
  return path.join(workloadBinaries, name);
}
