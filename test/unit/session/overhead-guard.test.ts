import { describe, expect, it } from 'vitest';
import { OverheadGuard, watchOverhead } from '../../../src/session/tracing/overhead-guard';
import type { TracingSession } from '../../../src/session/tracing/tracing-session';

const statistics = (programMs: number, tracerMs: number) => ({
  programs: [{ name: 'hot', runCount: '1', runTimeNs: String(programMs * 1e6) }],
  tracerCpuNs: String(tracerMs * 1e6),
});

describe('the overhead guard', () => {
  it('reports nothing before it has two looks to compare', () => {
    expect(new OverheadGuard(1).judge(statistics(1e9, 1e9), 1, 0)).toBeNull();
  });

  it('adds the programs’ run time and the session’s part of the tracer', () => {
    const guard = new OverheadGuard(50);
    guard.judge(statistics(100, 1000), 1, 0);
    // 40 % and half of 20 %: exactly the budget.
    expect(guard.judge(statistics(2100, 2000), 0.5, 5000)).toBeNull();
    expect(guard.judge(statistics(4110, 3000), 0.5, 10_000)).toBe(
      'Detached by the overhead guard: over 5 s its programs took 40 % and the tracer 10 % of a CPU, more than the 50 % allowed.',
    );
  });

  it('judges each interval by itself', () => {
    const guard = new OverheadGuard(10);
    guard.judge(statistics(0, 0), 1, 0);
    expect(guard.judge(statistics(5000, 0), 1, 5000)).not.toBeNull();
    expect(guard.judge(statistics(5000, 0), 1, 10_000)).toBeNull();
  });
});

describe('watching a session', () => {
  /** What the guard asks of a session, and its end. */
  const watched = (look: () => Promise<ReturnType<typeof statistics>>) => {
    let end = (): void => undefined;
    const closed = new Promise<void>(resolve => {
      end = resolve;
    });
    const session: Pick<TracingSession, 'closed' | 'tracerGone' | 'statistics' | 'takeTracerShare'> = {
      closed,
      tracerGone: new Promise(() => undefined),
      statistics: look,
      takeTracerShare: () => 1,
    };
    return { session, end: () => end() };
  };

  it('ends with the session, not at the next look', async () => {
    const { session, end } = watched(async () => {
      end();
      return statistics(0, 0);
    });
    expect(await watchOverhead(session, new OverheadGuard(1, 2 ** 30), () => undefined)).toBeNull();
  });

  it('reports what was exceeded', async () => {
    let programMs = 0;
    const { session } = watched(async () => {
      programMs += 1e6;
      return statistics(programMs, 0);
    });
    expect(await watchOverhead(session, new OverheadGuard(1, 1), () => undefined)).toContain(
      'Detached by the overhead guard',
    );
  });
});
