import { describe, expect, it } from 'vitest';
import { CostMeter } from '../../../src/host/sessions/cost-meter';
import { overhead } from '../../../src/host/sessions/session-text';

const counters = (runCount: number, runTimeNs: number, name = 'p') => ({
  name,
  runCount: String(runCount),
  runTimeNs: String(runTimeNs),
});

describe('CostMeter', () => {
  it('reports rates between two moments, per program and together', () => {
    const meter = new CostMeter();
    expect(meter.measure([counters(10, 1000), counters(0, 0, 'q')], 1000)).toBeNull();
    const cost = meter.measure([counters(1010, 101_000), counters(1000, 9_900_000, 'q')], 3000);
    expect(cost?.programs.get('p')).toEqual({ runsPerSecond: 500, nsPerRun: 100, cpuPercent: 0.005 });
    expect(cost?.programs.get('q')?.nsPerRun).toBe(9900);
    expect(cost).toMatchObject({ runsPerSecond: 1000, nsPerRun: 5000, cpuPercent: 0.5 });
  });

  it('keeps the mean when nothing ran, and forgets the past on reset', () => {
    const meter = new CostMeter();
    meter.measure([counters(4, 200)], 0);
    expect(meter.measure([counters(4, 200)], 1000)).toMatchObject({ nsPerRun: 50, cpuPercent: 0 });
    meter.reset();
    expect(meter.measure([counters(8, 400)], 2000)).toBeNull();
  });

  it('is written with a unit that fits', () => {
    const cost = { runsPerSecond: 1, nsPerRun: 85.4, cpuPercent: 0.001 };
    expect(overhead(cost)).toBe('85 ns per run · < 0.01 % CPU');
    expect(overhead({ ...cost, nsPerRun: 2500, cpuPercent: 12.3 })).toBe('2.5 µs per run · 12 % CPU');
    expect(overhead({ ...cost, nsPerRun: 0, cpuPercent: 0 })).toBe('0.00 % CPU');
  });
});
