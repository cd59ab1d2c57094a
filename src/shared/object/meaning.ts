/**
 * The meaning of a number or bytes: derived from C types and decl tags (CONTRIBUTING.md, promise 1), used by every
 * formatter. The typedefs are those of bpf-templates/include/bpfw.h and of Inspektor Gadget (gadget_*).
 */
export type Meaning =
  | 'plain'
  | 'bool'
  | 'enum'
  | 'flags'
  /** Durations in this unit. */
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
  /** A number whose highest byte is the address's first. */
  | 'ipv4'
  /** 16 bytes. */
  | 'ipv6'
  | 'port'
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
  /** The kernel's dev_t: major << 20 | minor. */
  | 'device'
  | 'cpu'
  | 'cgroup'
  | 'count';
