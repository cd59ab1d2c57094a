/** The time line behind the histograms: what was added in each interval, bounded, and sums over ranges of it. */
import type { Bucket, Drops, Histogram } from '../../src/shared/decode/model';
import type { HistogramSnapshot } from '../../src/shared/protocol/webview';
import { difference, sumBuckets, totalOf } from './buckets';
import { type Series, seriesId } from './series';

/** Intervals kept; older ones leave the time line (their counts stay in "since attach"). */
export const MOST_STEPS = 300;

export interface Step {
  /** Counts up from 0 and stays with the interval while older ones leave. */
  readonly number: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only series that grew, by id. */
  readonly added: ReadonlyMap<string, readonly Bucket[]>;
  /** Records lost within the interval, of all causes. */
  lost: number;
}

/** Which part of the time line is shown; `first` and `last` are step numbers, both included. */
export type Span =
  | { readonly kind: 'all' }
  | { readonly kind: 'last' }
  | { readonly kind: 'range'; readonly first: number; readonly last: number };

const NOTHING: readonly Bucket[] = [];

export class HistogramHistory {
  private latest = new Map<string, Histogram>();
  private steps: Step[] = [];
  private nextNumber = 0;
  private previousMs: number | null = null;
  private lostSoFar: number | null = null;
  private pendingLost = 0;
  private readonly sums = new WeakMap<Step, Map<string, readonly Bucket[]>>();
  private holdMs: number | null = null;
  /** What came after the time that is held, on top of what is held. */
  private ahead: HistogramHistory | null = null;

  /** Until release, snapshots after `atMs` count but are not shown; those up to it are taken as ever. */
  hold(atMs: number): void {
    this.holdMs = atMs;
  }

  /** Shows what came meanwhile. */
  release(): void {
    this.holdMs = null;
    if (this.ahead) this.become(this.ahead);
    this.ahead = null;
  }

  /** The time that is held, as the end of the newest interval shown; null when none is. */
  get heldMs(): number | null {
    return this.holdMs;
  }

  private become(other: HistogramHistory): void {
    this.latest = new Map(other.latest);
    this.steps = [...other.steps];
    this.nextNumber = other.nextNumber;
    this.previousMs = other.previousMs;
    this.lostSoFar = other.lostSoFar;
    this.pendingLost = other.pendingLost;
  }

  /** Forgets what was received; what is held stays held. */
  clear(): void {
    this.ahead = null;
    this.latest.clear();
    this.steps.length = 0;
    this.nextNumber = 0;
    this.previousMs = null;
    this.lostSoFar = null;
    this.pendingLost = 0;
  }

  /** What the first interval adds to: the state of a session whose older intervals are not told any more. */
  begin({ atMs, histograms, drops }: HistogramSnapshot): void {
    // What was held is older than all that is kept: there is nothing to hold.
    if (this.holdMs !== null && atMs > this.holdMs) this.holdMs = null;
    for (const histogram of histograms) this.latest.set(seriesId(histogram.map, histogram.key), histogram);
    this.previousMs = atMs;
    this.lostSoFar = drops.kernel + drops.tracer + drops.client;
  }

  /** Takes the complete state of the session's histograms as of `atMs`. */
  push(atMs: number, histograms: readonly Histogram[]): void {
    // What was held is older than all that is kept: there is nothing to hold.
    if (this.holdMs !== null && atMs > this.holdMs && this.isEmpty) this.holdMs = null;
    if (this.holdMs !== null && atMs > this.holdMs) {
      if (!this.ahead) {
        this.ahead = new HistogramHistory();
        this.ahead.become(this);
      }
      this.ahead.push(atMs, histograms);
      return;
    }
    const added = new Map<string, readonly Bucket[]>();
    for (const histogram of histograms) {
      const id = seriesId(histogram.map, histogram.key);
      const more = difference(this.latest.get(id)?.buckets ?? [], histogram.buckets);
      if (more.length > 0) added.set(id, more);
      this.latest.set(id, histogram);
    }
    this.steps.push({
      number: this.nextNumber++,
      fromMs: this.previousMs ?? atMs,
      toMs: atMs,
      added,
      lost: this.pendingLost,
    });
    this.pendingLost = 0;
    this.previousMs = atMs;
    if (this.steps.length > MOST_STEPS) this.steps.shift();
  }

  /** Takes the session's loss counters; what is new belongs to the interval now running. */
  noteDrops(drops: Drops): void {
    if (this.ahead) {
      this.ahead.noteDrops(drops);
      return;
    }
    const total = drops.kernel + drops.tracer + drops.client;
    const more = Math.max(0, total - (this.lostSoFar ?? 0));
    this.lostSoFar = total;
    this.pendingLost += more;
  }

  /** Nothing was received yet. */
  get isEmpty(): boolean {
    return this.latest.size === 0;
  }

  /** Records lost since attach. */
  get lost(): number {
    return this.lostSoFar ?? 0;
  }

  get timeline(): readonly Step[] {
    return this.steps;
  }

  /** Steps of a span that are still kept; for 'all' every kept one. */
  stepsOf(span: Span): readonly Step[] {
    if (span.kind === 'all') return this.steps;
    if (span.kind === 'last') return this.steps.slice(-1);
    return this.steps.filter(step => step.number >= span.first && step.number <= span.last);
  }

  /** Every series as of a span. 'all' is the state since attach, also what left the time line. Empty series included. */
  series(span: Span): Series[] {
    const steps = span.kind === 'all' ? [] : this.stepsOf(span);
    return [...this.latest.entries()].map(([id, histogram]) => {
      const buckets =
        span.kind === 'all' ? histogram.buckets : sumBuckets(steps.map(step => step.added.get(id) ?? []));
      const { map, label, kind, unit, key } = histogram;
      return { id, map, label, kind, unit, key, buckets, total: totalOf(buckets) };
    });
  }

  /**
   * What each kept interval added to a series, or to the sum `id` of the series `members`. The same lists come back
   * while an interval is kept: a key that shows up later has added nothing to earlier ones.
   */
  additions(id: string, members: ReadonlySet<string>): readonly (readonly Bucket[])[] {
    return this.steps.map(step => {
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
