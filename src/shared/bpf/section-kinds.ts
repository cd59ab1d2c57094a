/**
 * Sections of programs as libbpf understands them: the SEC_DEF table of tools/lib/bpf/libbpf.c (1.5) and
 * Documentation/bpf/libbpf/program_types.rst. What is not in the table is not handed to libbpf.
 */
import { attachTypeNumber, programTypeNumber } from './program-types';

/** Program types in groups that share their helpers. */
export type ProgramFamily =
  | 'kprobe'
  | 'tracepoint'
  | 'raw_tp'
  | 'perf_event'
  | 'tracing'
  | 'lsm'
  | 'iter'
  | 'syscall'
  | 'struct_ops'
  | 'ext'
  | 'xdp'
  | 'tc'
  | 'socket'
  | 'sk'
  | 'sock_ops'
  | 'cgroup'
  | 'lwt'
  | 'netfilter'
  | 'other';

/** What follows the kind's slash, and so who attaches it. */
export type TargetKind =
  /** Of the kernel, by name: libbpf attaches it, and no name in it can be a path. A kprobe's may have an offset. */
  | 'function'
  | 'pattern'
  | 'syscall'
  | 'tracepoint'
  | 'raw-tracepoint'
  | 'lsm-hook'
  /** A file and a function, opened as the caller. */
  | 'user-function'
  | 'usdt'
  /** A file and a pattern: libbpf would open it with the tracer's rights. */
  | 'user-pattern'
  /** Loaded; user space then reads it. */
  | 'iterator'
  /** A member of an operations table, which user space registers. */
  | 'operation'
  /** Of another BPF program. */
  | 'program-function'
  /** The section says nothing: a perf event, an interface, a socket or a control group has to be chosen. */
  | 'none';

export interface SectionKind {
  /** "fentry", "xdp/devmap": the section up to what it attaches to. */
  readonly name: string;
  readonly family: ProgramFamily;
  /** enum bpf_prog_type and enum bpf_attach_type that libbpf loads it with. */
  readonly type: { readonly program: number; readonly attach: number };
  readonly target: TargetKind;
  /** Runs in a context that may sleep: more helpers. */
  readonly sleepable: boolean;
  /** One line for people, with the release that brought it. */
  readonly description: string;
}

type Row = readonly [
  names: string,
  family: ProgramFamily,
  program: string,
  attach: string | null,
  target: TargetKind,
  description: string,
];

const PACKETS = 'Packets as the driver receives them';
const TRAFFIC = 'Packets in traffic control';
const CHOICE = 'Choice of a socket';
const TUNNEL = 'Lightweight tunnel';
const CGROUP = 'Hook of a control group';
const MULTI = 'Many kernel functions at once, by pattern (5.18)';
const USER_MULTI = 'Many user functions at once, by pattern (6.6)';

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ['fentry fentry.s', 'tracing', 'tracing', 'trace_fentry', 'function', 'Entry of a kernel function, by trampoline (5.5)'],
  ['fexit fexit.s', 'tracing', 'tracing', 'trace_fexit', 'function', 'Return of a kernel function, with its arguments and result (5.5)'],
  ['fmod_ret fmod_ret.s', 'tracing', 'tracing', 'modify_return', 'function', 'May change what a kernel function returns: a security hook or one that allows error injection (5.7)'],
  ['fsession fsession.s', 'tracing', 'tracing', 'trace_fsession', 'function', 'Entry and return of a kernel function in one program'],
  ['kprobe', 'kprobe', 'kprobe', null, 'function', 'Entry of, or an instruction in, a kernel function'],
  ['kretprobe', 'kprobe', 'kprobe', null, 'function', 'Return of a kernel function'],
  ['kprobe.multi kretprobe.multi', 'kprobe', 'kprobe', 'trace_kprobe_multi', 'pattern', MULTI],
  ['kprobe.session', 'kprobe', 'kprobe', 'trace_kprobe_session', 'pattern', MULTI],
  ['ksyscall', 'kprobe', 'kprobe', null, 'syscall', 'Entry of a system call'],
  ['kretsyscall', 'kprobe', 'kprobe', null, 'syscall', 'Return of a system call'],
  ['tp tracepoint', 'tracepoint', 'tracepoint', null, 'tracepoint', 'Classic tracepoint: category/name'],
  ['raw_tp raw_tracepoint', 'raw_tp', 'raw_tracepoint', null, 'raw-tracepoint', 'Tracepoint with its raw arguments'],
  ['raw_tp.w raw_tracepoint.w', 'raw_tp', 'raw_tracepoint_writable', null, 'raw-tracepoint', 'Writable raw tracepoint'],
  ['tp_btf', 'tracing', 'tracing', 'trace_raw_tp', 'raw-tracepoint', 'Tracepoint with typed arguments (5.5)'],
  ['uprobe uprobe.s', 'kprobe', 'kprobe', null, 'user-function', 'Entry of a function in a program or library: path:function'],
  ['uretprobe uretprobe.s', 'kprobe', 'kprobe', null, 'user-function', 'Return of a function in a program or library'],
  ['uprobe.multi uprobe.multi.s uretprobe.multi uretprobe.multi.s', 'kprobe', 'kprobe', 'trace_uprobe_multi', 'user-pattern', USER_MULTI],
  ['uprobe.session uprobe.session.s', 'kprobe', 'kprobe', 'trace_uprobe_session', 'user-pattern', USER_MULTI],
  ['usdt usdt.s', 'kprobe', 'kprobe', null, 'usdt', 'Static probe in a program or library: path:provider:name'],
  ['perf_event', 'perf_event', 'perf_event', null, 'none', 'Samples of a perf event: profiling'],
  ['iter iter.s', 'iter', 'tracing', 'trace_iter', 'iterator', 'Walks kernel objects when a file is read (5.8)'],
  ['lsm lsm.s', 'lsm', 'lsm', 'lsm_mac', 'lsm-hook', 'Security hook; may deny (5.7)'],
  ['lsm_cgroup', 'lsm', 'lsm', 'lsm_cgroup', 'lsm-hook', 'Security hook of one control group (6.0)'],
  ['syscall', 'syscall', 'syscall', null, 'none', 'Program that user space runs (5.14)'],
  ['struct_ops struct_ops.s', 'struct_ops', 'struct_ops', null, 'operation', 'Member of a kernel operations table'],
  ['freplace', 'ext', 'ext', null, 'program-function', 'Replaces a function of another BPF program'],
  ['xdp xdp.frags', 'xdp', 'xdp', 'xdp', 'none', PACKETS],
  ['xdp/devmap xdp.frags/devmap', 'xdp', 'xdp', 'xdp_devmap', 'none', PACKETS],
  ['xdp/cpumap xdp.frags/cpumap', 'xdp', 'xdp', 'xdp_cpumap', 'none', PACKETS],
  ['tc tc/ingress tc/egress tcx/ingress tcx/egress classifier', 'tc', 'sched_cls', null, 'none', TRAFFIC],
  ['action', 'tc', 'sched_act', null, 'none', TRAFFIC],
  ['netkit/primary netkit/peer', 'tc', 'sched_cls', null, 'none', TRAFFIC],
  ['socket', 'socket', 'socket_filter', null, 'none', 'Filter of one socket'],
  ['sk_reuseport sk_reuseport/migrate', 'sk', 'sk_reuseport', null, 'none', CHOICE],
  ['sk_lookup', 'sk', 'sk_lookup', 'sk_lookup', 'none', CHOICE],
  ['sk_msg', 'sk', 'sk_msg', 'sk_msg_verdict', 'none', CHOICE],
  ['sk_skb sk_skb/stream_parser sk_skb/stream_verdict sk_skb/verdict', 'sk', 'sk_skb', null, 'none', 'Data in a socket map'],
  ['sockops', 'sock_ops', 'sock_ops', 'cgroup_sock_ops', 'none', "Events in a TCP connection's life"],
  ['flow_dissector', 'socket', 'flow_dissector', 'flow_dissector', 'none', 'Dissection of packet headers'],
  ['lwt_in', 'lwt', 'lwt_in', null, 'none', TUNNEL],
  ['lwt_out', 'lwt', 'lwt_out', null, 'none', TUNNEL],
  ['lwt_xmit', 'lwt', 'lwt_xmit', null, 'none', TUNNEL],
  ['lwt_seg6local', 'lwt', 'lwt_seg6local', null, 'none', TUNNEL],
  ['netfilter', 'netfilter', 'netfilter', 'netfilter', 'none', 'Netfilter hook (6.4)'],
  ['lirc_mode2', 'other', 'lirc_mode2', 'lirc_mode2', 'none', 'Infrared decoder'],
  ['cgroup_skb/ingress cgroup_skb/egress cgroup/skb', 'cgroup', 'cgroup_skb', null, 'none', CGROUP],
  ['cgroup/sock_create cgroup/sock_release cgroup/sock cgroup/post_bind4 cgroup/post_bind6', 'cgroup', 'cgroup_sock', null, 'none', CGROUP],
  [
    'cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/connect_unix cgroup/sendmsg4 cgroup/sendmsg6 ' +
      'cgroup/sendmsg_unix cgroup/recvmsg4 cgroup/recvmsg6 cgroup/recvmsg_unix cgroup/getpeername4 ' +
      'cgroup/getpeername6 cgroup/getpeername_unix cgroup/getsockname4 cgroup/getsockname6 cgroup/getsockname_unix',
    'cgroup', 'cgroup_sock_addr', null, 'none', CGROUP,
  ],
  ['cgroup/sysctl', 'cgroup', 'cgroup_sysctl', null, 'none', CGROUP],
  ['cgroup/getsockopt cgroup/setsockopt', 'cgroup', 'cgroup_sockopt', null, 'none', CGROUP],
  ['cgroup/dev', 'cgroup', 'cgroup_device', null, 'none', CGROUP],
];

/** Every kind there is, tracing first. */
export const SECTION_KINDS: readonly SectionKind[] = ROWS.flatMap(
  ([names, family, program, attach, target, description]) => {
    const type = {
      program: programTypeNumber(program),
      attach: attach === null ? 0 : attachTypeNumber(attach),
    };
    return names.split(' ').map(name => {
      const sleepable = name.endsWith('.s') || name === 'syscall';
      return { name, family, type, target, sleepable, description };
    });
  },
);
const KINDS: ReadonlyMap<string, SectionKind> = new Map(SECTION_KINDS.map(kind => [kind.name, kind]));

/** The kind of this name, as in the table. */
export function findSectionKind(name: string): SectionKind | null {
  return KINDS.get(name) ?? null;
}

/** Sections that hold no program. */
export function isDataSection(name: string): boolean {
  return /^(license|version|\.maps|\.kconfig|\.ksyms|\.text|\.struct_ops(\.link)?|\.addr_space\.1|\.rodata.*|\.data.*|\.bss.*|\?\.struct_ops(\.link)?)$/.test(
    name,
  );
}

export interface ParsedSection {
  readonly kind: SectionKind;
  /** A leading '?': not loaded by itself. */
  readonly optional: boolean;
  /** Behind the kind's slash; null without a slash. */
  readonly target: string | null;
  /** Where the target begins in the name. */
  readonly targetOffset: number;
}

/** Reads a program's section name; null when libbpf knows no such kind, or takes nothing behind the kind's slash. */
export function parseSection(name: string): ParsedSection | null {
  const optional = name.startsWith('?');
  const skip = optional ? 1 : 0;
  const rest = name.slice(skip);
  const kind = kindOf(name);
  if (kind?.name === rest) return { kind, optional, target: null, targetOffset: name.length };
  if (!kind || kind.target === 'none') return null;
  const targetOffset = skip + rest.indexOf('/') + 1;
  return { kind, optional, target: name.slice(targetOffset), targetOffset };
}

/**
 * The kind that a section begins with, whatever follows its slash: libbpf before 1.0 loaded "xdp/name" as it loads "xdp".
 * null for a kind that is not in the table.
 */
export function kindOf(section: string): SectionKind | null {
  const rest = section.replace(/^\?/, '');
  return KINDS.get(rest) ?? KINDS.get(/^[^/]*(?=\/)/.exec(rest)?.[0] ?? '') ?? null;
}

/**
 * Names of the kernel's functions, hooks, modules, tracepoints and their categories: no slash and no leading dot, because libbpf
 * puts a tracepoint's name into the path of a file below tracefs; no control characters, because old kernels take
 * kprobes by the line.
 */
export const KERNEL_NAME = /^\w[\w.$:-]*$/;
/** As kprobe.multi takes them: '*' any number of characters, '?' one. */
export const KERNEL_PATTERN = /^[\w*?][\w.$:*?-]*$/;

/** What libbpf takes as a target of the kernel's, by kind; it would read others in part, or as something else. */
const KERNEL_TARGETS: Partial<Readonly<Record<TargetKind, RegExp>>> = {
  // module:function, since libbpf 1.4.
  function: /^([\w-]+:)?\w[\w.]*$/,
  pattern: /^[\w*?][\w.*?]*$/,
  syscall: /^\w+$/,
  tracepoint: /^\w[\w-]*\/\w[\w-]*$/,
  'raw-tracepoint': KERNEL_NAME,
  'lsm-hook': KERNEL_NAME,
  'program-function': KERNEL_NAME,
};
const FUNCTION_AND_OFFSET = /^\w[\w.]*(\+(0[xX][0-9a-fA-F]+|\d+))?$/;

/** The grammar of what follows the kind's slash, for what the kernel has by name; null for the rest. */
export function kernelTargetGrammar({ family, target }: SectionKind): RegExp | null {
  return family === 'kprobe' && target === 'function'
    ? FUNCTION_AND_OFFSET
    : (KERNEL_TARGETS[target] ?? null);
}
