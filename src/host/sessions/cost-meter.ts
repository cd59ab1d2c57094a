/** The CPU cost of a session's programs, from the kernel's run-time statistics (BPF_ENABLE_STATS). No `vscode`. */
import { TracerRequestError } from '../../session/targets/tracer-connection';
import type { TracingSession } from '../../session/tracing/tracing-session';
import type { TracerResults } from '../../shared/protocol/tracer';

export interface Cost {
  readonly runsPerSecond: number;
  /** Mean duration of a run; 0 before the first one. */
  readonly nsPerRun: number;
  /** Share of one CPU. */
  readonly cpuPercent: number;
}

export interface SessionCost extends Cost {
  /** By program name. */
  readonly programs: ReadonlyMap<string, Cost>;
}

interface Runs {
  readonly count: number;
  readonly ns: number;
}

/** Converts two readings of the counters to rates. The kernel counts only while statistics are on. */
export class CostMeter {
  private last: { readonly atMs: number; readonly runs: ReadonlyMap<string, Runs> } | null = null;

  /** Returns null for the first reading: there is no earlier one to compare with. */
  measure(programs: TracerResults['session/statistics']['programs'], atMs: number): SessionCost | null {
    const runs = new Map(
      programs.map(({ name, runCount, runTimeNs }) => [
        name,
        { count: Number(runCount), ns: Number(runTimeNs) },
      ]),
    );
    const { last } = this;
    this.last = { atMs, runs };
    if (!last || atMs <= last.atMs) return null;
    const seconds = (atMs - last.atMs) / 1000;
    const costs = new Map<string, Cost>();
    let [ns, count, allNs, allCount] = [0, 0, 0, 0];
    for (const [name, now] of runs) {
      const before = last.runs.get(name) ?? { count: 0, ns: 0 };
      const since = { count: now.count - before.count, ns: now.ns - before.ns };
      costs.set(name, costOf(since, now, seconds));
      ns += since.ns;
      count += since.count;
      allNs += now.ns;
      allCount += now.count;
    }
    return { ...costOf({ ns, count }, { ns: allNs, count: allCount }, seconds), programs: costs };
  }

  /** Statistics were off: the next reading must not be compared with earlier ones. */
  reset(): void {
    this.last = null;
  }
}

function costOf(since: Runs, all: Runs, seconds: number): Cost {
  const mean = since.count > 0 ? since : all;
  return {
    runsPerSecond: since.count / seconds,
    nsPerRun: mean.count > 0 ? mean.ns / mean.count : 0,
    cpuPercent: since.ns / 1e7 / seconds,
  };
}

/**
 * The cost of one session, measured only while it is visible, because statistics slow every BPF program down a little.
 * If turning them on fails once, it is not tried again. They may be on for the whole machine even so (sysctl
 * kernel.bpf_stats_enabled): then the counters change.
 */
export class CostWatch {
  /** Null while it is not visible, and if the kernel does not report it. */
  cost: SessionCost | null = null;
  /** Why statistics cannot be turned on; '' if they can, as far as known. */
  refusal = '';
  private readonly meter = new CostMeter();
  private turnedOn = false;

  async read(tracing: Pick<TracingSession, 'statistics'>, isWatched: boolean): Promise<void> {
    if (!isWatched) {
      if (this.turnedOn) await tracing.statistics(false);
      this.turnedOn = false;
      this.meter.reset();
      this.cost = null;
      return;
    }
    const mayTurnOn = this.refusal === '';
    try {
      const { programs } = await tracing.statistics(mayTurnOn);
      this.turnedOn = mayTurnOn;
      if (mayTurnOn || programs.some(({ runCount }) => runCount !== '0'))
        this.cost = this.meter.measure(programs, performance.now()) ?? this.cost;
    } catch (error) {
      if (!mayTurnOn || !(error instanceof TracerRequestError)) throw error;
      this.refusal = error.message;
    }
  }
}
