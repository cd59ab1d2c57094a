/** Entries `first` to `first + count` of a snapshot. */
export interface EntryRun {
  readonly first: number;
  readonly count: number;
}

/** A map's whole content at one moment. Bytes are valid until the map is read again: decode them before you wait. */
export interface MapContent {
  /** `count` keys, one after the other. */
  readonly keys: Uint8Array;
  /** `count` values, one after the other. */
  readonly values: Uint8Array;
  readonly count: number;
  /** Counts the snapshots of this map, from 1 on. */
  readonly number: number;
  /** Entries that are new or different since snapshot `number - 1`; all of them the first time. */
  readonly changes: readonly EntryRun[];
}

/** A content read once, by itself. */
export function firstContent(keys: Uint8Array, values: Uint8Array, count: number): MapContent {
  return { keys, values, count, number: 1, changes: [{ first: 0, count }] };
}
