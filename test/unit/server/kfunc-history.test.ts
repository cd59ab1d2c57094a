/** kfuncs of kernels without marks: only what is one there already, not a function that becomes one later. */
import { describe, expect, it } from 'vitest';
import { type KernelFacts, kfuncRelease, unmarkedKfuncs } from '../../../src/server/kernel/kfunc-history';

const kernel = (functions: string, helpers = '', structs = ''): KernelFacts => ({
  hasFunction: name => functions.split(' ').includes(name),
  hasHelper: name => helpers.split(' ').includes(name),
  hasStruct: name => structs.split(' ').includes(name),
});

describe('kfuncs by name', () => {
  it('are none where the kernel has no kfuncs yet', () => {
    expect(unmarkedKfuncs(kernel('tcp_slow_start vfs_read cgroup_rstat_flush crash_kexec'))).toEqual([]);
  });

  it('are those the kernel was built with, once it has come that far', () => {
    const functions = 'tcp_slow_start cgroup_rstat_flush crash_kexec bpf_key_put bpf_dynptr_is_rdonly';
    expect(unmarkedKfuncs(kernel(functions, '', 'bpf_kfunc_desc'))).toEqual([
      'tcp_slow_start',
      'bpf_key_put',
    ]);
    expect(unmarkedKfuncs(kernel(functions, 'bpf_user_ringbuf_drain', 'bpf_kfunc_desc'))).toEqual([
      'tcp_slow_start',
      'bpf_key_put',
      'cgroup_rstat_flush',
      'crash_kexec',
    ]);
    expect(unmarkedKfuncs(kernel('bpf_dynptr_is_rdonly bpf_dynptr_adjust'))).toEqual([
      'bpf_dynptr_adjust',
      'bpf_dynptr_is_rdonly',
    ]);
  });

  it('have a release', () => {
    expect(kfuncRelease('bpf_task_acquire')).toBe('6.2');
    expect(kfuncRelease('vfs_read')).toBe(null);
  });
});
