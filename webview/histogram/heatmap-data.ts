/** The data of a heat map and its table. */
import type { Bucket } from '../../src/shared/decode/model';
import type { Bin } from './bins';
import type { Step } from './history';
import { percentile } from './percentiles';

export interface HeatmapData {
  readonly name: string;
  readonly unit: string;
  readonly bins: readonly Bin[];
  readonly steps: readonly Step[];
  /** What each step added, in the order of `steps`. */
  readonly additions: readonly (readonly Bucket[])[];
  /** Selected step numbers, both included. */
  readonly range: { readonly first: number; readonly last: number } | null;
}

const highs = new WeakMap<readonly Bucket[], number | null>();

/** p99 of what an interval added, which never changes; null if it added nothing. */
export function highOf(added: readonly Bucket[]): number | null {
  let high = highs.get(added);
  if (high === undefined) {
    high = percentile(added, 0.99)?.value ?? null;
    highs.set(added, high);
  }
  return high;
}
