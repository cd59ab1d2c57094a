/** What happened on the path before the kernel stopped, where its sentence alone would lead to advice that cannot work. */
import type { Dataflow, Decision, Definition } from './dataflow';
import { isRegister } from './instruction';

/**
 * After these helpers the packet may lie elsewhere, and the kernel forgets all pointers into it
 * (bpf_helper_changes_pkt_data() of net/core/filter.c, Linux 4.20 to 6.12).
 */
const MOVES_PACKET =
  /^bpf_(?:skb_(?:vlan_push|vlan_pop|store_bytes|change_(?:proto|head|tail)|adjust_room|pull_data)|clone_redirect|l[34]_csum_replace|xdp_adjust_(?:head|meta|tail)|msg_(?:pull|push|pop)_data|lwt_(?:push_encap|seg6_\w+)|store_hdr_opt|reserve_hdr_opt)$/;

/** Helpers that return a length, or a negative errno (include/uapi/linux/bpf.h). */
const RETURNS_LENGTH =
  /^bpf_(?:probe_read\w*_str|get_stack|get_task_stack|snprintf(?:_btf)?|d_path|strtou?l|csum_diff|sysctl_get_\w+|read_branch_records|get_branch_snapshot|skb_load_helper_\w+|getsockopt|dynptr_\w+|get_func_\w+)$/;

/** MAX_PACKET_OFF of kernel/bpf/verifier.c: a pointer that may be further into the packet is not proven by any test. */
const MAX_PACKET_OFFSET = 0xffffn;
/** do_refine_retval_range() of kernel/bpf/verifier.c. */
const MAX_ERRNO = '-4095';

/** The helper that made a pointer into the packet invalid, "bpf_skb_pull_data"; null when the value was none, or still is. */
export function packetInvalidator(flow: Dataflow, register: string, before: number): string | null {
  const origin = flow.definitions(register, before).at(-1);
  if (!origin) return null;
  let helper: string | null = null;
  let wasPacket = false;
  for (let at = origin.at; at < before; at++) {
    const operation = flow.operation(at);
    wasPacket ||=
      /^pkt(?:_meta)?$/.test(flow.stateOf(register, at)?.type ?? '') || isPacketData(flow, origin, at);
    if (wasPacket && operation.kind === 'call' && MOVES_PACKET.test(operation.function))
      helper = operation.function;
  }
  return helper;
}

/** The register that first held the value may be another one. */
function isPacketData(flow: Dataflow, origin: Definition, at: number): boolean {
  const { operation } = origin;
  return operation.kind === 'load' && /^pkt(?:_meta)?$/.test(flow.stateOf(operation.to, at)?.type ?? '');
}

/** Why a comparison with the end of the packet that is on the path proves nothing; null where there is none. */
export function packetTest(
  flow: Dataflow,
  register: string,
  before: number,
): { readonly test: Decision; readonly largest: bigint | null } | null {
  const chain = new Set(flow.definitions(register, before).map(each => each.at));
  for (const test of flow.decisions()) {
    const { operation } = test;
    if (operation.kind !== 'branch') continue;
    const sides = [operation.left, operation.right].filter(isRegister);
    const states = sides.map(side => flow.stateOf(side, test.at)?.type);
    if (!states.includes('pkt_end')) continue;
    const tested = sides[states.indexOf('pkt_end') === 0 ? 1 : 0];
    if (tested === undefined || !flow.definitions(tested, test.at).some(each => chain.has(each.at))) continue;
    const attributes = flow.stateOf(tested, test.at)?.attributes;
    const largest = BigInt(/^\d+$/.exec(attributes?.get('umax') ?? '')?.[0] ?? 0);
    const offset = BigInt(/^\d+$/.exec(attributes?.get('off') ?? '')?.[0] ?? 0);
    return { test, largest: largest + offset > MAX_PACKET_OFFSET ? largest : null };
  }
  return null;
}

/** The helper whose negative errno an index or a length may be; null for other values. */
export function errorSource(flow: Dataflow, values: readonly Definition[]): string | null {
  const origin = values.at(-1);
  if (origin?.operation.kind !== 'call' || origin.operation.isLocal) return null;
  const helper = origin.operation.function;
  const isErrno = flow.stateOf('r0', origin.at)?.attributes.get('smin') === MAX_ERRNO;
  return isErrno || RETURNS_LENGTH.test(helper) ? helper : null;
}
