/** Results of decoding: plain values for panels, the command line and exports. */
import type { Log2Convention } from '../bpf/map-role';

/** A decoded field value. Integers beyond 2^53 are bigint. */
export type FieldValue =
  | number
  | bigint
  | string
  | boolean
  | Uint8Array
  | readonly (number | bigint)[]
  | readonly RecordValue[];

/** A decoded record: the values of its fields, by their names. */
export interface RecordValue {
  readonly [field: string]: FieldValue;
}

export interface Bucket {
  /** Inclusive bounds in the histogram's unit. The top log2 slot may end at 2^64-1: bigint then. */
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly count: number;
}

export interface Histogram {
  readonly map: string;
  readonly label: string;
  readonly kind: 'log2' | 'linear' | 'percentiles';
  readonly unit: string;
  /** Decoded key fields by name; null when the map is a single histogram. */
  readonly key: RecordValue | null;
  /** The key's bytes in hexadecimal digits; '' or absent without a key. */
  readonly id?: string;
  /** Ascending, without empty buckets. */
  readonly buckets: readonly Bucket[];
  readonly total: number;
  /** Log2 only: how many slots there are, and how their index counts; `assumed`: nothing in the object states it. */
  readonly slots?: { readonly convention: Log2Convention; readonly assumed: boolean; readonly count: number };
  /** The sum of the values that were counted, where the program keeps it. */
  readonly sum?: number;
}

export interface MapEntry {
  /** The key's bytes in hexadecimal digits, where they are known: keys that read the same may differ in padding. */
  readonly id?: string;
  readonly key: RecordValue;
  readonly value: RecordValue;
}

export interface Drops {
  /** Counted by the program (drop maps and globals), by the tracer's queues, and by the client's stores. */
  readonly kernel: number;
  readonly tracer: number;
  readonly client: number;
}
