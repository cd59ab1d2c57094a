/**
 * Which Linux capabilities a session needs, and why: shown to the person before they agree, given to the helper and
 * nothing more. Measured on Debian's 6.1 as an ordinary user started through setpriv(1); docs/security.md has the table.
 */
import type { BpfObject, Program } from '../shared/object/model';

/** setpriv(1)'s names: without CAP_, lower case. */
export type Capability =
  | 'bpf'
  | 'perfmon'
  | 'sys_admin'
  | 'sys_resource'
  | 'sys_ptrace'
  | 'dac_read_search'
  | 'syslog'
  | 'net_admin';

/** Bit numbers of include/uapi/linux/capability.h. */
export const CAPABILITY_BITS: Readonly<Record<Capability, number>> = {
  dac_read_search: 2,
  net_admin: 12,
  sys_ptrace: 19,
  sys_admin: 21,
  sys_resource: 24,
  syslog: 34,
  perfmon: 38,
  bpf: 39,
};

export interface BudgetEntry {
  readonly capability: Capability;
  /** For people: "kprobes go through perf_event_open, and kernel.perf_event_paranoid is 3 here". */
  readonly why: string;
}
export type CapabilityBudget = readonly BudgetEntry[];

export interface BudgetFacts {
  /** e.g. "6.1.0-56-amd64" */
  readonly kernelRelease: string;
  /** /proc/sys/kernel/perf_event_paranoid */
  readonly perfEventParanoid: number;
  /** The overhead guard wants programs' run time. */
  readonly guarded?: boolean;
  /** kernel.bpf_stats_enabled: the kernel measures it anyway. */
  readonly runTimeMeasured?: boolean;
}

/**
 * The budget of the programs named, of one object. Attach kinds decide: what goes through perf_event_open needs more
 * than what the BPF link call attaches.
 */
export function capabilityBudget(
  object: BpfObject,
  programs: readonly Program[],
  facts: BudgetFacts,
): CapabilityBudget {
  const budget = new Map<Capability, string>();
  const need = (capability: Capability, why: string) => {
    if (!budget.has(capability)) budget.set(capability, why);
  };
  const kinds = new Set(programs.map(program => program.attachPoint.kind));

  if (kernelAtLeast(facts.kernelRelease, 5, 8)) {
    need('bpf', 'to load BPF programs and maps');
    need('perfmon', 'to read kernel memory from a tracing program');
  } else {
    need('sys_admin', 'kernels before 5.8 have no CAP_BPF');
  }
  if (!kernelAtLeast(facts.kernelRelease, 5, 11)) {
    need('sys_resource', 'kernels before 5.11 charge BPF memory to RLIMIT_MEMLOCK');
  }

  const viaPerf = [...kinds].filter(kind => PERF_EVENT_KINDS.has(kind));
  if (viaPerf.length > 0 && facts.perfEventParanoid > 2) {
    need(
      'sys_admin',
      `${viaPerf.join(', ')} programs go through perf_event_open, which wants it while kernel.perf_event_paranoid is ${facts.perfEventParanoid} (avoid with: sudo sysctl kernel.perf_event_paranoid=2)`,
    );
  }
  if (facts.guarded && !facts.runTimeMeasured) {
    need(
      'sys_admin',
      'the overhead guard has the kernel measure what programs take (avoid with: sudo sysctl kernel.bpf_stats_enabled=1)',
    );
  }
  if (kinds.has('tracepoint') || kinds.has('ksyscall') || kinds.has('kretsyscall')) {
    need('dac_read_search', 'to read the tracepoint’s id under /sys/kernel/tracing');
  }
  if (object.usesPrintk) need('dac_read_search', 'to read /sys/kernel/tracing/trace_pipe');
  if (showsKernelAddresses(object)) need('syslog', 'to name kernel addresses (/proc/kallsyms)');
  if (object.maps.some(map => map.view.kind === 'stacks')) {
    need('syslog', 'to name kernel addresses (/proc/kallsyms)');
    need('sys_ptrace', 'to read the memory maps of the processes whose stacks are shown');
  }
  if (
    programs.some(program => /^(xdp|tc|tcx|classifier|action|cgroup|sk_|sock|netkit)/.test(program.section))
  ) {
    need('net_admin', 'to attach to network interfaces, sockets or control groups');
  }
  return [...budget].map(([capability, why]) => ({ capability, why }));
}

/** True when every capability of `needed` is in `granted`. */
export function coversBudget(granted: CapabilityBudget, needed: CapabilityBudget): boolean {
  return needed.every(entry => granted.some(have => have.capability === entry.capability));
}

/** The budget as the kernel writes a set: one bit a capability. */
export function capabilityMask(budget: CapabilityBudget): bigint {
  return budget.reduce((mask, entry) => mask | (1n << BigInt(CAPABILITY_BITS[entry.capability])), 0n);
}

/** True when an effective set (CapEff of /proc/PID/status, hexadecimal) holds every capability of the budget. */
export function holdsBudget(effectiveHex: string, budget: CapabilityBudget): boolean {
  const mask = capabilityMask(budget);
  return (BigInt(`0x${effectiveHex}`) & mask) === mask;
}

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
  'uprobe',
  'uretprobe',
  'usdt',
  'tracepoint',
  'perf_event',
]);

function showsKernelAddresses(object: BpfObject): boolean {
  return object.maps.some(map => {
    const layouts =
      map.view.kind === 'events'
        ? [map.view.record]
        : map.view.kind === 'table'
          ? [map.view.key, map.view.value]
          : [];
    return layouts.some(layout =>
      layout?.fields.some(field => field.meaning === 'ksym' || field.meaning === 'kernel-stack'),
    );
  });
}
