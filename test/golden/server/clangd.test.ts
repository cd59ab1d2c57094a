/** A real clangd, told by the .clangd that BPF: Configure clangd writes, has no complaint about BPF programs, and a true one about a wrong program. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findClang } from '../../../src/compile/clang';
import { clangdConfiguration, findLibbpfHeaders } from '../../../src/compile/flags';
import { btfSource, ensureVmlinuxHeader } from '../../../src/compile/vmlinux-cache';
import { mergeClangd } from '../../../src/project/clangd-file';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { repository, scratch } from './client';

/** Between them: CO-RE reads, USDT, stacks, perf events, and every header that templates include. */
const TEMPLATES = ['vfsreadlat', 'disksnoop', 'nodejs_http_server', 'stacksnoop', 'lbr', 'tcpv4connect'];
const WRONG = '#include "vmlinux.h"\n\nint read_pid(struct task_struct *task)\n{\n\treturn task->pidd;\n}\n';
const CLANGD_MS = 60_000;

const folder = scratch();
const [btfPath = ''] = await kernelBtfFiles(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lines of its log that are errors. */
function complaints(name: string): string[] {
  const { stderr } = spawnSync('clangd', [`--check=${name}`, '--log=error'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: CLANGD_MS,
  });
  return stderr.split('\n').filter(line => line.startsWith('E['));
}

describe('clangd', { timeout: 2 * CLANGD_MS }, () => {
  it('without the file, does not find the kernel', () => {
    writeFileSync(path.join(folder, 'wrong.bpf.c'), WRONG);
    expect(complaints('wrong.bpf.c').join('\n')).toContain("'vmlinux.h' file not found");
  });

  it('with it beside what was there, marks what is wrong', async () => {
    const bytes = new Uint8Array(readFileSync(btfPath));
    const vmlinuxFolder = await ensureVmlinuxHeader(btfSource(bytes), path.join(folder, 'cache'));
    const part = clangdConfiguration({
      clang: await findClang(),
      libbpfFolder: await findLibbpfHeaders(),
      vmlinuxFolder,
      includeFolders: [path.join(repository, 'bpf-templates/include')],
    });
    writeFileSync(path.join(folder, '.clangd'), mergeClangd('CompileFlags:\n  Add: [-Wextra]\n', part));
    expect(complaints('wrong.bpf.c').map(line => line.replace(/^\S+ \S+ /, ''))).toEqual([
      "Line 5: no member named 'pidd' in 'struct task_struct'; did you mean 'pid'?",
    ]);
  });

  it.each(TEMPLATES)('has no complaint about %s', template => {
    const name = `${template}.bpf.c`;
    copyFileSync(path.join(repository, 'bpf-templates', template, name), path.join(folder, name));
    expect(complaints(name)).toEqual([]);
  });
});
