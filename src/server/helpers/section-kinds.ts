/**
 * Section names as libbpf understands them: the SEC_DEF table of tools/lib/bpf/libbpf.c (1.5) and
 * Documentation/bpf/libbpf/program_types.rst.
 */

/** Program types in groups that share their helpers; see helper-rules.ts. */
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

/** What follows the slash. */
export type TargetKind =
  | 'none'
  | 'function'
  | 'pattern'
  | 'syscall'
  | 'tracepoint'
  | 'raw-tracepoint'
  | 'lsm-hook'
  | 'iterator'
  | 'user-function'
  | 'user-pattern'
  | 'usdt'
  | 'operation'
  | 'program-function';

export interface SectionKind {
  readonly name: string;
  readonly family: ProgramFamily;
  readonly target: TargetKind;
  /** Runs in a context that may sleep: more helpers. */
  readonly sleepable: boolean;
  /** One line for people. */
  readonly description: string;
}

const kinds: SectionKind[] = [];

function define(names: string, family: ProgramFamily, target: TargetKind, description: string): void {
  for (const name of names.split(' ')) {
    kinds.push({
      name,
      family,
      target,
      sleepable: /\.s(\.|$)|\.s$/.test(name) || name === 'syscall',
      description,
    });
  }
}

define('fentry fentry.s', 'tracing', 'function', 'Entry of a kernel function, by trampoline (5.5)');
define(
  'fexit fexit.s',
  'tracing',
  'function',
  'Return of a kernel function, with its arguments and result (5.5)',
);
define(
  'fmod_ret fmod_ret.s',
  'tracing',
  'function',
  'May change what a kernel function returns: a security hook or one that allows error injection (5.7)',
);
define('fsession fsession.s', 'tracing', 'function', 'Entry and return of a kernel function in one program');
define('kprobe', 'kprobe', 'function', 'Entry of, or an instruction in, a kernel function');
define('kretprobe', 'kprobe', 'function', 'Return of a kernel function');
define(
  'kprobe.multi kretprobe.multi kprobe.session',
  'kprobe',
  'pattern',
  'Many kernel functions at once, by pattern (5.18)',
);
define('ksyscall', 'kprobe', 'syscall', 'Entry of a system call');
define('kretsyscall', 'kprobe', 'syscall', 'Return of a system call');
define('tp tracepoint', 'tracepoint', 'tracepoint', 'Classic tracepoint: category/name');
define('raw_tp raw_tracepoint', 'raw_tp', 'raw-tracepoint', 'Tracepoint with its raw arguments');
define('raw_tp.w raw_tracepoint.w', 'raw_tp', 'raw-tracepoint', 'Writable raw tracepoint');
define('tp_btf', 'tracing', 'raw-tracepoint', 'Tracepoint with typed arguments (5.5)');
define(
  'uprobe uprobe.s',
  'kprobe',
  'user-function',
  'Entry of a function in a program or library: path:function',
);
define('uretprobe uretprobe.s', 'kprobe', 'user-function', 'Return of a function in a program or library');
define(
  'uprobe.multi uprobe.multi.s uretprobe.multi uretprobe.multi.s uprobe.session uprobe.session.s',
  'kprobe',
  'user-pattern',
  'Many user functions at once, by pattern (6.6)',
);
define('usdt usdt.s', 'kprobe', 'usdt', 'Static probe in a program or library: path:provider:name');
define('perf_event', 'perf_event', 'none', 'Samples of a perf event: profiling');
define('iter iter.s', 'iter', 'iterator', 'Walks kernel objects when a file is read (5.8)');
define('lsm lsm.s', 'lsm', 'lsm-hook', 'Security hook; may deny (5.7)');
define('lsm_cgroup', 'lsm', 'lsm-hook', 'Security hook of one control group (6.0)');
define('syscall', 'syscall', 'none', 'Program that user space runs (5.14)');
define('struct_ops struct_ops.s', 'struct_ops', 'operation', 'Member of a kernel operations table');
define('freplace', 'ext', 'program-function', 'Replaces a function of another BPF program');
define(
  'xdp xdp.frags xdp/devmap xdp.frags/devmap xdp/cpumap xdp.frags/cpumap',
  'xdp',
  'none',
  'Packets as the driver receives them',
);
define(
  'tc tc/ingress tc/egress tcx/ingress tcx/egress classifier action netkit/primary netkit/peer',
  'tc',
  'none',
  'Packets in traffic control',
);
define('socket', 'socket', 'none', 'Filter of one socket');
define('sk_reuseport sk_reuseport/migrate sk_lookup sk_msg', 'sk', 'none', 'Choice of a socket');
define(
  'sk_skb sk_skb/stream_parser sk_skb/stream_verdict sk_skb/verdict',
  'sk',
  'none',
  'Data in a socket map',
);
define('sockops', 'sock_ops', 'none', "Events in a TCP connection's life");
define('flow_dissector', 'socket', 'none', 'Dissection of packet headers');
define('lwt_in lwt_out lwt_xmit lwt_seg6local', 'lwt', 'none', 'Lightweight tunnel');
define('netfilter', 'netfilter', 'none', 'Netfilter hook (6.4)');
define('lirc_mode2', 'other', 'none', 'Infrared decoder');
define(
  'cgroup_skb/ingress cgroup_skb/egress cgroup/skb cgroup/sock_create cgroup/sock_release cgroup/sock cgroup/post_bind4 cgroup/post_bind6 cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/connect_unix cgroup/sendmsg4 cgroup/sendmsg6 cgroup/sendmsg_unix cgroup/recvmsg4 cgroup/recvmsg6 cgroup/recvmsg_unix cgroup/getpeername4 cgroup/getpeername6 cgroup/getpeername_unix cgroup/getsockname4 cgroup/getsockname6 cgroup/getsockname_unix cgroup/sysctl cgroup/getsockopt cgroup/setsockopt cgroup/dev',
  'cgroup',
  'none',
  'Hook of a control group',
);

export const SECTION_KINDS: readonly SectionKind[] = kinds;
const byName = new Map(kinds.map(kind => [kind.name, kind]));

/** Sections that hold no program. */
export function isDataSection(name: string): boolean {
  return /^(license|version|\.maps|\.kconfig|\.ksyms|\.text|\.struct_ops(\.link)?|\.addr_space\.1|\.rodata.*|\.data.*|\.bss.*|\?\.struct_ops(\.link)?)$/.test(
    name,
  );
}

export interface ParsedSection {
  readonly kind: SectionKind;
  readonly optional: boolean;
  /** Behind the kind's slash; null without a slash. */
  readonly target: string | null;
  /** Where the target begins in the name. */
  readonly targetOffset: number;
}

/** Reads a program's section name; null when libbpf knows no such kind. */
export function parseSection(name: string): ParsedSection | null {
  const optional = name.startsWith('?');
  const rest = optional ? name.slice(1) : name;
  const whole = byName.get(rest);
  const skip = optional ? 1 : 0;
  if (whole) return { kind: whole, optional, target: null, targetOffset: skip + rest.length };
  const slash = rest.indexOf('/');
  if (slash < 0) return null;
  const kind = byName.get(rest.slice(0, slash));
  if (!kind || kind.target === 'none') return null;
  return { kind, optional, target: rest.slice(slash + 1), targetOffset: skip + slash + 1 };
}

export function findSectionKind(name: string): SectionKind | null {
  return byName.get(name) ?? null;
}
