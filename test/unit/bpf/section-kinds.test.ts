/** Which sections reach libbpf's own attaching, hostile ones among them: none of those may name a file. */
import { describe, expect, it } from 'vitest';
import { programTypeName } from '../../../src/shared/bpf/program-types';
import { sectionAttach } from '../../../src/shared/bpf/section-attach';
import { kindOf, parseSection, SECTION_KINDS } from '../../../src/shared/bpf/section-kinds';

describe('sections', () => {
  it('are each in the table once', () => {
    expect(new Set(SECTION_KINDS.map(({ name }) => name)).size).toBe(SECTION_KINDS.length);
  });

  it.each([
    ['raw_tp.w/sys_enter', 'raw_tracepoint_writable', 'sys_enter'],
    ['?fentry.s/vfs_read', 'tracing', 'vfs_read'],
    ['xdp', 'xdp', null],
    ['xdp/devmap', 'xdp', null],
    ['cgroup/connect4', 'cgroup_sock_addr', null],
    ['lsm_cgroup/socket_bind', 'lsm', 'socket_bind'],
    ['struct_ops/dequeue', 'struct_ops', 'dequeue'],
    ['uprobe//bin/bash:readline', 'kprobe', '/bin/bash:readline'],
  ])('%s is loaded as %s', (section, type, target) => {
    const parsed = parseSection(section);
    expect(programTypeName(parsed?.kind.type.program ?? -1)).toBe(type);
    expect(parsed?.target).toBe(target);
  });

  it.each([
    'kprobes/f',
    'fentryx',
    '',
    '/',
    'uprobe.unique//x:f',
    '.text',
    'kprobe.multi.s/f',
    'uprobex//etc/shadow:f',
  ])('%j is of no kind that is known', section => {
    expect(parseSection(section)).toBeNull();
    expect(sectionAttach(section).how).toBe('refused');
  });
});

describe('a section that libbpf 1.0 and newer does not take', () => {
  it('is of no kind, but what it would do to the system is known', () => {
    expect(parseSection('xdp/drop')).toBeNull();
    expect(sectionAttach('xdp/drop').how).toBe('refused');
    expect(programTypeName(kindOf('?xdp/drop')?.type.program ?? -1)).toBe('xdp');
  });
});

describe("libbpf's own attaching", () => {
  it.each([
    'fentry/vfs_read',
    'fexit.s/vfs_read',
    'fmod_ret/bpf_modify_return_test',
    'fsession/vfs_read',
    'tp_btf/sched_switch',
    'raw_tp/sys_enter',
    'raw_tracepoint.w/nbd_send_request',
    'lsm.s/bprm_committed_creds',
    'tp/sched/sched_switch',
    'tracepoint/syscalls/sys_enter_openat',
    'kprobe/f.isra.0+0x10',
    'kretprobe/do_unlinkat',
    'kprobe.multi/tcp_*',
    'kretprobe.multi/vfs_?ead',
    'kprobe.session/*',
    'ksyscall/clone',
    'kretsyscall/openat',
    'freplace/handler',
  ])('gets %s', section => {
    expect(sectionAttach(section)).toEqual({ how: 'libbpf' });
  });

  it.each([
    // Files that libbpf would open with the helper's rights.
    'uprobe.multi//root/secret:f',
    'uprobe.multi.s//root/secret:*',
    'uretprobe.multi//root/secret:f',
    'uretprobe.multi.s//root/secret:f',
    'uprobe.session//root/secret:f',
    'uprobe.session.s//root/secret:f',
    'uprobe.unique//root/secret:f',
    'uprobe',
    'uprobe/',
    'uprobe//root/secret',
    'usdt//root/secret',
    'usdt//root/secret:provider',
    // Ends of a line, and what old kernels would take as one.
    'uprobe//root/secret\n:f',
    'uprobe\n//root/secret:f',
    'kprobe/f\np:other /root/secret:0x10',
    'fentry/vfs_read\u0000',
    'fentry/vfs_read\u009b',
    'raw_tp/sys_enter\u001b[2J',
    // Ways out of tracefs, where libbpf reads events/CATEGORY/NAME/id.
    'tp/../../../../root/secret',
    'tp/sched/../../../../root/secret',
    'tp/sched/..',
    'tracepoint/./sched',
    'tp/sched/sched_switch/../../x',
    'tp//etc/passwd',
    'tp/sched',
    'kprobe//root/secret',
    'kprobe/f+x',
    // libbpf would read f of it.
    'kprobe/f$x',
    'kprobe.multi/tcp_*$x',
    'kprobe.multi//root/*',
    'ksyscall/../x',
    'fentry/../x',
    'lsm/file open',
    // What has to be chosen.
    'fentry',
    'kprobe',
    'tp',
    'perf_event',
    'xdp',
    'tc/ingress',
    'cgroup_skb/ingress',
    'sk_lookup',
    'syscall',
    'struct_ops/x',
    'lsm_cgroup/socket_bind',
  ])('never gets %j', section => {
    expect(['refused', 'uprobe', 'usdt']).toContain(sectionAttach(section).how);
    expect(sectionAttach(section).how).toBe('refused');
  });

  it('is not needed for what names a file, which the helper opens as the caller', () => {
    expect(sectionAttach('uprobe//bin/bash:readline')).toEqual({
      how: 'uprobe',
      file: '/bin/bash',
      symbol: 'readline',
      offset: 0n,
      return: false,
    });
    expect(sectionAttach('uretprobe.s/libc.so.6:malloc+0x4')).toMatchObject({
      file: 'libc.so.6',
      symbol: 'malloc',
      offset: 4n,
      return: true,
    });
    expect(sectionAttach('uprobe//bin/bash:0x1150')).toMatchObject({ symbol: null, offset: 0x1150n });
    expect(sectionAttach('usdt.s//usr/bin/x:prov:probe')).toEqual({
      how: 'usdt',
      file: '/usr/bin/x',
      provider: 'prov',
      probe: 'probe',
    });
    expect(sectionAttach('iter/task')).toEqual({ how: 'loaded only' });
  });
});
