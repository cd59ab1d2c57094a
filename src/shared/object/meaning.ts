/**
 * What a number or some bytes stand for: decided from C types and decl tags (ARCHITECTURE promise 1), used by every
 * formatter. The typedefs are those of bpf-templates/include/bpfw.h and of Inspektor Gadget (gadget_*).
 */
export type Meaning =
  | 'plain'
  | 'bool'
  | 'enum'
  | 'flags'
  /** Durations in the unit named. */
  | 'duration-ns'
  | 'duration-us'
  | 'duration-ms'
  /** bpf_ktime_get_ns / boot ns. */
  | 'timestamp-ns'
  | 'bytes'
  | 'kib'
  | 'percent'
  | 'pid'
  | 'tid'
  | 'uid'
  | 'gid'
  | 'comm'
  | 'text'
  | 'hexdump'
  /** __be32 / __be16 etc.: network byte order; 'port' is host order. */
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'port-be'
  | 'mac'
  /** Negative errno or 0. */
  | 'errno'
  | 'signal'
  | 'syscall'
  | 'hex'
  | 'ksym'
  | 'usym'
  /** Id in a stack map, or an inline array of addresses. */
  | 'kernel-stack'
  | 'user-stack'
  /** dev_t as the kernel keeps it: major << 20 | minor. */
  | 'device'
  | 'cpu'
  | 'cgroup'
  | 'count';
