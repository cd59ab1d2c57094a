import type { Log2Convention } from '../bpf/map-role';
import type { MapView } from '../object/model';
import { exact } from './field';
import type { Histogram } from './model';

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
 *   bcc            bpf_log2l() of bcc's helpers.h, + 1: slot 0 stays empty; 1: 0 .. 1; k: 2^(k-1) .. 2^k - 1.
 *   libbpf-tools   log2l() of bits.bpf.h, print_log2_hist() of trace_helpers.c: 0: 0 .. 1; k: 2^k .. 2^(k+1) - 1.
 *   exp2           ebpf_exporter, rounds up: 0: 0 .. 1; k: 2^(k-1) + 1 .. 2^k.
 *   linear         base + k * step .. base + (k+1) * step - 1; the last one up to 2^64 - 1 when it holds the overflow.
 *
 * Programs count in the last slot whatever is larger, so it goes up to 2^64 - 1, as does slot 63 of bpfw.h. Bounds are
 * limited to that.
 */
export function slotBounds(
  view: Pick<HistogramView, 'convention' | 'step' | 'base' | 'slotCount' | 'lastIsOverflow'>,
  slot: number,
): SlotBounds {
  const k = BigInt(slot);
  if (view.convention !== 'linear' && slot > 0 && slot === view.slotCount - 1)
    return { min: slotBounds({ ...view, slotCount: slot + 2 }, slot).min, max: exact(U64_MAX) };
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

/** The histogram as it is if its slots count by another convention; unchanged if it is not a log2 histogram. */
export function recount(histogram: Histogram, convention: Log2Convention): Histogram {
  const { slots, buckets } = histogram;
  if (!slots || slots.convention === convention) return histogram;
  const boundsOf = (by: Log2Convention) =>
    Array.from({ length: slots.count }, (_, slot) =>
      slotBounds({ convention: by, step: 1, base: 0, slotCount: slots.count, lastIsOverflow: false }, slot),
    );
  const after = boundsOf(convention);
  const slotOf = new Map(boundsOf(slots.convention).map(({ min, max }, slot) => [`${min} ${max}`, slot]));
  return {
    ...histogram,
    slots: { ...slots, convention },
    buckets: buckets.map(({ min, max, count }) => ({
      ...(after[slotOf.get(`${min} ${max}`) ?? 0] ?? { min, max }),
      count,
    })),
  };
}
