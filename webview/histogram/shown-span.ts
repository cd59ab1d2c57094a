/** The part of the time line the page shows, as of the last drawing. No DOM. */
import { formatClock } from '../common/quantity';
import type { HistogramHistory, Span } from './history';
import type { FrozenRun, ViewState } from './state';

/** Step numbers, both included. */
export interface StepRange {
  readonly first: number;
  readonly last: number;
}

export class ShownSpan {
  /** The state's range, as step numbers of this load; null while its intervals are missing. */
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

  /** The selected range as clock times; null without one. */
  get rangeText(): string | null {
    if (!this.range) return null;
    const steps = this.history.stepsOf(this.span);
    return `${formatClock(steps[0]?.fromMs ?? 0)} – ${formatClock(steps.at(-1)?.toMs ?? 0)}`;
  }

  get text(): string {
    return this.rangeText ?? (this.state.lastInterval ? 'last interval' : 'since attach');
  }

  /** Saves what is shown, for comparison. */
  freeze(): FrozenRun {
    const atMs = this.history.timeline.at(-1)?.toMs ?? 0;
    return {
      label: `A, ${this.rangeText ?? `until ${formatClock(atMs)}`}`,
      atMs,
      series: new Map(this.history.series(this.span).map(series => [series.id, series.buckets])),
    };
  }
}
