/** What a benchmark says, and the statistics it says it with. */

/** One line of the table and of the JSON file. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  /** Medians over runs. */
  readonly ours: number;
  readonly peer: number | null;
  readonly peerName: string | null;
  /** ours / peer */
  readonly ratio: number | null;
  /** The most that `ratio` may be where there is a peer, else the most that `ours` may be; null: for information only. */
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
  const own = median(ours);
  const theirs = peer ? median(peer.values) : null;
  const ratio = theirs === null ? null : own / theirs;
  return {
    group,
    name,
    unit,
    ours: rounded(own),
    peer: theirs === null ? null : rounded(theirs),
    peerName: peer?.name ?? null,
    ratio: ratio === null ? null : rounded(ratio),
    limit: limit ?? null,
    ok: limit === undefined || (ratio ?? own) <= limit,
  };
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
