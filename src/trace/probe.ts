/** A probe that exists, and what it offers. */
import type { KernelTypes } from '../server/kernel/kernel-types';
import type { Memory, ValueType } from './value-type';

export type Place =
  | { readonly kind: 'kernel-function'; readonly name: string }
  /** A tracepoint whose record the kernel describes: its fields are in a struct trace_event_raw_*. */
  | { readonly kind: 'tracepoint'; readonly group: string; readonly name: string; readonly record: string }
  /** A tracepoint by its arguments. */
  | { readonly kind: 'raw-tracepoint'; readonly group: string; readonly name: string }
  | { readonly kind: 'syscall'; readonly name: string }
  /** `file` is absolute. */
  | { readonly kind: 'user-function'; readonly file: string; readonly name: string };

/** An argument or a field. */
export interface Offered {
  /** As people name it: "file", "prev_pid", "filename". */
  readonly name: string;
  /** null: it can neither be counted nor shown. */
  readonly type: ValueType | null;
  /** The kind of memory its pointers point to. */
  readonly memory: Memory;
  /** A system call's `const char *` that is a text by the kernel's interface. */
  readonly isText: boolean;
  /** Within a tracepoint's record, a text whose place and length are in the member __data_loc_NAME. */
  readonly isDataLoc: boolean;
}

export interface Probe {
  readonly place: Place;
  /** As it is named in messages and labels: "vfs_read", "tcp:tcp_retransmit_skb". */
  readonly label: string;
  /** Arguments in their order, or fields. */
  readonly offers: readonly Offered[];
  /** null: it has no end, returns nothing, or what it returns is not a number or pointer. */
  readonly result: ValueType | null;
  /** It has a beginning and an end: its latency can be measured. */
  readonly returns: boolean;
  /** The same place, by other values: a tracepoint by its arguments where its fields are not enough. */
  readonly instead: Probe | null;
  readonly types: KernelTypes;
}
