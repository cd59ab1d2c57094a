/**
 * Which Linux capabilities a session needs, and why. They are shown before elevation, and the tracer gets no others. A
 * tracer's work is a list of operations; each has rules for the capabilities that the kernel requires. Every rule is
 * tested on Linux 6.1 and 6.12 (test/kernel/tracer/capabilities.test.ts): with the capability the operation works,
 * without it it fails.
 */
import { programTypeName } from '../../shared/bpf/program-types';
import { kindOf } from '../../shared/bpf/section-kinds';
import { namesKernelAddresses } from '../../shared/decode/kernel-addresses';
import type { BpfObject, Program } from '../../shared/object/model';

/** In setpriv(1)'s notation: without CAP_, lower case. */
export type Capability =
  | 'bpf'
  | 'perfmon'
  | 'sys_admin'
  | 'sys_resource'
  | 'dac_read_search'
  | 'syslog'
  | 'net_admin';

/** Bit numbers of include/uapi/linux/capability.h. */
export const CAPABILITY_BITS: Readonly<Record<Capability, number>> = {
  dac_read_search: 2,
  net_admin: 12,
  sys_admin: 21,
  sys_resource: 24,
  syslog: 34,
  perfmon: 38,
  bpf: 39,
};

export interface NeededCapability {
  readonly capability: Capability;
  /** For the consent text: "kprobe programs go through perf_event_open, and kernel.perf_event_paranoid is 3". */
  readonly why: string;
}
export type Capabilities = readonly NeededCapability[];

/** Facts about the target's kernel, readable without privileges. */
export interface CapabilityFacts {
  /** e.g. "6.1.0-56-amd64" */
  readonly kernelRelease: string;
  /** /proc/sys/kernel/perf_event_paranoid */
  readonly perfEventParanoid: number;
  /** /proc/sys/kernel/kptr_restrict; 1 when unknown. */
  readonly kptrRestrict?: number;
  /** kernel.bpf_stats_enabled: the kernel already measures programs' run time. */
  readonly runTimeMeasured?: boolean;
}

/** The tracer's operations that need capabilities. Reading a session's open buffers and maps needs none. */
export type Operation =
  | 'load'
  | 'load-network-program'
  | 'create-network-map'
  | 'use-module-btf'
  | 'write-user-memory'
  | 'attach-user-probe'
  | 'open-perf-event'
  | 'read-tracefs'
  | 'read-kernel-addresses'
  | 'measure-run-time';

interface Rule {
  readonly operation: Operation;
  readonly capability: Capability;
  /** For the table in docs/security.md. */
  readonly when: string;
  readonly why: (facts: CapabilityFacts, subjects: readonly string[]) => string;
  /** Omitted: on every kernel. */
  readonly applies?: (facts: CapabilityFacts) => boolean;
  /** The kernel accepts CAP_SYS_ADMIN instead (bpf_capable and perfmon_capable of include/linux/capability.h). */
  readonly bySysAdminToo?: true;
}

const since = (major: number, minor: number) => (facts: CapabilityFacts) =>
  kernelAtLeast(facts.kernelRelease, major, minor);
const before = (major: number, minor: number) => (facts: CapabilityFacts) => !since(major, minor)(facts);

const RULES: readonly Rule[] = [
  {
    operation: 'load',
    capability: 'bpf',
    when: 'always, from Linux 5.8 on',
    why: () => 'to load BPF programs and maps',
    applies: since(5, 8),
    bySysAdminToo: true,
  },
  {
    operation: 'load',
    capability: 'perfmon',
    when: 'always, from Linux 5.8 on: tracing programs, and the verifier trusts programs with kernel addresses',
    why: () => 'to read kernel memory from a BPF program',
    applies: since(5, 8),
    bySysAdminToo: true,
  },
  {
    operation: 'load',
    capability: 'sys_admin',
    when: 'always, before Linux 5.8',
    why: () => 'kernels before 5.8 have no CAP_BPF',
    applies: before(5, 8),
  },
  {
    operation: 'load',
    capability: 'sys_resource',
    when: 'always, before Linux 5.11: BPF memory is charged to RLIMIT_MEMLOCK',
    why: () => 'kernels before 5.11 charge BPF memory to RLIMIT_MEMLOCK',
    applies: before(5, 11),
  },
  {
    operation: 'load-network-program',
    capability: 'net_admin',
    when: 'XDP, TC, socket map, tunnel and control group programs, except `cgroup_skb`, `sk_lookup` and `sk_reuseport`',
    why: (_facts, subjects) => `to load ${subjects.join(', ')} programs`,
    bySysAdminToo: true,
  },
  {
    operation: 'create-network-map',
    capability: 'net_admin',
    when: 'maps of sockets or network devices (sockmap, sockhash, devmap, xskmap)',
    why: (_facts, subjects) => `to create maps of type ${subjects.join(', ')}`,
  },
  {
    operation: 'use-module-btf',
    capability: 'sys_admin',
    when: 'fentry, fexit, fmod_ret and tp_btf programs on functions and tracepoints of a kernel module: reading a module’s BTF requires it',
    why: (_facts, subjects) => `to get the BTF of the kernel module that has ${subjects.join(', ')}`,
  },
  {
    operation: 'write-user-memory',
    capability: 'sys_admin',
    when: 'programs that call `bpf_probe_write_user`',
    why: (_facts, subjects) => `${subjects.join(', ')} calls bpf_probe_write_user`,
  },
  {
    operation: 'attach-user-probe',
    capability: 'sys_admin',
    when: 'uprobe, uretprobe and USDT programs',
    why: (_facts, subjects) => `to attach ${subjects.join(', ')} programs, for which the kernel requires it`,
  },
  {
    operation: 'open-perf-event',
    capability: 'sys_admin',
    when: 'kprobe, tracepoint and perf_event programs and perf buffers, while `kernel.perf_event_paranoid` is above 2 (Debian’s default is 3; `sudo sysctl kernel.perf_event_paranoid=2` avoids it)',
    why: ({ perfEventParanoid }, subjects) =>
      `${subjects.join(', ')} use perf_event_open, which requires it while kernel.perf_event_paranoid is ${perfEventParanoid} (avoid with: sudo sysctl kernel.perf_event_paranoid=2)`,
    applies: facts => facts.perfEventParanoid > 2,
  },
  {
    operation: 'measure-run-time',
    capability: 'sys_admin',
    when: 'the overhead guard is on, while `kernel.bpf_stats_enabled` is 0 (`sudo sysctl kernel.bpf_stats_enabled=1` avoids it)',
    why: () =>
      'for the overhead guard, to enable the kernel’s run-time statistics (avoid with: sudo sysctl kernel.bpf_stats_enabled=1)',
    applies: facts => facts.runTimeMeasured !== true,
  },
  {
    operation: 'read-tracefs',
    capability: 'dac_read_search',
    when: 'tracepoint programs and `bpf_printk`: tracefs belongs to root',
    why: (_facts, subjects) => `to read ${subjects.join(' and ')} in tracefs, which belongs to root`,
  },
  {
    operation: 'read-kernel-addresses',
    capability: 'syslog',
    when: 'names of kernel addresses and kprobe.multi programs: `/proc/kallsyms` has zeros otherwise (not while `kernel.perf_event_paranoid` is 1 or less)',
    why: (_facts, subjects) => `to ${subjects.join(' and ')} with /proc/kallsyms, which has zeros otherwise`,
    // kallsyms_show_value() of kernel/ksyms_common.c: 0 checks perf_event_paranoid first, 2 hides them from everybody.
    applies: ({ kptrRestrict = 1, perfEventParanoid }) =>
      kptrRestrict < 2 && !(kptrRestrict === 0 && perfEventParanoid <= 1),
  },
];

/** Each capability and when it is requested: the table in docs/security.md. */
export const CAPABILITY_TABLE: readonly { readonly capability: Capability; readonly when: string }[] =
  RULES.map(({ capability, when }) => ({ capability, when }));

/** The operations, each with its subjects for the text of the reason. */
export type Work = ReadonlyMap<Operation, readonly string[]>;

/** The capabilities that this work needs, each once with all its reasons. */
export function capabilitiesFor(work: Work, facts: CapabilityFacts): Capabilities {
  const needed = RULES.filter(rule => work.has(rule.operation) && (rule.applies?.(facts) ?? true));
  const isSysAdmin = needed.some(rule => rule.capability === 'sys_admin');
  const reasons = new Map<Capability, string[]>();
  for (const rule of needed) {
    if (isSysAdmin && rule.bySysAdminToo) continue;
    const why = rule.why(facts, work.get(rule.operation) ?? []);
    reasons.set(rule.capability, [...(reasons.get(rule.capability) ?? []), why]);
  }
  return [...reasons].map(([capability, whys]) => ({ capability, why: whys.join('; ') }));
}

/** Names in the target kernel's own BTF (without its modules'). */
export interface KernelNames {
  find(kind: 'func' | 'typedef', name: string): number | null;
}

/**
 * The operations of loading these programs of an object. `kernel`: null when not known yet; module programs are then
 * ignored. `values`: parameter values by C name, where they differ from the defaults.
 */
export function loadingWork(
  object: BpfObject,
  programs: readonly Program[],
  kernel: KernelNames | null,
  values: ReadonlyMap<string, string> = new Map(),
): Map<Operation, string[]> {
  const work = new Map<Operation, string[]>([['load', []]]);
  const add = (operation: Operation, subjects: readonly string[]) => {
    if (subjects.length > 0) work.set(operation, [...new Set(subjects)]);
  };
  add('load-network-program', programs.map(({ section }) => section).filter(isNetworkSection));
  add(
    'create-network-map',
    object.maps.map(map => map.typeName).filter(type => NETWORK_MAPS.has(type)),
  );
  add(
    'write-user-memory',
    programs.filter(each => each.helperIds.includes(BPF_FUNC_PROBE_WRITE_USER)).map(each => each.name),
  );
  if (kernel) {
    add(
      'use-module-btf',
      programs.flatMap(program => {
        const target = btfTarget(program, object, values);
        return target && kernel.find(target.kind, target.name) === null ? [target.shown] : [];
      }),
    );
  }
  return work;
}

/** The operations of a whole session: loading, attaching and reading. */
export function sessionWork(
  object: BpfObject,
  programs: readonly Program[],
  kernel: KernelNames | null,
  guarded: boolean,
  values: ReadonlyMap<string, string> = new Map(),
): Map<Operation, string[]> {
  const work = loadingWork(object, programs, kernel, values);
  const add = (operation: Operation, subjects: readonly string[]) => {
    if (subjects.length > 0) work.set(operation, [...new Set(subjects)]);
  };
  add(
    'attach-user-probe',
    programs.map(({ attachPoint }) => attachPoint.kind).filter(kind => USER_PROBE_KINDS.has(kind)),
  );
  const viaPerf = programs.filter(
    ({ attachPoint, needs }) => PERF_EVENT_KINDS.has(attachPoint.kind) || needs.includes('branch-stack'),
  );
  const perfBuffers = object.maps.filter(
    map => map.view.kind === 'events' && map.typeName === 'perf_event_array',
  );
  add('open-perf-event', [
    ...viaPerf.map(({ attachPoint }) => `${attachPoint.kind} programs`),
    ...(perfBuffers.length > 0 ? ['perf buffers'] : []),
  ]);
  add('read-tracefs', [
    ...(programs.some(({ attachPoint }) => attachPoint.kind === 'tracepoint') ? ['tracepoint ids'] : []),
    ...(object.usesPrintk ? ['the trace pipe'] : []),
  ]);
  add('read-kernel-addresses', [
    ...(namesKernelAddresses(object) ? ['name kernel addresses'] : []),
    ...(programs.some(({ attachPoint }) => attachPoint.kind.endsWith('.multi')) ? ['find functions'] : []),
  ]);
  if (guarded) work.set('measure-run-time', []);
  return work;
}

/** True when every capability of `needed` is in `granted`, or CAP_SYS_ADMIN is and includes it. */
export function coversCapabilities(granted: Capabilities, needed: Capabilities): boolean {
  const have = new Set(granted.map(entry => entry.capability));
  return needed.every(
    ({ capability }) => have.has(capability) || (have.has('sys_admin') && isBySysAdminToo(capability)),
  );
}

/** The capabilities as the kernel's bit set: one bit per capability. */
export function capabilityMask(capabilities: Capabilities): bigint {
  return capabilities.reduce((mask, entry) => mask | (1n << BigInt(CAPABILITY_BITS[entry.capability])), 0n);
}

/** True when an effective set (CapEff of /proc/PID/status, hexadecimal) contains every one of the capabilities. */
export function holdsCapabilities(effectiveHex: string, capabilities: Capabilities): boolean {
  const mask = capabilityMask(capabilities);
  return (BigInt(`0x${effectiveHex}`) & mask) === mask;
}

/** True only if all its rules allow it: CAP_SYS_ADMIN does not replace CAP_NET_ADMIN for maps. */
const isBySysAdminToo = (capability: Capability): boolean =>
  RULES.filter(rule => rule.capability === capability).every(rule => rule.bySysAdminToo === true);

/** "6.1.0-56-amd64" is at least 5.8. */
export function kernelAtLeast(release: string, major: number, minor: number): boolean {
  const [haveMajor = 0, haveMinor = 0] = release.split('.').map(part => Number.parseInt(part, 10));
  return haveMajor > major || (haveMajor === major && haveMinor >= minor);
}

const PERF_EVENT_KINDS: ReadonlySet<string> = new Set([
  'kprobe',
  'kretprobe',
  'ksyscall',
  'kretsyscall',
  'tracepoint',
  'perf_event',
]);

/** perf_uprobe_event_init() of kernel/events/core.c requires CAP_SYS_ADMIN, while perf_kprobe_event_init() accepts CAP_PERFMON. */
const USER_PROBE_KINDS: ReadonlySet<string> = new Set(['uprobe', 'uretprobe', 'usdt']);

/** is_net_admin_prog_type() of kernel/bpf/syscall.c. */
const NETWORK_TYPES: ReadonlySet<string> = new Set([
  ...['sched_cls', 'sched_act', 'xdp', 'lwt_in', 'lwt_out', 'lwt_xmit', 'lwt_seg6local', 'sk_skb', 'sk_msg'],
  ...[
    'flow_dissector',
    'cgroup_device',
    'cgroup_sock',
    'cgroup_sock_addr',
    'cgroup_sockopt',
    'cgroup_sysctl',
  ],
  ...['sock_ops', 'ext', 'netfilter'],
]);
function isNetworkSection(section: string): boolean {
  const kind = kindOf(section);
  return kind !== null && NETWORK_TYPES.has(programTypeName(kind.type.program));
}

/** sock_map_alloc(), dev_map_alloc() and xsk_map_alloc() want it. */
const NETWORK_MAPS: ReadonlySet<string> = new Set(['sockmap', 'sockhash', 'devmap', 'devmap_hash', 'xskmap']);
/** enum bpf_func_id; bpf_get_probe_write_proto() of kernel/trace/bpf_trace.c. */
const BPF_FUNC_PROBE_WRITE_USER = 36;

/** The BTF type that a program is bound to at load time; null when its section names none. */
function btfTarget(
  { attachPoint, targetParameter }: Program,
  object: BpfObject,
  values: ReadonlyMap<string, string>,
): { kind: 'func' | 'typedef'; name: string; shown: string } | null {
  const parameter = object.parameters.find(({ name }) => name === targetParameter);
  const chosen = parameter && (values.get(parameter.name)?.trim() ?? parameter.defaultValue);
  switch (attachPoint.kind) {
    case 'fentry':
    case 'fexit':
    case 'fmod_ret': {
      const name = chosen ?? attachPoint.function;
      return name === '' ? null : { kind: 'func', name, shown: name };
    }
    case 'tp_btf': {
      const { name } = attachPoint;
      return name === '' ? null : { kind: 'typedef', name: `btf_trace_${name}`, shown: name };
    }
    default:
      return null;
  }
}
