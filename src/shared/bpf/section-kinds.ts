/**
 * Sections of programs as libbpf understands them, and what may become of each when it is attached by its section:
 * the SEC_DEF table of tools/lib/bpf/libbpf.c. What is not in the table is not handed to libbpf.
 */
import { parseAttachPoint } from '../object/sections';
import { attachTypeNumber, programTypeNumber } from './program-types';

/** What follows the kind's slash, and so who attaches it. */
type Target =
  /** Something of the kernel's, by name: libbpf attaches it, and no name in it can be a path. */
  | 'function'
  | 'function+offset'
  | 'pattern'
  | 'system-call'
  | 'tracepoint'
  | 'name'
  /** A file, opened as the caller. */
  | 'uprobe'
  | 'usdt'
  /** A file and a pattern: libbpf would open it with the tracer's rights. */
  | 'uprobe.multi'
  /** Loaded; user space then reads it. */
  | 'iterator'
  /** The section says nothing: a perf event, an interface, a socket or a control group has to be chosen. */
  | 'none';

export interface SectionKind {
  /** "fentry", "xdp/devmap": the section up to what it attaches to. */
  readonly name: string;
  /** enum bpf_prog_type and enum bpf_attach_type that libbpf loads it with. */
  readonly type: { readonly program: number; readonly attach: number };
  readonly target: Target;
}

const KINDS: ReadonlyMap<string, SectionKind> = new Map(
  (
    [
      ['fentry fentry.s', 'tracing', 'trace_fentry', 'function'],
      ['fexit fexit.s', 'tracing', 'trace_fexit', 'function'],
      ['fmod_ret fmod_ret.s', 'tracing', 'modify_return', 'function'],
      ['fsession fsession.s', 'tracing', 'trace_fsession', 'function'],
      ['tp_btf', 'tracing', 'trace_raw_tp', 'name'],
      ['iter iter.s', 'tracing', 'trace_iter', 'iterator'],
      ['lsm lsm.s', 'lsm', 'lsm_mac', 'name'],
      // Attached to a control group, which the section does not name.
      ['lsm_cgroup', 'lsm', 'lsm_cgroup', 'none'],
      ['freplace', 'ext', null, 'function'],
      ['raw_tp raw_tracepoint', 'raw_tracepoint', null, 'name'],
      ['raw_tp.w raw_tracepoint.w', 'raw_tracepoint_writable', null, 'name'],
      ['tp tracepoint', 'tracepoint', null, 'tracepoint'],
      ['kprobe kretprobe', 'kprobe', null, 'function+offset'],
      ['kprobe.multi kretprobe.multi', 'kprobe', 'trace_kprobe_multi', 'pattern'],
      ['kprobe.session', 'kprobe', 'trace_kprobe_session', 'pattern'],
      ['ksyscall kretsyscall', 'kprobe', null, 'system-call'],
      ['uprobe uprobe.s uretprobe uretprobe.s', 'kprobe', null, 'uprobe'],
      [
        'uprobe.multi uprobe.multi.s uretprobe.multi uretprobe.multi.s',
        'kprobe',
        'trace_uprobe_multi',
        'uprobe.multi',
      ],
      ['uprobe.session uprobe.session.s', 'kprobe', 'trace_uprobe_session', 'uprobe.multi'],
      ['usdt usdt.s', 'kprobe', null, 'usdt'],
      ['perf_event', 'perf_event', null, 'none'],
      ['syscall', 'syscall', null, 'none'],
      ['struct_ops struct_ops.s', 'struct_ops', null, 'none'],
      ['socket', 'socket_filter', null, 'none'],
      ['xdp xdp.frags', 'xdp', 'xdp', 'none'],
      ['xdp/devmap xdp.frags/devmap', 'xdp', 'xdp_devmap', 'none'],
      ['xdp/cpumap xdp.frags/cpumap', 'xdp', 'xdp_cpumap', 'none'],
      ['tc classifier tc/ingress tc/egress tcx/ingress tcx/egress', 'sched_cls', null, 'none'],
      ['netkit/primary netkit/peer', 'sched_cls', null, 'none'],
      ['action', 'sched_act', null, 'none'],
      ['sk_reuseport sk_reuseport/migrate', 'sk_reuseport', null, 'none'],
      ['sk_lookup', 'sk_lookup', 'sk_lookup', 'none'],
      ['sk_msg', 'sk_msg', 'sk_msg_verdict', 'none'],
      ['sk_skb sk_skb/stream_parser sk_skb/stream_verdict sk_skb/verdict', 'sk_skb', null, 'none'],
      ['sockops', 'sock_ops', 'cgroup_sock_ops', 'none'],
      ['flow_dissector', 'flow_dissector', 'flow_dissector', 'none'],
      ['lwt_in', 'lwt_in', null, 'none'],
      ['lwt_out', 'lwt_out', null, 'none'],
      ['lwt_xmit', 'lwt_xmit', null, 'none'],
      ['lwt_seg6local', 'lwt_seg6local', null, 'none'],
      ['netfilter', 'netfilter', 'netfilter', 'none'],
      ['lirc_mode2', 'lirc_mode2', 'lirc_mode2', 'none'],
      ['cgroup_skb/ingress cgroup_skb/egress cgroup/skb', 'cgroup_skb', null, 'none'],
      [
        'cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/post_bind4 cgroup/post_bind6',
        'cgroup_sock',
        null,
        'none',
      ],
      [
        'cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/connect_unix cgroup/sendmsg4 cgroup/sendmsg6 ' +
          'cgroup/sendmsg_unix cgroup/recvmsg4 cgroup/recvmsg6 cgroup/recvmsg_unix cgroup/getpeername4 ' +
          'cgroup/getpeername6 cgroup/getpeername_unix cgroup/getsockname4 cgroup/getsockname6 cgroup/getsockname_unix',
        'cgroup_sock_addr',
        null,
        'none',
      ],
      ['cgroup/sysctl', 'cgroup_sysctl', null, 'none'],
      ['cgroup/getsockopt cgroup/setsockopt', 'cgroup_sockopt', null, 'none'],
      ['cgroup/dev', 'cgroup_device', null, 'none'],
    ] as const
  ).flatMap(([names, program, attach, target]) => {
    const type = {
      program: programTypeNumber(program),
      attach: attach === null ? 0 : attachTypeNumber(attach),
    };
    return names.split(' ').map((name): [string, SectionKind] => [name, { name, type, target }]);
  }),
);

/** Every kind there is, for tests. */
export const SECTION_KINDS: readonly SectionKind[] = [...KINDS.values()];

interface ParsedSection {
  readonly kind: SectionKind;
  /** What follows the slash; empty where there is none. */
  readonly target: string;
}

/** Null for a section whose kind is not in the table. A leading '?' (do not load by itself) is ignored. */
export function parseSection(section: string): ParsedSection | null {
  const name = section.startsWith('?') ? section.slice(1) : section;
  const whole = KINDS.get(name);
  if (whole) return { kind: whole, target: '' };
  const slash = name.indexOf('/');
  const kind = slash < 0 ? undefined : KINDS.get(name.slice(0, slash));
  return kind ? { kind, target: name.slice(slash + 1) } : null;
}

/**
 * Names of the kernel's functions, hooks, modules, tracepoints and their categories: no slash and no leading dot, because libbpf
 * puts a tracepoint's name into the path of a file below tracefs; no control characters, because old kernels take
 * kprobes by the line.
 */
export const KERNEL_NAME = /^\w[\w.$:-]*$/;
/** As kprobe.multi takes them: '*' any number of characters, '?' one. */
export const KERNEL_PATTERN = /^[\w*?][\w.$:*?-]*$/;

const KERNEL_TARGETS: Partial<Readonly<Record<Target, RegExp>>> = {
  function: KERNEL_NAME,
  'function+offset': /^\w[\w.$:-]*(\+(0[xX][0-9a-fA-F]+|\d+))?$/,
  pattern: KERNEL_PATTERN,
  'system-call': /^\w+$/,
  tracepoint: /^\w[\w.$:-]*\/\w[\w.$:-]*$/,
  name: KERNEL_NAME,
};

export type SectionAttach =
  /** libbpf's own attaching: the section names nothing but what is the kernel's. */
  | { readonly how: 'libbpf' }
  | {
      readonly how: 'uprobe';
      /** As written: a path, or the name of a library or a command. */
      readonly file: string;
      /** null: `offset` is one in the file. */
      readonly symbol: string | null;
      readonly offset: bigint;
      readonly return: boolean;
    }
  | { readonly how: 'usdt'; readonly file: string; readonly provider: string; readonly probe: string }
  | { readonly how: 'loaded only' }
  /** `why` ends a sentence about the section, and says what to do. */
  | { readonly how: 'refused'; readonly why: string };

const refused = (why: string): SectionAttach => ({ how: 'refused', why });

/** How a program is attached by its section alone. What libbpf is given is listed here; nothing else gets there. */
export function sectionAttach(section: string): SectionAttach {
  if (/\p{Cc}/u.test(section)) return refused('has control characters. Rename it.');
  const parsed = parseSection(section);
  if (!parsed) return refused('is of a kind that cannot be attached here. Check its spelling.');
  const { kind, target } = parsed;
  if (kind.target === 'iterator') return { how: 'loaded only' };
  if (kind.target === 'uprobe.multi') {
    return refused(
      'names a file that libbpf would open with the rights of the tracer. Use SEC("uprobe/...") for each function.',
    );
  }
  if (kind.target === 'none' && kind.name !== 'perf_event') {
    return refused(
      'names no attach point: an interface, a socket or a control group has to be chosen, which is not possible here.',
    );
  }
  if (target === '') return refused('does not say where to attach. Choose an attach point for it.');
  if (kind.target === 'uprobe' || kind.target === 'usdt') return fileAttach(section);
  const grammar = KERNEL_TARGETS[kind.target];
  return grammar?.test(target)
    ? { how: 'libbpf' }
    : refused(`names no ${kind.target === 'name' ? 'tracepoint or hook' : kind.target} that can exist.`);
}

function fileAttach(section: string): SectionAttach {
  const point = parseAttachPoint(section);
  if (point.kind === 'usdt' && point.path && point.provider && point.probe)
    return { how: 'usdt', file: point.path, provider: point.provider, probe: point.probe };
  if ((point.kind === 'uprobe' || point.kind === 'uretprobe') && point.path && point.symbol) {
    const isOffset = /^(0x[0-9a-f]+|\d+)$/i.test(point.symbol);
    return {
      how: 'uprobe',
      file: point.path,
      symbol: isOffset ? null : point.symbol,
      offset: BigInt(isOffset ? point.symbol : point.offset),
      return: point.kind === 'uretprobe',
    };
  }
  return refused('does not name a file and what to probe in it, as in SEC("uprobe//bin/bash:readline").');
}
