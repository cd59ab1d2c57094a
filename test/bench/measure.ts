/** What a benchmark says, and the statistics it says it with. */

/** Of the runs of one figure. */
export interface Range {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** One line of the table and of the JSON file. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly ours: Range;
  readonly peer: Range | null;
  readonly peerName: string | null;
  /** ours / peer: its median is that of the medians, its ends are of pairs that ran one after the other. */
  readonly ratio: Range | null;
  /** The most that the ratio's median may be where there is a peer, else the most that ours may be; null: for information only. */
  readonly limit: number | null;
  readonly ok: boolean;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
  readonly limit?: number;
}

/** Rounds so that four digits count: what lies behind them is noise. */
const rounded = (value: number): number => Number(value.toPrecision(4));

export function row(group: string, { name, unit, ours, peer, limit }: Measured): Row {
  const own = rangeOf(ours);
  const theirs = peer ? rangeOf(peer.values) : null;
  const ratio = peer && theirs ? ratioOf(ours, peer.values, own.median / theirs.median) : null;
  return {
    group,
    name,
    unit,
    ours: own,
    peer: theirs,
    peerName: peer?.name ?? null,
    ratio,
    limit: limit ?? null,
    ok: limit === undefined || (ratio ?? own).median <= limit,
  };
}

/** Throws RangeError without values. */
function rangeOf(values: readonly number[]): Range {
  return {
    min: rounded(percentile(values, 0)),
    median: rounded(median(values)),
    max: rounded(percentile(values, 1)),
  };
}

/** Ours may run more often than the peer (warm starts): each then belongs to the peer's run of the same share of the time. */
function ratioOf(ours: readonly number[], peer: readonly number[], ofMedians: number): Range {
  const pairs = ours.map(
    (own, at) => own / (peer[Math.floor((at * peer.length) / ours.length)] ?? Number.NaN),
  );
  const { min, max } = rangeOf([...pairs, ofMedians]);
  return { min, median: rounded(ofMedians), max };
}

/** Throws RangeError without values: no measurement, no number. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new RangeError('no values were measured');
  return value;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values were measured');
  return (upper + lower) / 2;
}
