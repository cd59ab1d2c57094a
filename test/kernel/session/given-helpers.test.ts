/**
 * The helpers that completion offers to each program type are those the kernel gives it: against bpftool, which loads a
 * program per helper and type and sees what the verifier says.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { isGiven } from '../../../src/server/helpers/helper-programs';
import { KernelTypes } from '../../../src/server/kernel/kernel-types';
import { findSectionKind } from '../../../src/shared/bpf/section-kinds';
import { sharedGuest } from '../bench/guest';
import { traceBench } from '../bench/trace';

/** bpftool's name of a type, and a section of that type. */
const SECTIONS: readonly (readonly [type: string, section: string])[] = [
  ['socket_filter', 'socket'],
  ['kprobe', 'kprobe'],
  ['kprobe', 'uprobe'],
  ['sched_cls', 'tc'],
  ['sched_act', 'action'],
  ['tracepoint', 'tp'],
  ['xdp', 'xdp'],
  ['perf_event', 'perf_event'],
  ['cgroup_skb', 'cgroup_skb/ingress'],
  ['cgroup_sock', 'cgroup/sock_create'],
  ['lwt_in', 'lwt_in'],
  ['lwt_out', 'lwt_out'],
  ['lwt_xmit', 'lwt_xmit'],
  ['lwt_seg6local', 'lwt_seg6local'],
  ['sock_ops', 'sockops'],
  ['sk_skb', 'sk_skb/stream_verdict'],
  ['cgroup_device', 'cgroup/dev'],
  ['sk_msg', 'sk_msg'],
  ['raw_tracepoint', 'raw_tp'],
  ['raw_tracepoint_writable', 'raw_tp.w'],
  ['cgroup_sock_addr', 'cgroup/connect4'],
  ['sk_reuseport', 'sk_reuseport'],
  ['flow_dissector', 'flow_dissector'],
  ['cgroup_sysctl', 'cgroup/sysctl'],
  ['cgroup_sockopt', 'cgroup/getsockopt'],
  ['sk_lookup', 'sk_lookup'],
  ['syscall', 'syscall'],
];
/** bpftool leaves those out that write to the log or to user space. */
const NOT_PROBED = ['bpf_trace_printk', 'bpf_trace_vprintk', 'bpf_probe_write_user'];
/** Given at some places only of those that programs of the type are attached to, or with a kernel option. */
const BY_PLACE: Readonly<Record<string, readonly string[]>> = {
  kprobe: ['bpf_override_return'],
  cgroup_device: ['bpf_get_retval', 'bpf_set_retval'],
  cgroup_sysctl: ['bpf_get_retval', 'bpf_set_retval'],
  cgroup_sockopt: ['bpf_setsockopt', 'bpf_getsockopt'],
};

let types: KernelTypes;
let given: Readonly<Record<string, readonly string[]>>;
let helpers: readonly string[];

beforeAll(async () => {
  const { target } = await traceBench();
  const { btf, bytes } = await target.readBtf();
  types = new KernelTypes(btf, bytes);
  const guest = await sharedGuest();
  given = JSON.parse(await guest.sh('bpftool -j feature probe kernel')).helpers;
  const id = btf.find('enum', 'bpf_func_id');
  const ids = id === null ? null : btf.type(id);
  helpers =
    ids?.kind === 'enum'
      ? ids.values.map(one => one.name.replace('BPF_FUNC_', 'bpf_')).filter(name => !/unspec$|^_/.test(name))
      : [];
});

describe('helpers', () => {
  it('are probed', () => {
    expect(helpers.length).toBeGreaterThan(150);
    expect(given.kprobe_available_helpers?.length).toBeGreaterThan(50);
  });

  it.each(SECTIONS)('of %s programs, SEC("%s")', (type, section) => {
    const kind = findSectionKind(section);
    const real = new Set(given[`${type}_available_helpers`]);
    if (!kind || real.size === 0) throw new Error(`${type} was not probed`);
    const excused = [...NOT_PROBED, ...(BY_PLACE[type] ?? [])];
    const offered = helpers.filter(name => !excused.includes(name) && isGiven(name, kind, types));
    expect(offered.filter(name => !real.has(name))).toEqual([]);
    // Of newer kernels the list may lack what a release in between gave to one type.
    if (types.hasHelper('bpf_cgrp_storage_get') === false)
      expect([...real].filter(name => !offered.includes(name) && !excused.includes(name))).toEqual([]);
  });
});
