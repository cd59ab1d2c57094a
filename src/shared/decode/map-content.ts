/** Entries `first` to `first + count` of a snapshot. */
export interface EntryRun {
  readonly first: number;
  readonly count: number;
}

/** A snapshot of a map. Bytes are valid until the map is read again: decode them before the next await. */
export interface MapContent {
  /** `count` keys, contiguous. */
  readonly keys: Uint8Array;
  /** `count` values, contiguous. */
  readonly values: Uint8Array;
  readonly count: number;
  /** Number of this snapshot of the map, from 1. */
  readonly number: number;
  /** Entries that are new or changed since snapshot `number - 1`; all of them in the first. */
  readonly changes: readonly EntryRun[];
}

/** A single snapshot. */
export function firstContent(keys: Uint8Array, values: Uint8Array, count: number): MapContent {
  return { keys, values, count, number: 1, changes: [{ first: 0, count }] };
}
