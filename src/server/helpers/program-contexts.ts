/**
 * What programs without a typed target are given and what they return to let things go on: the context types of
 * include/uapi/linux/bpf.h, by the program types of libbpf's SEC_DEF table, and Documentation/bpf for the results.
 */
import type { ProgramFamily, SectionKind } from '../../shared/bpf/section-kinds';

export interface ProgramContext {
  /** The function's parameter, as C. */
  readonly parameter: string;
  /** An expression. */
  readonly result: string;
}

const CONTEXTS: Readonly<Partial<Record<ProgramFamily, ProgramContext>>> = {
  xdp: { parameter: 'struct xdp_md *ctx', result: 'XDP_PASS' },
  tc: { parameter: 'struct __sk_buff *skb', result: '0' },
  // A socket filter returns how many bytes of the packet the socket gets: 0 drops it.
  socket: { parameter: 'struct __sk_buff *skb', result: 'skb->len' },
  lwt: { parameter: 'struct __sk_buff *skb', result: '0' },
  perf_event: { parameter: 'struct bpf_perf_event_data *ctx', result: '0' },
  sock_ops: { parameter: 'struct bpf_sock_ops *ctx', result: '1' },
  netfilter: { parameter: 'struct bpf_nf_ctx *ctx', result: '1' },
  cgroup: { parameter: 'struct bpf_sock_addr *ctx', result: '1' },
};

/** Kinds whose context is not their family's, the more special first. */
const SPECIAL: readonly (readonly [kind: RegExp, context: ProgramContext])[] = [
  [/^cgroup(_skb)?\/(skb|ingress|egress)$/, { parameter: 'struct __sk_buff *skb', result: '1' }],
  [
    /^cgroup\/(sock|sock_create|sock_release|post_bind[46])$/,
    { parameter: 'struct bpf_sock *ctx', result: '1' },
  ],
  [/^cgroup\/sysctl$/, { parameter: 'struct bpf_sysctl *ctx', result: '1' }],
  [/^cgroup\/[gs]etsockopt$/, { parameter: 'struct bpf_sockopt *ctx', result: '1' }],
  [/^cgroup\/dev$/, { parameter: 'struct bpf_cgroup_dev_ctx *ctx', result: '1' }],
  [/^sk_reuseport/, { parameter: 'struct sk_reuseport_md *ctx', result: 'SK_PASS' }],
  [/^sk_lookup$/, { parameter: 'struct bpf_sk_lookup *ctx', result: 'SK_PASS' }],
  [/^sk_msg$/, { parameter: 'struct sk_msg_md *msg', result: 'SK_PASS' }],
  // A parser returns how long the message at the head of the stream is.
  [/^sk_skb\/stream_parser$/, { parameter: 'struct __sk_buff *skb', result: 'skb->len' }],
  [/^sk_skb/, { parameter: 'struct __sk_buff *skb', result: 'SK_PASS' }],
  [/^flow_dissector$/, { parameter: 'struct __sk_buff *skb', result: '0' }],
  [/^lirc_mode2$/, { parameter: 'unsigned int *sample', result: '0' }],
];

/** For a kind that has no target to take the arguments from. */
export function programContext(kind: SectionKind): ProgramContext {
  return (
    SPECIAL.find(([name]) => name.test(kind.name))?.[1] ??
    CONTEXTS[kind.family] ?? { parameter: 'void *ctx', result: '0' }
  );
}
