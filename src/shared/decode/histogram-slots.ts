import type { MapView } from '../object/model';
import { exact } from './field';

export type HistogramView = Extract<MapView, { kind: 'histogram' }>;

export interface SlotBounds {
  /** Inclusive. */
  readonly min: number | bigint;
  readonly max: number | bigint;
}

const U64_MAX = 0xffffffffffffffffn;

/**
 * The range of values that a slot counts, by the program's slot convention (with sources):
 *
 *   bpfw           0: {0}; k: 2^(k-1) .. 2^k - 1. bpfw_log2_slot() of bpfw.h, get_slot_idx() of Inspektor Gadget.
 *                  Slot 63, the clamp of bpfw.h, goes up to 2^64 - 1.
 *   bcc            bpf_log2l() of bcc's helpers.h, + 1: slot 0 stays empty; 1: 0 .. 1; k: 2^(k-1) .. 2^k - 1.
 *   libbpf-tools   log2l() of bits.bpf.h, print_log2_hist() of trace_helpers.c: 0: 0 .. 1; k: 2^k .. 2^(k+1) - 1.
 *   exp2           ebpf_exporter, rounds up: 0: 0 .. 1; k: 2^(k-1) + 1 .. 2^k.
 *   linear         base + k * step .. base + (k+1) * step - 1; the last one up to 2^64 - 1 when it holds the overflow.
 *
 * Bounds are limited to 2^64 - 1.
 */
export function slotBounds(
  view: Pick<HistogramView, 'convention' | 'step' | 'base' | 'slotCount' | 'lastIsOverflow'>,
  slot: number,
): SlotBounds {
  const k = BigInt(slot);
  switch (view.convention) {
    case 'bpfw':
      if (slot === 0) return bounds(0n, 0n);
      return bounds(1n << (k - 1n), slot === 63 ? U64_MAX : (1n << k) - 1n);
    case 'bcc':
      if (slot === 0) return bounds(0n, 0n);
      return bounds(slot === 1 ? 0n : 1n << (k - 1n), (1n << k) - 1n);
    case 'libbpf-tools':
      return bounds(slot === 0 ? 0n : 1n << k, (1n << (k + 1n)) - 1n);
    case 'exp2':
      if (slot === 0) return bounds(0n, 1n);
      return bounds((1n << (k - 1n)) + 1n, 1n << k);
    case 'linear': {
      const min = view.base + slot * view.step;
      if (view.lastIsOverflow && slot === view.slotCount - 1) return { min, max: U64_MAX };
      return { min, max: min + view.step - 1 };
    }
  }
}

function bounds(min: bigint, max: bigint): SlotBounds {
  return { min: exact(min > U64_MAX ? U64_MAX : min), max: exact(max > U64_MAX ? U64_MAX : max) };
}
