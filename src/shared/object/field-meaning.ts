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
  /** Of an array: bytes of one element. */
  readonly elementSize?: number;
  /** Of a bit field: its width. */
  readonly bitSize?: number;
  /** The unit from BPFW_UNIT, or null. */
  readonly unit: string | null;
}

export interface DecidedMeaning {
  readonly meaning: Meaning;
  readonly unit: string;
  /** Completes "shown as it is because of ...". */
  readonly why: string;
  /** The unit is told by the name alone. */
  readonly unitByName: boolean;
  /** Integers are stored in network byte order. */
  readonly bigEndian: boolean;
  /** How to read it: an address in bytes is a number in network byte order, or 16 bytes. */
  readonly storage: Storage;
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
  bpfw_port_be: 'port',
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

/** Typedefs of network byte order: of the kernel (include/uapi/linux/types.h), of libc (netinet/in.h), of bpfw.h. */
const BIG_ENDIAN = new Set([
  '__be16',
  '__be32',
  '__be64',
  'in_addr_t',
  'in_port_t',
  'bpfw_ipv4',
  'bpfw_port_be',
]);

/** Names of IPv4 addresses: addr, saddr, src_addr, ip, dip, remote_ip, daddr_v4, ipv4. */
const IPV4_NAME =
  /^(?:.*_)?(?:[sdlr]|src|dst|source|dest|local|remote|peer|host|client|server)?_?(?:addr(?:ess)?|ip)_?(?:v?4)?$/;
/** Addresses of something else than a host. */
const OTHER_ADDRESS = /hw|mac|eth|reg|mem|phys|virt|user|kern/;
const IPV6_NAME = /v6|ip6/;

/** Bytes that a number of this meaning has, where only its name tells the meaning. */
type Sizes = readonly [least: number, most: number];

/** Names with the same meaning in common tools (libbpf-tools, bcc, libbpf-bootstrap); tried in order for integers. */
const BY_INTEGER_NAME: readonly (readonly [RegExp, Meaning, Sizes])[] = [
  [
    /^(ts|timestamp|ktime|(start|end|begin|first|last|boot)_?(ts|time))(_ns)?$|_(ts|timestamp)(_ns)?$|^(ts|start|end)_ns$/,
    'timestamp-ns',
    [8, 8],
  ],
  // Inode numbers of namespaces (namespaces(7)) share the ending of nanoseconds. A time namespace cannot be told apart.
  [/(?:^|_)(?:cgroup|ipc|mnt|mount|net|pid|user|uts)_?ns$/, 'plain', [1, 8]],
  // Two bytes hold 65 µs or 65 ms: counters of something else have such names.
  [/_ns$|^ns$/, 'duration-ns', [4, 8]],
  [/_us$|^us$/, 'duration-us', [4, 8]],
  [/_ms$|^ms$/, 'duration-ms', [2, 8]],
  [/_bytes$|^bytes$/, 'bytes', [2, 8]],
  [/_kb$|_kib$/, 'kib', [2, 8]],
  [/^(pid|tgid|ppid|ptgid)$|_(pid|tgid|ppid)$/, 'pid', [4, 8]],
  [/^tid$|_tid$/, 'tid', [4, 8]],
  [/^[es]?uid$|_uid$/, 'uid', [2, 8]],
  [/^[es]?gid$|_gid$/, 'gid', [2, 8]],
  [/^(s|d|l|r|local_|remote_|src_|dst_)?port$/, 'port', [2, 4]],
  [/^(dev|device|targ_dev|target_dev)$/, 'device', [4, 4]],
  [/^(cpu|cpu_id|cpuid)$|_cpu$/, 'cpu', [1, 4]],
  [/^(cgroup|cgroup_id|cgid|cgrp_id)$/, 'cgroup', [4, 8]],
  [/^(sig|signal|signum|signr|signo)$/, 'signal', [1, 4]],
  [/^(kstack|kernel_?stack|kern_?stack|kstack)(_?id)?$|^stack_?id$/, 'kernel-stack', [4, 8]],
  [/^(ustack|user_?stack)(_?id)?$/, 'user-stack', [4, 8]],
];
const SIGNED_RESULT = /^(ret|retval|rc|err|error|errno|res)$|_(ret|err|errno|error)$/;

/**
 * The meaning of a field: from its typedefs, then its unit, then its name's usual meaning where its type and size are
 * those of such a value. The meaning always matches the storage: formatters need not check it.
 */
export function decideMeaning(facts: FieldFacts): DecidedMeaning {
  const bigEndian = facts.typedefs.some(typedef => BIG_ENDIAN.has(typedef));
  const address = addressOf(facts, bigEndian);
  if (address) return address;
  const [meaning, why] = meaningOf(facts, bigEndian);
  const unit = facts.unit ?? UNIT_OF[meaning] ?? '';
  const unitByName = facts.unit === null && unit !== '' && why.startsWith(BY_NAME);
  return { meaning, unit, why, unitByName, bigEndian, storage: facts.storage };
}

/** IPv4 and IPv6 addresses, which are in network byte order however they are declared; null for anything else. */
function addressOf(facts: FieldFacts, bigEndian: boolean): DecidedMeaning | null {
  const { typedefs, storage, size, elementSize = size } = facts;
  const name = facts.name.toLowerCase();
  const address = (meaning: Meaning, why: string, read: Storage): DecidedMeaning => ({
    meaning,
    unit: '',
    why,
    unitByName: false,
    bigEndian: read === 'u32',
    storage: read,
  });
  const typedef = typedefs.find(each => each === 'bpfw_ipv4' || each === 'bpfw_ipv6');
  if (typedef && elementSize === size)
    return address(
      typedef === 'bpfw_ipv4' ? 'ipv4' : 'ipv6',
      `the type ${typedef}`,
      typedef === 'bpfw_ipv4' ? 'u32' : 'bytes',
    );
  if (typedefs.some(each => BY_TYPEDEF[each]) || facts.unit !== null || (facts.bitSize ?? 0) > 0) return null;
  const isNamed = IPV4_NAME.test(name) && !OTHER_ADDRESS.test(name);
  const because = `its name, ${facts.name}, and its ${size} bytes`;
  if (size === 4 && storage === 'bytes' && isNamed) return address('ipv4', because, 'u32');
  if (size === 4 && storage === 'u32') {
    if (bigEndian ? /addr|ip/.test(name) : /^(s|d|l|r)addr(_v4)?$|^ipv4$|^(saddr|daddr)_?v?4$/.test(name))
      return address('ipv4', because, 'u32');
  }
  if (size !== 16) return null;
  const isBytes = storage === 'bytes' || storage === 'u128' || (storage === 'array' && bigEndian);
  if (IPV6_NAME.test(name) ? isBytes || storage === 'array' : isBytes && /addr/.test(name))
    return address('ipv6', because, 'bytes');
  return null;
}

/** Meaning, and why. */
function meaningOf(facts: FieldFacts, bigEndian: boolean): readonly [Meaning, string] {
  const { name, typedefs, storage, unit } = facts;
  for (const typedef of typedefs) {
    const known = BY_TYPEDEF[typedef];
    if (known) return [known, `the type ${typedef}`];
  }
  const size = facts.bitSize ? Math.ceil(facts.bitSize / 8) : facts.size;
  const lower = name.toLowerCase();
  const byName = `${BY_NAME}${name}`;
  if (storage === 'text') return /comm$/.test(lower) ? ['comm', byName] : ['text', BY_TYPE];
  if (storage === 'bytes') {
    return size === 6 && /mac|addr|hw|eth/.test(lower)
      ? ['mac', `${byName}, and its 6 bytes`]
      : ['hexdump', BY_TYPE];
  }
  if (storage === 'bool') return ['bool', BY_TYPE];
  if (storage === 'array' || storage === 'records') return ['plain', BY_TYPE];
  if (unit !== null) return [BY_UNIT[unit] ?? 'plain', `the tag unit=${unit}`];
  const because = `${byName}, and its type (${storage})`;
  if (storage === 'f32' || storage === 'f64') {
    const known = BY_INTEGER_NAME.find(([pattern]) => pattern.test(lower))?.[1] ?? 'plain';
    return /^duration|^bytes|^kib/.test(known) ? [known, because] : ['plain', BY_TYPE];
  }
  if (bigEndian && size === 2 && /port/.test(lower)) return ['port', because];
  const found = BY_INTEGER_NAME.find(([pattern]) => pattern.test(lower));
  if (found) {
    const [, known, [least, most]] = found;
    return size >= least && size <= most ? [known, because] : ['plain', BY_TYPE];
  }
  if (storage.startsWith('i') && size >= 4 && SIGNED_RESULT.test(lower)) return ['errno', because];
  return ['plain', BY_TYPE];
}

const BY_TYPE = 'its type';
const BY_NAME = 'its name, ';
