/** The time line behind the histograms: what was added in each interval, up to a limit, and sums over ranges of it. */
import type { Bucket, Drops, Histogram } from '../../src/shared/decode/model';
import type { HistogramSnapshot } from '../../src/shared/protocol/webview';
import { difference, sumBuckets, totalOf } from './buckets';
import { type Series, seriesId } from './series';

/** Intervals kept; older ones are removed from the time line (their counts stay in "since attach"). */
export const MOST_STEPS = 300;

export interface Step {
  /** Counts up from 0 and stays with the interval when older ones are removed. */
  readonly number: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only series that grew, by id. */
  readonly added: ReadonlyMap<string, readonly Bucket[]>;
  /** Records lost within the interval, for any reason. */
  lost: number;
}

/** The part of the time line that is shown; `first` and `last` are step numbers, both included. */
export type Span =
  | { readonly kind: 'all' }
  | { readonly kind: 'last' }
  | { readonly kind: 'range'; readonly first: number; readonly last: number };

const NOTHING: readonly Bucket[] = [];

function nothingKept() {
  return {
    latest: new Map<string, Histogram>(),
    steps: [] as Step[],
    nextNumber: 0,
    previousMs: null as number | null,
    lostSoFar: null as number | null,
    pendingLost: 0,
  };
}

export class HistogramHistory {
  private kept = nothingKept();
  private readonly sums = new WeakMap<Step, Map<string, readonly Bucket[]>>();
  private holdMs: number | null = null;
  /** The data received after the held time, on top of what is held. */
  private ahead: HistogramHistory | null = null;

  /** Until release(), snapshots after `atMs` are recorded but not shown; earlier ones are shown as usual. */
  hold(atMs: number): void {
    this.holdMs = atMs;
  }

  /** Shows what was received meanwhile. */
  release(): void {
    this.holdMs = null;
    if (this.ahead) this.kept = this.ahead.kept;
    this.ahead = null;
  }

  /** The held time, as the end of the newest interval shown; null if not held. */
  get heldMs(): number | null {
    return this.holdMs;
  }

  /** Removes all received data; the held time stays. */
  clear(): void {
    this.ahead = null;
    this.kept = nothingKept();
  }

  /** Sets the base of the first interval: the state of a session whose older intervals are not sent any more. */
  begin({ atMs, histograms, drops }: HistogramSnapshot): void {
    // The held time is older than everything kept: there is nothing to hold.
    if (this.holdMs !== null && atMs > this.holdMs) this.holdMs = null;
    for (const histogram of histograms) this.kept.latest.set(seriesId(histogram), histogram);
    this.kept.previousMs = atMs;
    this.kept.lostSoFar = drops.kernel + drops.tracer + drops.client;
  }

  /** Adds the complete state of the session's histograms as of `atMs`. */
  push(atMs: number, histograms: readonly Histogram[]): void {
    // The held time is older than everything kept: there is nothing to hold.
    if (this.holdMs !== null && atMs > this.holdMs && this.isEmpty) this.holdMs = null;
    if (this.holdMs !== null && atMs > this.holdMs) {
      if (!this.ahead) {
        this.ahead = new HistogramHistory();
        this.ahead.kept = {
          ...this.kept,
          latest: new Map(this.kept.latest),
          steps: [...this.kept.steps],
        };
      }
      this.ahead.push(atMs, histograms);
      return;
    }
    const added = new Map<string, readonly Bucket[]>();
    for (const histogram of histograms) {
      const id = seriesId(histogram);
      const more = difference(this.kept.latest.get(id)?.buckets ?? [], histogram.buckets);
      if (more.length > 0) added.set(id, more);
      this.kept.latest.set(id, histogram);
    }
    this.kept.steps.push({
      number: this.kept.nextNumber++,
      fromMs: this.kept.previousMs ?? atMs,
      toMs: atMs,
      added,
      lost: this.kept.pendingLost,
    });
    this.kept.pendingLost = 0;
    this.kept.previousMs = atMs;
    if (this.kept.steps.length > MOST_STEPS) this.kept.steps.shift();
  }

  /** Updates the session's loss counters; new losses belong to the current interval. */
  noteDrops(drops: Drops): void {
    if (this.ahead) {
      this.ahead.noteDrops(drops);
      return;
    }
    const total = drops.kernel + drops.tracer + drops.client;
    const more = Math.max(0, total - (this.kept.lostSoFar ?? 0));
    this.kept.lostSoFar = total;
    this.kept.pendingLost += more;
  }

  /** True if nothing was received yet. */
  get isEmpty(): boolean {
    return this.kept.latest.size === 0;
  }

  /** Records lost since attach. */
  get lost(): number {
    return this.kept.lostSoFar ?? 0;
  }

  get timeline(): readonly Step[] {
    return this.kept.steps;
  }

  /** Steps of a span that are still kept; for 'all' every kept one. */
  stepsOf(span: Span): readonly Step[] {
    if (span.kind === 'all') return this.kept.steps;
    if (span.kind === 'last') return this.kept.steps.slice(-1);
    return this.kept.steps.filter(step => step.number >= span.first && step.number <= span.last);
  }

  /**
   * Every series as of a span. 'all' is the state since attach, including what was removed from the time line. Includes
   * empty series.
   */
  series(span: Span): Series[] {
    const steps = span.kind === 'all' ? [] : this.stepsOf(span);
    return [...this.kept.latest.entries()].map(([id, histogram]) => {
      const buckets =
        span.kind === 'all' ? histogram.buckets : sumBuckets(steps.map(step => step.added.get(id) ?? []));
      const { map, label, kind, unit, key, slots } = histogram;
      return { id, map, label, kind, unit, key, ...(slots && { slots }), buckets, total: totalOf(buckets) };
    });
  }

  /**
   * What each kept interval added to a series, or to the sum `id` of the series `members`. The same lists are returned
   * while an interval is kept: a key that appears later added nothing to earlier ones.
   */
  additions(id: string, members: ReadonlySet<string>): readonly (readonly Bucket[])[] {
    return this.kept.steps.map(step => {
      const own = step.added.get(id);
      if (own || !members.size || members.has(id)) return own ?? NOTHING;
      let sums = this.sums.get(step);
      if (!sums) {
        sums = new Map();
        this.sums.set(step, sums);
      }
      let sum = sums.get(id);
      if (!sum) {
        const lists: (readonly Bucket[])[] = [];
        for (const [member, buckets] of step.added) if (members.has(member)) lists.push(buckets);
        sum = sumBuckets(lists);
        sums.set(id, sum);
      }
      return sum;
    });
  }
}
