/** What a session's programs cost the machine, from the kernel's run-time statistics (BPF_ENABLE_STATS). No `vscode`. */
import type { TracerResults } from '../../shared/protocol/tracer';

export interface Cost {
  readonly runsPerSecond: number;
  /** Mean time of a run; 0 before the first one. */
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

/** Turns the counters of two moments into rates. The kernel counts only while statistics are on. */
export class CostMeter {
  private last: { readonly atMs: number; readonly runs: ReadonlyMap<string, Runs> } | null = null;

  /** Null the first time: there is nothing to compare with. */
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

  /** Statistics were off: what comes next is compared with nothing before. */
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
