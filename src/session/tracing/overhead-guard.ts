/**
 * Limits the cost of a session: its programs' run time (the kernel's statistics) plus its part of the tracer's CPU
 * time, against a budget. Programs run in the processes they trace, so an expensive one slows down the machine, not us.
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
    /** Between two measurements. */
    readonly intervalMs = GUARD_INTERVAL_MS,
  ) {}

  /**
   * Compares the counters with the previous ones; returns null, or a sentence on how the budget was exceeded over the
   * last interval. `tracerShare`: which part of the tracer's work since the last call was this session's, 0 to 1.
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
 * Watches a session until it is closed; resolves with the guard's sentence if it exceeds its budget, with null if it
 * never did. Calls `warn` once if the kernel does not let the tracer measure programs: then only the tracer counts.
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
      // The kernel may measure even so (sysctl kernel.bpf_stats_enabled): then the counters change.
      if (statistics.programs.every(program => program.runCount === '0')) blind ??= error.message;
      return statistics;
    }
  };
  while (!ended.signal.aborted) {
    try {
      const exceeded = guard.judge(await look(), session.takeTracerShare(), performance.now());
      if (exceeded !== null) return ended.signal.aborted ? null : exceeded;
    } catch {
      // The session or its tracer ended meanwhile, which is reported elsewhere.
      return null;
    }
    if (blind !== null && !warned) {
      warned = true;
      warn(`The overhead guard can only measure the tracer's CPU time: ${blind}`);
    }
    await untilNextLook(guard.intervalMs, ended.signal);
  }
  return null;
}

/**
 * The kernel does not notify about run time, and a share of a CPU is a difference over time: the interval is part of
 * the measurement, not a wait for an event. Ends early, and clears its timer, once there is nothing left to measure;
 * keeps no process alive.
 */
async function untilNextLook(intervalMs: number, signal: AbortSignal): Promise<void> {
  try {
    await passed(intervalMs, undefined, { signal, ref: false });
  } catch {
    // The session ended meanwhile.
  }
}
