/**
 * What programs of each type may do to the system they run on. The numbers are Linux's: enum bpf_prog_type and enum
 * bpf_attach_type of include/uapi/linux/bpf.h, up to BPF_PROG_TYPE_NETFILTER and BPF_TRACE_FSESSION_MULTI. test/unit/bpf compares them with this machine's header.
 */

interface ProgramType {
  /** BPF_PROG_TYPE_ in lower case. */
  readonly name: string;
  /** What it changes, as the end of "the program ..."; null when it only observes. */
  readonly changes: string | null;
  /** Types that only observe: attach types for which that holds. Others are unknown. */
  readonly observes?: ReadonlySet<string>;
}

const change = (name: string, changes: string): ProgramType => ({ name, changes });
const observe = (name: string, ...attachTypes: string[]): ProgramType => ({
  name,
  changes: null,
  observes: new Set(attachTypes),
});
/** What programs without an expected attach type have: 0, which is also the first attach type. */
const NONE = 'cgroup_inet_ingress';

/** By number. */
const PROGRAM_TYPES: readonly ProgramType[] = [
  // The kernel loads no program of type 0: libbpf's name for a section it does not know.
  observe('unspec', NONE),
  // It decides how much of each packet the one socket gets that a process attaches it to: packets and other sockets stay
  // as they are, and the tracer attaches it to none.
  observe('socket_filter', NONE),
  // A return value other than 0 lets its own perf event or its own return probe go on, nothing else.
  observe(
    'kprobe',
    NONE,
    'perf_event',
    'trace_kprobe_multi',
    'trace_uprobe_multi',
    'trace_kprobe_session',
    'trace_uprobe_session',
  ),
  change('sched_cls', 'may drop, change and redirect packets of network interfaces'),
  change('sched_act', 'may drop, change and redirect packets of network interfaces'),
  observe('tracepoint', NONE, 'perf_event'),
  change('xdp', 'may drop, change and redirect packets of network interfaces'),
  observe('perf_event', NONE, 'perf_event'),
  change('cgroup_skb', 'may drop packets of control groups'),
  change('cgroup_sock', 'may refuse sockets and ports to control groups'),
  change('lwt_in', 'may drop packets of routes'),
  change('lwt_out', 'may drop packets of routes'),
  change('lwt_xmit', 'may drop, change and redirect packets of routes'),
  change('sock_ops', 'may change how TCP connections work'),
  change('sk_skb', 'may drop, change and redirect what sockets receive'),
  change('cgroup_device', 'may refuse devices to control groups'),
  change('sk_msg', 'may drop, change and redirect what sockets send'),
  observe('raw_tracepoint', NONE),
  change('cgroup_sock_addr', 'may refuse and redirect connections of control groups'),
  change('lwt_seg6local', 'may drop, change and redirect packets of routes'),
  change('lirc_mode2', 'may report keys of remote controls as pressed'),
  change('sk_reuseport', 'chooses which socket receives a packet or connection'),
  change('flow_dissector', 'replaces how the kernel reads headers of packets'),
  change('cgroup_sysctl', 'may refuse and change what control groups write to sysctls'),
  change('raw_tracepoint_writable', 'may change arguments of a tracepoint, which the kernel then uses'),
  change('cgroup_sockopt', 'may refuse and change socket options of control groups'),
  // modify_return is tracing, too: see typeReason.
  observe(
    'tracing',
    'trace_raw_tp',
    'trace_fentry',
    'trace_fexit',
    'trace_iter',
    'trace_fsession',
    'trace_fentry_multi',
    'trace_fexit_multi',
    'trace_fsession_multi',
  ),
  change('struct_ops', 'replaces a part of the kernel'),
  change('ext', 'replaces a function of another BPF program'),
  change('lsm', 'may refuse what processes ask the kernel for'),
  change('sk_lookup', 'chooses which socket receives a packet or connection'),
  change('syscall', 'may call bpf(2): create BPF objects and change them'),
  change('netfilter', 'may drop packets'),
];

/** By number, BPF_ dropped, in lower case. */
const ATTACH_TYPES: readonly string[] = (
  'cgroup_inet_ingress cgroup_inet_egress cgroup_inet_sock_create cgroup_sock_ops sk_skb_stream_parser ' +
  'sk_skb_stream_verdict cgroup_device sk_msg_verdict cgroup_inet4_bind cgroup_inet6_bind cgroup_inet4_connect ' +
  'cgroup_inet6_connect cgroup_inet4_post_bind cgroup_inet6_post_bind cgroup_udp4_sendmsg cgroup_udp6_sendmsg ' +
  'lirc_mode2 flow_dissector cgroup_sysctl cgroup_udp4_recvmsg cgroup_udp6_recvmsg cgroup_getsockopt ' +
  'cgroup_setsockopt trace_raw_tp trace_fentry trace_fexit modify_return lsm_mac trace_iter cgroup_inet4_getpeername ' +
  'cgroup_inet6_getpeername cgroup_inet4_getsockname cgroup_inet6_getsockname xdp_devmap cgroup_inet_sock_release ' +
  'xdp_cpumap sk_lookup xdp sk_skb_verdict sk_reuseport_select sk_reuseport_select_or_migrate perf_event ' +
  'trace_kprobe_multi lsm_cgroup struct_ops netfilter tcx_ingress tcx_egress trace_uprobe_multi cgroup_unix_connect ' +
  'cgroup_unix_sendmsg cgroup_unix_recvmsg cgroup_unix_getpeername cgroup_unix_getsockname netkit_primary netkit_peer ' +
  'trace_kprobe_session trace_uprobe_session trace_fsession trace_fentry_multi trace_fexit_multi trace_fsession_multi'
).split(' ');

const MODIFY_RETURN = 'may change what a kernel function returns';

/** BPF_PROG_TYPE_ in lower case, or the number of a type that is newer than this table. */
export const programTypeName = (type: number): string => PROGRAM_TYPES[type]?.name ?? String(type);

/** The number of a type by its name. Throws for a name that is not in the table. */
export function programTypeNumber(name: string): number {
  return indexOf(
    PROGRAM_TYPES.map(type => type.name),
    name,
  );
}

/** BPF_ dropped, in lower case, or the number of an attach type that is newer than this table. */
export const attachTypeName = (attachType: number): string => ATTACH_TYPES[attachType] ?? String(attachType);

/** The number of an attach type by its name. Throws for a name that is not in the table. */
export const attachTypeNumber = (name: string): number => indexOf(ATTACH_TYPES, name);

function indexOf(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new Error(`no ${name} in include/uapi/linux/bpf.h`);
  return index;
}

/**
 * The name under which a program's type and expected attach type need consent: the type's, "modify_return", or for what
 * this table does not know "TYPE/ATTACHTYPE". null: programs of this kind only observe.
 */
export function changingType(type: number, expectedAttachType: number): string | null {
  const known = PROGRAM_TYPES[type];
  if (known?.changes) return known.name;
  const attachType = attachTypeName(expectedAttachType);
  if (known?.name === 'tracing' && attachType === 'modify_return') return attachType;
  if (known?.observes?.has(attachType)) return null;
  return `${programTypeName(type)}/${attachType}`;
}

/** What programs do that changingType() gave this name, as the end of "the program ...". */
export function typeChanges(name: string): string {
  if (name === 'modify_return') return MODIFY_RETURN;
  return (
    PROGRAM_TYPES.find(type => type.name === name)?.changes ??
    `is of a type this version does not know (${name}), so what it may change is not known`
  );
}
