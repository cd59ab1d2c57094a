/** Which part of the time line the page shows, as of the last drawing. No DOM. */
import { formatClock } from '../common/quantity';
import type { HistogramHistory, Span } from './history';
import type { FrozenRun, ViewState } from './state';

/** Step numbers, both included. */
export interface StepRange {
  readonly first: number;
  readonly last: number;
}

export class ShownSpan {
  /** Of the state's range, in the numbers of this load; null while its intervals are not there. */
  range: StepRange | null = null;

  constructor(
    private readonly history: HistogramHistory,
    private readonly state: ViewState,
  ) {}

  /** Finds the state's range in the time line. */
  update(): void {
    const { range: wanted } = this.state;
    const steps = wanted
      ? this.history.timeline.filter(step => step.toMs >= wanted.fromMs && step.toMs <= wanted.toMs)
      : [];
    const [first] = steps;
    this.range = first ? { first: first.number, last: steps.at(-1)?.number ?? first.number } : null;
  }

  /** Makes these intervals the state's range; null: all of them. */
  choose(range: StepRange | null): void {
    const steps = range ? this.history.stepsOf({ kind: 'range', ...range }) : [];
    const [first] = steps;
    this.state.range = first ? { fromMs: first.toMs, toMs: steps.at(-1)?.toMs ?? first.toMs } : null;
  }

  get span(): Span {
    if (this.range) return { kind: 'range', ...this.range };
    return { kind: this.state.lastInterval ? 'last' : 'all' };
  }

  /** The chosen range by the clock; null without one. */
  get rangeText(): string | null {
    if (!this.range) return null;
    const steps = this.history.stepsOf(this.span);
    return `${formatClock(steps[0]?.fromMs ?? 0)} – ${formatClock(steps.at(-1)?.toMs ?? 0)}`;
  }

  get text(): string {
    return this.rangeText ?? (this.state.lastInterval ? 'last interval' : 'since attach');
  }

  /** What is shown, set aside to be compared with. */
  freeze(): FrozenRun {
    const atMs = this.history.timeline.at(-1)?.toMs ?? 0;
    return {
      label: `A, ${this.rangeText ?? `until ${formatClock(atMs)}`}`,
      atMs,
      series: new Map(this.history.series(this.span).map(series => [series.id, series.buckets])),
    };
  }
}
