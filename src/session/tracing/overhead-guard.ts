/**
 * Keeps a session from costing more than it may: its programs' run time (the kernel's statistics) and its part of the
 * tracer's CPU time, together, against a budget. Programs run in whatever process they trace, so a hot one slows down the
 * machine, not us.
 */
import { setTimeout as passed } from 'node:timers/promises';
import type { TracerResults } from '../../shared/protocol/tracer';
import { TracerRequestError } from '../targets/tracer-connection';
import type { TracingSession } from './tracing-session';

/** Long enough for a burst to pass. */
export const GUARD_INTERVAL_MS = 5000;

type Statistics = TracerResults['session/statistics'];

interface Spent {
  readonly atMs: number;
  readonly programsNs: number;
  readonly tracerNs: number;
}

export class OverheadGuard {
  private from: Spent | null = null;

  /** `limitPercent` of one CPU. */
  constructor(
    private readonly limitPercent: number,
    /** Between two looks. */
    readonly intervalMs = GUARD_INTERVAL_MS,
  ) {}

  /**
   * Counters as they are now; null, or the sentence that says how the budget was exceeded over the last interval.
   * `tracerShare`: which part of the tracer's work since the last look was this session's, 0 to 1.
   */
  judge(now: Statistics, tracerShare: number, atMs: number): string | null {
    const spent: Spent = {
      atMs,
      programsNs: now.programs.reduce((sum, program) => sum + Number(program.runTimeNs), 0),
      tracerNs: Number(now.tracerCpuNs),
    };
    const { from } = this;
    this.from = spent;
    if (!from || atMs <= from.atMs) return null;
    const percentOf = (ns: number) => ns / 1e4 / (atMs - from.atMs);
    const programs = percentOf(spent.programsNs - from.programsNs);
    const tracer = percentOf((spent.tracerNs - from.tracerNs) * tracerShare);
    if (programs + tracer <= this.limitPercent) return null;
    return `Detached by the overhead guard: over ${Math.round((atMs - from.atMs) / 1000)} s its programs took ${percent(programs)} and the tracer ${percent(tracer)} of a CPU, more than the ${percent(this.limitPercent)} allowed.`;
  }
}

const percent = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} %`;

/**
 * Watches a session until it is closed; resolves with the guard's sentence when it exceeds its budget, with null when
 * it never did. `warn` is told once when the kernel does not let the tracer measure programs: then only the tracer counts.
 */
export async function watchOverhead(
  session: Pick<TracingSession, 'closed' | 'tracerGone' | 'statistics' | 'takeTracerShare'>,
  guard: OverheadGuard,
  warn: (message: string) => void,
): Promise<string | null> {
  const ended = new AbortController();
  let blind: string | null = null;
  let warned = false;
  void Promise.race([session.closed, session.tracerGone]).finally(() => ended.abort());
  const look = async (): Promise<Statistics> => {
    try {
      return await session.statistics(true);
    } catch (error) {
      if (!(error instanceof TracerRequestError)) throw error;
      const statistics = await session.statistics(false);
      // The kernel may measure even so (sysctl kernel.bpf_stats_enabled): then the counters move.
      if (statistics.programs.every(program => program.runCount === '0')) blind ??= error.message;
      return statistics;
    }
  };
  while (!ended.signal.aborted) {
    try {
      const exceeded = guard.judge(await look(), session.takeTracerShare(), performance.now());
      if (exceeded !== null) return ended.signal.aborted ? null : exceeded;
    } catch {
      // The session ended meanwhile, or its tracer: whoever watches that says so.
      return null;
    }
    if (blind !== null && !warned) {
      warned = true;
      warn(`The overhead guard sees the tracer's CPU time only: ${blind}`);
    }
    await untilNextLook(guard.intervalMs, ended.signal);
  }
  return null;
}

/**
 * Run time is a counter that the kernel tells nobody about, and a share of a CPU is a difference over time: an interval is
 * what is measured, not a wait for something to happen. Ends early, and takes its timer along, when there is nothing to
 * look at any more; keeps no process alive.
 */
async function untilNextLook(intervalMs: number, signal: AbortSignal): Promise<void> {
  try {
    await passed(intervalMs, undefined, { signal, ref: false });
  } catch {
    // The session ended meanwhile.
  }
}
