import type { Meaning } from './meaning';
import type { Storage } from './model';

/** The facts from which a field's meaning is derived. */
export interface FieldFacts {
  /** Its own name, without its path. */
  readonly name: string;
  /** Names of the typedefs of its type, outermost first. */
  readonly typedefs: readonly string[];
  readonly storage: Storage;
  readonly size: number;
  /** The unit from BPFW_UNIT, or null. */
  readonly unit: string | null;
}

export interface DecidedMeaning {
  readonly meaning: Meaning;
  readonly unit: string;
}

/** Typedefs of bpfw.h, of Inspektor Gadget (include/gadget/types.h) and of the kernel that determine the meaning. */
const BY_TYPEDEF: Readonly<Record<string, Meaning>> = {
  bpfw_ns: 'duration-ns',
  bpfw_us: 'duration-us',
  bpfw_ms: 'duration-ms',
  bpfw_timestamp: 'timestamp-ns',
  bpfw_bytes: 'bytes',
  bpfw_pid: 'pid',
  bpfw_tid: 'tid',
  bpfw_uid: 'uid',
  bpfw_gid: 'gid',
  bpfw_errno: 'errno',
  bpfw_ipv4: 'ipv4',
  bpfw_ipv6: 'ipv6',
  bpfw_port: 'port',
  bpfw_port_be: 'port-be',
  bpfw_device: 'device',
  bpfw_ksym: 'ksym',
  bpfw_usym: 'usym',
  bpfw_kernel_stack: 'kernel-stack',
  bpfw_user_stack: 'user-stack',
  bpfw_hex: 'hex',
  bpfw_count: 'count',
  bpfw_slot: 'count',
  bpfw_linear_slot: 'count',
  gadget_timestamp: 'timestamp-ns',
  gadget_errno: 'errno',
  gadget_signal: 'signal',
  gadget_syscall: 'syscall',
  gadget_uid: 'uid',
  gadget_gid: 'gid',
  gadget_comm: 'comm',
  gadget_pcomm: 'comm',
  gadget_pid: 'pid',
  gadget_ppid: 'pid',
  gadget_tid: 'tid',
  gadget_bytes: 'bytes',
  gadget_duration: 'duration-ns',
  gadget_kernel_stack: 'kernel-stack',
  gadget_mntns_id: 'plain',
  gadget_netns_id: 'plain',
  gadget_file_flags: 'hex',
  gadget_file_mode: 'hex',
  gadget_counter__u32: 'count',
  gadget_counter__u64: 'count',
  gadget_gauge__u32: 'plain',
  gadget_gauge__u64: 'plain',
  gadget_histogram_slot__u32: 'count',
  gadget_histogram_slot__u64: 'count',
  pid_t: 'pid',
  uid_t: 'uid',
  gid_t: 'gid',
  dev_t: 'device',
};

/** Units, and the meaning that they give to a plain number. */
const BY_UNIT: Readonly<Record<string, Meaning>> = {
  ns: 'duration-ns',
  us: 'duration-us',
  µs: 'duration-us',
  ms: 'duration-ms',
  bytes: 'bytes',
  B: 'bytes',
  KiB: 'kib',
  kB: 'kib',
  '%': 'percent',
};

const UNIT_OF: Partial<Record<Meaning, string>> = {
  'duration-ns': 'ns',
  'duration-us': 'us',
  'duration-ms': 'ms',
  'timestamp-ns': 'ns',
  bytes: 'bytes',
  kib: 'KiB',
  percent: '%',
};

/** Names with the same meaning in common tools (libbpf-tools, bcc, libbpf-bootstrap); tried in order for integers. */
const BY_INTEGER_NAME: readonly (readonly [RegExp, Meaning, maxBytes: number])[] = [
  [
    /^(ts|timestamp|ktime|(start|end|begin|first|last|boot)_?(ts|time))(_ns)?$|_(ts|timestamp)(_ns)?$|^(ts|start|end)_ns$/,
    'timestamp-ns',
    8,
  ],
  // Inode numbers of namespaces (namespaces(7)) share the ending of nanoseconds. A time namespace cannot be told apart.
  [/(?:^|_)(?:cgroup|ipc|mnt|mount|net|pid|user|uts)_?ns$/, 'plain', 8],
  [/_ns$|^ns$/, 'duration-ns', 8],
  [/_us$|^us$/, 'duration-us', 8],
  [/_ms$|^ms$/, 'duration-ms', 8],
  [/_bytes$|^bytes$/, 'bytes', 8],
  [/_kb$|_kib$/, 'kib', 8],
  [/^(pid|tgid|ppid|ptgid)$|_(pid|tgid|ppid)$/, 'pid', 8],
  [/^tid$|_tid$/, 'tid', 8],
  [/^[es]?uid$|_uid$/, 'uid', 8],
  [/^[es]?gid$|_gid$/, 'gid', 8],
  [/^(s|d|l|r|local_|remote_|src_|dst_)?port$/, 'port', 4],
  [/^(dev|device|targ_dev|target_dev)$/, 'device', 4],
  [/^(cpu|cpu_id|cpuid)$|_cpu$/, 'cpu', 4],
  [/^(cgroup|cgroup_id|cgid|cgrp_id)$/, 'cgroup', 8],
  [/^(sig|signal|signum|signr|signo)$/, 'signal', 4],
  [/^(kstack|kernel_?stack|kern_?stack|kstack)(_?id)?$|^stack_?id$/, 'kernel-stack', 8],
  [/^(ustack|user_?stack)(_?id)?$/, 'user-stack', 8],
];
const SIGNED_RESULT = /^(ret|retval|rc|err|error|errno|res)$|_(ret|err|errno|error)$/;

/**
 * The meaning of a field: from its typedefs, then its unit, then its name's usual meaning. The meaning always matches the
 * storage: formatters need not check it.
 */
export function decideMeaning(facts: FieldFacts): DecidedMeaning {
  const meaning = meaningOf(facts);
  return { meaning, unit: facts.unit ?? UNIT_OF[meaning] ?? '' };
}

function meaningOf({ name, typedefs, storage, size, unit }: FieldFacts): Meaning {
  for (const typedef of typedefs) {
    const known = BY_TYPEDEF[typedef];
    if (known) return known;
  }
  const lower = name.toLowerCase();
  if (storage === 'text') return /comm$/.test(lower) ? 'comm' : 'text';
  if (storage === 'bytes') {
    if (size === 16 && /v6|ip6|addr/.test(lower)) return 'ipv6';
    if (size === 6 && /mac|addr|hw|eth/.test(lower)) return 'mac';
    return 'hexdump';
  }
  if (storage === 'bool') return 'bool';
  if (storage === 'array') return 'plain';

  if (unit !== null) return BY_UNIT[unit] ?? 'plain';
  const bigEndian = typedefs.some(typedef => typedef === '__be16' || typedef === '__be32');
  if (bigEndian && size === 2 && /port/.test(lower)) return 'port-be';
  if (bigEndian && size === 4 && /addr|ip/.test(lower)) return 'ipv4';
  if (!bigEndian && size === 4 && /^(s|d|l|r)addr(_v4)?$|^ipv4$|^(saddr|daddr)_?v?4$/.test(lower))
    return 'ipv4';
  for (const [pattern, known, maxBytes] of BY_INTEGER_NAME) {
    if (size <= maxBytes && pattern.test(lower)) {
      if (known === 'pid' && bigEndian) continue;
      return known;
    }
  }
  if (storage.startsWith('i') && size >= 4 && SIGNED_RESULT.test(lower)) return 'errno';
  return 'plain';
}
