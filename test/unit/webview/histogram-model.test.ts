import { describe, expect, it } from 'vitest';
import type { Histogram } from '../../../src/shared/decode/model';
import { barsOf, commonBins, positionInBins } from '../../../webview/histogram/bins';
import { difference } from '../../../webview/histogram/buckets';
import { HistogramHistory, MOST_STEPS } from '../../../webview/histogram/history';
import { percentile, summary } from '../../../webview/histogram/percentiles';
import { seriesId, sortSeries } from '../../../webview/histogram/series';
import { plainHistogram } from '../plain-histogram';

const bucket = (min: number | bigint, max: number | bigint, count: number) => ({ min, max, count });
const histogram = (buckets: Histogram['buckets'], key: Histogram['key'] = null) =>
  plainHistogram(buckets, { key });

describe('bins', () => {
  it('fills gaps of slots that end one below a power of two', () => {
    expect(commonBins('log2', [[bucket(0, 0, 1), bucket(8, 15, 2)]])).toEqual([
      { min: 0, max: 0 },
      { min: 1, max: 1 },
      { min: 2, max: 3 },
      { min: 4, max: 7 },
      { min: 8, max: 15 },
    ]);
  });
  it('fills gaps after libbpf-tools and bcc slot 0..1', () => {
    expect(commonBins('log2', [[bucket(0, 1, 1), bucket(8, 15, 2)]])).toEqual([
      { min: 0, max: 1 },
      { min: 2, max: 3 },
      { min: 4, max: 7 },
      { min: 8, max: 15 },
    ]);
  });
  it('fills gaps of slots that end at a power of two', () => {
    expect(commonBins('log2', [[bucket(3, 4, 1), bucket(17, 32, 2)]])).toEqual([
      { min: 3, max: 4 },
      { min: 5, max: 8 },
      { min: 9, max: 16 },
      { min: 17, max: 32 },
    ]);
  });
  it('joins fine linear slots but keeps the overflow slot apart', () => {
    const slots = Array.from({ length: 200 }, (_, slot) => bucket(slot * 10, slot * 10 + 9, 1));
    const bins = commonBins('linear', [[...slots, bucket(2000, 2n ** 64n - 1n, 7)]]);
    expect(bins).toHaveLength(67 + 1);
    expect(bins[0]).toEqual({ min: 0, max: 29 });
    expect(bins.at(-2)).toEqual({ min: 1980, max: 1999 });
    const bars = barsOf([...slots, bucket(2000, 2n ** 64n - 1n, 7)], bins);
    expect(bars[0]?.count).toBe(3);
    expect(bars.at(-1)?.count).toBe(7);
    expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(207);
    expect(bars.at(-1)?.cumulativeShare).toBe(1);
  });
});

describe('percentiles', () => {
  it('spread values evenly within the bucket', () => {
    const buckets = [bucket(0, 9, 50), bucket(10, 19, 50)];
    expect(percentile(buckets, 0.5)).toEqual({ name: 'p50', value: 8.91, atLeast: false });
    expect(percentile(buckets, 0.75)?.value).toBeCloseTo(14.41);
    expect(percentile([], 0.5)).toBeNull();
  });
  it('say "at least" in a bucket without upper bound', () => {
    expect(summary([bucket(0, 9, 1), bucket(10, 2n ** 64n - 1n, 99)]).at(-1)).toEqual({
      name: 'max',
      value: 10,
      atLeast: true,
    });
  });
  it('find their place on the axis', () => {
    const bins = [
      { min: 0, max: 9 },
      { min: 10, max: 19 },
    ];
    expect(positionInBins(5, bins)).toBeCloseTo(0.5);
    expect(positionInBins(15, bins)).toBeCloseTo(1.5);
    expect(positionInBins(40, bins)).toBe(2);
  });
});

describe('the time line', () => {
  it('keeps what each interval added, and takes a cleared map as new counts', () => {
    expect(difference([bucket(4, 7, 10)], [bucket(4, 7, 12), bucket(8, 15, 1)])).toEqual([
      bucket(4, 7, 2),
      bucket(8, 15, 1),
    ]);
    expect(difference([bucket(4, 7, 10)], [bucket(4, 7, 3)])).toEqual([bucket(4, 7, 3)]);
  });
  it('sums ranges, shows losses where they happened, and forgets the oldest', () => {
    const history = new HistogramHistory();
    for (let second = 0; second < MOST_STEPS + 20; second++) {
      if (second === 310) history.noteDrops({ kernel: 5, tracer: 1, client: 0 });
      history.push(second * 1000, [histogram([bucket(4, 7, second + 1)])]);
    }
    expect(history.timeline).toHaveLength(MOST_STEPS);
    expect(history.timeline[0]?.number).toBe(20);
    expect(history.timeline.filter(step => step.lost > 0).map(step => [step.number, step.lost])).toEqual([
      [310, 6],
    ]);
    expect(history.series({ kind: 'all' })[0]?.total).toBe(MOST_STEPS + 20);
    expect(history.series({ kind: 'last' })[0]?.total).toBe(1);
    expect(history.series({ kind: 'range', first: 100, last: 109 })[0]?.total).toBe(10);
  });
  it('begins, on a page that loads late, with what the oldest interval added, not with all since attach', () => {
    const history = new HistogramHistory();
    const drops = (kernel: number) => ({ kernel, tracer: 0, client: 0 });
    history.begin({ atMs: 9000, histograms: [histogram([bucket(4, 7, 100)])], drops: drops(50) });
    for (const [second, count] of [
      [10, 102],
      [11, 105],
    ] as const) {
      history.noteDrops(drops(50 + (second - 10) * 3));
      history.push(second * 1000, [histogram([bucket(4, 7, count)])]);
    }
    expect(history.timeline.map(({ fromMs, toMs, lost }) => [fromMs, toMs, lost])).toEqual([
      [9000, 10_000, 0],
      [10_000, 11_000, 3],
    ]);
    expect(history.series({ kind: 'range', first: 0, last: 0 })[0]?.total).toBe(2);
    expect(history.series({ kind: 'all' })[0]?.total).toBe(105);
    expect(history.lost).toBe(53);
  });
});

describe('a held time line', () => {
  const reading = (second: number) => [histogram([bucket(4, 7, second + 1)])];
  const told = (history: HistogramHistory) => [
    history.series({ kind: 'all' })[0]?.total,
    history.timeline.at(-1)?.toMs,
    history.timeline.length,
  ];
  function played(history: HistogramHistory, from: number, to: number): HistogramHistory {
    for (let second = from; second <= to; second++) {
      if (second === 4) history.noteDrops({ kernel: 7, tracer: 0, client: 0 });
      history.push(second * 1000, reading(second));
    }
    return history;
  }

  it('stays as it was, and goes on with all that came', () => {
    const history = played(new HistogramHistory(), 0, 2);
    history.hold(2000);
    played(history, 3, 5);
    expect(told(history)).toEqual([3, 2000, 3]);
    history.release();
    expect(told(history)).toEqual(told(played(new HistogramHistory(), 0, 5)));
    expect(history.timeline.filter(step => step.lost > 0).map(step => [step.toMs, step.lost])).toEqual([
      [4000, 7],
    ]);
  });
  it('is the same when all is received anew', () => {
    const history = played(new HistogramHistory(), 0, 1);
    history.hold(1000);
    history.clear();
    played(history, 0, 5);
    expect(told(history)).toEqual([2, 1000, 2]);
    history.release();
    expect(told(history)).toEqual([6, 5000, 6]);
  });
  it('is held no more when nothing of it is kept', () => {
    const history = new HistogramHistory();
    history.hold(1000);
    played(history, 2, 5);
    expect(history.heldMs).toBeNull();
    expect(told(history)).toEqual([6, 5000, 4]);
  });
});

describe('keys', () => {
  it('differ by every field, bigint included', () => {
    expect(seriesId({ map: 'm', key: { a: 1n } })).not.toBe(seriesId({ map: 'm', key: { a: 2n } }));
    expect(seriesId({ map: 'm', key: { a: 1n } })).toBe(seriesId({ map: 'm', key: { a: 1n } }));
  });
  it('sort by p99, largest first', () => {
    const history = new HistogramHistory();
    history.push(0, [
      histogram([bucket(4, 7, 100)], { comm: 'fast' }),
      histogram([bucket(4, 7, 9), bucket(512, 1023, 1)], { comm: 'slow' }),
    ]);
    const sorted = sortSeries(history.series({ kind: 'all' }), 'p99', series => String(series.key?.comm));
    expect(sorted.map(series => series.key?.comm)).toEqual(['slow', 'fast']);
  });
  it('sort by how many times larger p99 is than what was set aside; the new and the empty come last', () => {
    const history = new HistogramHistory();
    history.push(0, [
      histogram([bucket(4096, 8191, 10)], { comm: 'slow as ever' }),
      histogram([bucket(64, 127, 10)], { comm: 'eight times' }),
      histogram([bucket(8192, 16383, 10)], { comm: 'new' }),
      histogram([bucket(1024, 2047, 10)], { comm: 'twice' }),
    ]);
    const before = new Map([
      ['slow as ever', [bucket(4096, 8191, 3)]],
      ['eight times', [bucket(8, 15, 3)]],
      ['twice', [bucket(512, 1023, 3)]],
    ]);
    const nameOf = (series: { readonly key: Histogram['key'] }): string => String(series.key?.comm);
    const order = (frozenOf?: (series: { readonly key: Histogram['key'] }) => Histogram['buckets'] | null) =>
      sortSeries(history.series({ kind: 'all' }), 'p99-change', nameOf, frozenOf).map(nameOf);
    expect(order(series => before.get(nameOf(series)) ?? null)).toEqual([
      'eight times',
      'twice',
      'slow as ever',
      'new',
    ]);
    expect(order()).toEqual(['eight times', 'new', 'slow as ever', 'twice']);
  });
});
