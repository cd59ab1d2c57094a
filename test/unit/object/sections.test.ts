import { describe, expect, it } from 'vitest';
import { parseAttachPoint } from '../../../src/shared/bpf/attach-point';
import { dropsByName } from '../../../src/shared/bpf/drop-counters';
import { parseCInteger } from '../../../src/shared/c/integer';

describe('section names', () => {
  it.each([
    ['fentry/vfs_read', { kind: 'fentry', function: 'vfs_read' }],
    ['fentry.s/vfs_read', { kind: 'fentry', function: 'vfs_read' }],
    ['fexit.s/vfs_read', { kind: 'fexit', function: 'vfs_read' }],
    ['fmod_ret/x', { kind: 'fmod_ret', function: 'x' }],
    ['?kprobe/do_unlinkat', { kind: 'kprobe', function: 'do_unlinkat', offset: 0 }],
    ['kprobe/f.isra.0+0x10', { kind: 'kprobe', function: 'f.isra.0', offset: 16 }],
    ['kprobe/f+12', { kind: 'kprobe', function: 'f', offset: 12 }],
    ['kprobe/f+010', { kind: 'kprobe', function: 'f', offset: 8 }],
    ['kretprobe/f', { kind: 'kretprobe', function: 'f', offset: 0 }],
    ['kprobe', { kind: 'kprobe', function: '', offset: 0 }],
    ['kprobe.multi/tcp_*', { kind: 'kprobe.multi', pattern: 'tcp_*' }],
    ['kretprobe.multi/vfs_?', { kind: 'kretprobe.multi', pattern: 'vfs_?' }],
    ['ksyscall/clone', { kind: 'ksyscall', syscall: 'clone' }],
    ['kretsyscall/clone', { kind: 'kretsyscall', syscall: 'clone' }],
    ['tp/sched/sched_switch', { kind: 'tracepoint', category: 'sched', name: 'sched_switch' }],
    [
      'tracepoint/syscalls/sys_enter_openat',
      { kind: 'tracepoint', category: 'syscalls', name: 'sys_enter_openat' },
    ],
    ['raw_tp/sched_switch', { kind: 'raw_tp', name: 'sched_switch' }],
    ['raw_tracepoint.w/x', { kind: 'raw_tp', name: 'x' }],
    ['raw_tp.w/x', { kind: 'raw_tp', name: 'x' }],
    ['raw_tracepoint/x', { kind: 'raw_tp', name: 'x' }],
    ['tp_btf/block_rq_issue', { kind: 'tp_btf', name: 'block_rq_issue' }],
    [
      'uprobe//lib/x86_64-linux-gnu/libc.so.6:malloc',
      { kind: 'uprobe', path: '/lib/x86_64-linux-gnu/libc.so.6', symbol: 'malloc', offset: 0 },
    ],
    ['uprobe.s/libc.so.6:malloc+4', { kind: 'uprobe', path: 'libc.so.6', symbol: 'malloc', offset: 4 }],
    ['uretprobe//bin/bash:readline', { kind: 'uretprobe', path: '/bin/bash', symbol: 'readline', offset: 0 }],
    ['uretprobe', { kind: 'uretprobe', path: '', symbol: '', offset: 0 }],
    [
      'usdt//usr/bin/x:prov:probe__start',
      { kind: 'usdt', path: '/usr/bin/x', provider: 'prov', probe: 'probe__start' },
    ],
    ['usdt', { kind: 'usdt', path: '', provider: '', probe: '' }],
    ['perf_event', { kind: 'perf_event' }],
    ['iter/task', { kind: 'iter', target: 'task' }],
    ['iter.s/bpf_map_elem', { kind: 'iter', target: 'bpf_map_elem' }],
    ['lsm/bprm_check_security', { kind: 'other', section: 'lsm/bprm_check_security' }],
    ['?xdp', { kind: 'other', section: 'xdp' }],
    ['kprobes/f', { kind: 'other', section: 'kprobes/f' }],
    ['kprobe.session/f', { kind: 'other', section: 'kprobe.session/f' }],
    ['fentryx', { kind: 'other', section: 'fentryx' }],
  ])('%s', (section, expected) => {
    expect(parseAttachPoint(section)).toEqual(expected);
  });
});

describe('names', () => {
  it('knows drop counters and what they count for', () => {
    const maps = new Set(['events']);
    expect(dropsByName('events_dropped', maps)).toBe('events');
    expect(dropsByName('events_lost_samples', maps)).toBe('events');
    expect(dropsByName('dropped', maps)).toBeNull();
    expect(dropsByName('lost_events', maps)).toBeNull();
    expect(dropsByName('records_dropped', maps)).toBeNull();
    // What a program measures, not what it lost.
    expect(dropsByName('packets_dropped', maps)).toBeUndefined();
    expect(dropsByName('counts', maps)).toBeUndefined();
    expect(dropsByName('raindrops_total', maps)).toBeUndefined();
  });

  it('reads C integers', () => {
    expect(['12', '0x10', '010', '-5', '(7)', '5ULL', '1 << 3', 'N', ''].map(parseCInteger)).toEqual([
      12n,
      16n,
      8n,
      -5n,
      7n,
      5n,
      null,
      null,
      null,
    ]);
  });
});
