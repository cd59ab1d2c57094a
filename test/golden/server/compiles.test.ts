/**
 * The programs that must raise nothing (corpus.test.ts) are valid C for BPF: clang takes each, with the vmlinux.h of every
 * kernel there is here, by the flags that we compile with.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clang, findClang } from '../../../src/compile/clang';
import { compileFlags, findLibbpfHeaders } from '../../../src/compile/flags';
import { btfSource, ensureVmlinuxHeader } from '../../../src/compile/vmlinux-cache';
import { programSkeleton } from '../../../src/server/features/program-skeleton';
import { KernelTypes } from '../../../src/server/kernel/kernel-types';
import { SECTION_KINDS, type TargetKind } from '../../../src/shared/bpf/section-kinds';
import { parseBtf } from '../../../src/shared/btf/btf';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { scratch } from './client';

/** What cannot be compiled here, and clang's reason: when that changes, the program belongs with the others. */
const LACKS: Readonly<Record<string, string>> = {
  // Inspektor Gadget's headers, which no distribution packages; and one that is nowhere, on purpose.
  'styles/gadget.bpf.c': "'gadget/buffer.h' file not found",
};

/** One that every kernel has, of each kind of target. */
const TARGETS: Readonly<Record<Exclude<TargetKind, 'none'>, string>> = {
  function: 'vfs_open',
  pattern: 'vfs_*',
  syscall: 'openat',
  tracepoint: 'sched/sched_switch',
  'raw-tracepoint': 'sched_switch',
  'lsm-hook': 'socket_bind',
  iterator: 'task',
  'user-function': 'libc.so.6:malloc',
  'user-pattern': 'libc.so.6:mall*',
  usdt: 'libc.so.6:libc:setjmp',
  operation: 'ssthresh',
  'program-function': 'get_count',
};

const folder = scratch();
const kernels = await kernelBtfFiles(folder);
const programs = ['programs', 'styles'].flatMap(name =>
  readdirSync(path.join(import.meta.dirname, name))
    .filter(file => file.endsWith('.c'))
    .map(file => `${name}/${file}`),
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kernels)('with the types of %s', btfPath => {
  let clang: Clang;
  let flags: readonly string[];

  beforeAll(async () => {
    const bytes = new Uint8Array(readFileSync(btfPath));
    clang = await findClang();
    const vmlinuxFolder = await ensureVmlinuxHeader(btfSource(bytes), path.join(folder, 'cache'));
    const libbpfFolder = await findLibbpfHeaders();
    flags = compileFlags({ clang, vmlinuxFolder, includeFolders: [], libbpfFolder });
  }, 60_000);

  /** What clang says of a file. */
  const errorsOf = async (file: string): Promise<string[]> => {
    const said = await promisify(execFile)(clang.path, [...flags, '-fsyntax-only', file]).then(
      () => '',
      (error: { readonly stderr: string }) => error.stderr,
    );
    return said.split('\n').filter(line => line.includes('error:'));
  };

  it('takes what completion writes for every kind of section', async () => {
    const bytes = new Uint8Array(readFileSync(btfPath));
    const types = new KernelTypes(parseBtf(bytes), bytes);
    const programs = SECTION_KINDS.map((kind, index) => {
      const section = kind.target === 'none' ? kind.name : `${kind.name}/${TARGETS[kind.target]}`;
      const skeleton = programSkeleton(section, types)?.replace(/\$\{1:(\w+)\}/, `$1_${index}`);
      return `SEC("${section}")\n${skeleton?.replace('$0', '')}\n`;
    });
    const file = path.join(folder, 'skeletons.bpf.c');
    const headers = ['bpf_helpers', 'bpf_core_read', 'bpf_tracing', 'usdt.bpf'].map(
      name => `#include <bpf/${name}.h>\n`,
    );
    writeFileSync(file, `#include "vmlinux.h"\n${headers.join('')}\n${programs.join('\n')}`);
    expect(await errorsOf(file)).toEqual([]);
  });

  it.each(programs)('%s', async program => {
    const file = path.join(import.meta.dirname, program);
    const errors = await errorsOf(file);
    const lacks = LACKS[program];
    if (lacks === undefined) expect(errors).toEqual([]);
    else expect(errors.map(line => line.replace(/^.*error: /, ''))).toEqual([lacks]);
  });
});
