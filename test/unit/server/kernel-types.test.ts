/** The server's index of names says what the shared BTF reader says; names somebody may have meant. */
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parametersOfSyscall } from '../../../src/server/helpers/syscall-signatures';
import { BtfNames, type NamedKind } from '../../../src/server/kernel/btf-names';
import { KernelTypes } from '../../../src/server/kernel/kernel-types';
import { kernelOperations } from '../../../src/server/kernel/struct-ops';
import { parseBtf } from '../../../src/shared/btf/btf';
import { distance, nearest } from '../../../src/shared/text/nearest';
import { smallKernel } from '../../golden/server/client';
import { kernelBtfFiles, scratchFolder } from '../compile/toolchain';

const { folder, remove } = scratchFolder();
const files = [...(await kernelBtfFiles(folder)), await smallKernel(folder)];
const KINDS: readonly NamedKind[] = ['int', 'struct', 'union', 'enum', 'typedef', 'func'];

afterAll(() => {
  remove();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(files)('%s', file => {
  const bytes = new Uint8Array(readFileSync(file));
  const btf = parseBtf(bytes);

  it('has the same names and ids as the reader', () => {
    const names = new BtfNames(bytes);
    for (const kind of KINDS) {
      const own = [...names.names(kind)];
      const expected = new Set([...btf.ids(kind)].map(id => btf.name(id)).filter(name => name !== ''));
      expect(new Set(own)).toEqual(expected);
      for (const name of own.filter((_, index) => index % 97 === 0))
        expect(names.find(kind, name), `${kind} ${name}`).toBe(btf.find(kind, name));
      expect(names.find(kind, 'no such name')).toBe(null);
    }
  });

  it('has the same enumerators as the reader, the first of each name', () => {
    const { enumerators } = new BtfNames(bytes);
    const expected = new Map<string, bigint>();
    for (const id of btf.ids('enum')) {
      const type = btf.type(id);
      if (type.kind !== 'enum') continue;
      for (const { name, value } of type.values) if (!expected.has(name)) expected.set(name, value);
    }
    expect(new Map([...enumerators].map(([name, { value }]) => [name, value]))).toEqual(expected);
  });

  it('knows the tables of operations that programs can fill', () => {
    const operations = kernelOperations(new KernelTypes(btf, bytes));
    const ssthresh = operations.find(
      one => one.table === 'tcp_congestion_ops' && one.signature.name === 'ssthresh',
    );
    expect(ssthresh?.signature).toMatchObject({ returnType: 'u32', returnsNothing: false });
    expect(ssthresh?.signature.parameters.map(one => one.text)).toEqual(['struct sock *sk']);
    // Of every table that is listed, the kernel has the struct.
    for (const { table } of operations) expect(btf.find('struct', table), table).not.toBe(null);
  });

  it('knows the functions, tracepoints and helpers every kernel has', () => {
    const types = new KernelTypes(btf, bytes);
    expect(types.signature('vfs_read')?.parameters.map(one => one.text)).toEqual([
      'struct file *file',
      'char *buf',
      'size_t count',
      'loff_t *pos',
    ]);
    expect(
      types
        .tracepointSignature('sched_switch')
        ?.parameters.slice(0, 3)
        .map(one => one.text),
    ).toEqual(['bool preempt', 'struct task_struct *prev', 'struct task_struct *next']);
    // What SYSCALL_DEFINE0() calls __unused is no argument.
    expect(parametersOfSyscall(types, 'getpid')).toEqual([]);
    expect(types.hasHelper('bpf_map_lookup_elem')).toBe(true);
    expect(types.hasHelper('bpf_no_such_helper')).toBe(false);
    expect(types.iterators).toContain('task');
    expect(types.lsmHooks).toContain('file_open');
    expect(types.syscalls).toContain('openat');
    expect(types.functions).toEqual([...types.functions].sort());
  });
});

describe('nearest names', () => {
  it('counts what differs, a swap as one', () => {
    expect(distance('vfs_read', 'vfs_read', 3)).toBe(0);
    expect(distance('vfs_raed', 'vfs_read', 3)).toBe(1);
    expect(distance('vfs_rea', 'vfs_read', 3)).toBe(1);
    expect(distance('kprobe', 'uprobe', 3)).toBe(1);
    expect(distance('abcdef', 'uvwxyz', 2)).toBe(3);
  });

  it('returns the nearest first and no distant ones', () => {
    const names = ['vfs_read', 'vfs_readv', 'vfs_write', 'tcp_v4_connect'];
    expect(nearest('vfs_raed', names)).toEqual(['vfs_read', 'vfs_readv']);
    expect(nearest('tcp_v4_conect', names)).toEqual(['tcp_v4_connect']);
    expect(nearest('zzz', names)).toEqual([]);
  });
});
