/** The drain loop's view of a kernel buffer: a ring buffer, a perf buffer or the trace pipe. */
import type { DataContent } from '../../shared/protocol/frames';

/** Allocates exactly this many bytes for one chunk: written before the chunk is sent, never after. */
export type ChunkMemory = (bytes: number) => Uint8Array;

export interface Chunk {
  /** Whole records, in memory that is not overwritten before they are sent. */
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Records that the kernel reported as dropped since the last chunk. A chunk may have only losses and no bytes. */
  readonly lost: number;
  /** The size limit was reached and more records were available: read again at once. */
  readonly more: boolean;
}

export interface StreamSource {
  readonly content: DataContent;
  /** Descriptors that become readable when records are available. */
  readonly descriptors: readonly number[];
  /** Size of the buffer; a tick that finds more than a quarter of it shortens the next interval. */
  readonly capacityBytes: number;
  /** Returns the next records, bounded, and releases their space to the kernel; null when there are none. */
  take(memory: ChunkMemory): Chunk | null;
  /** The producer's current position. */
  mark(): SourceMark;
  /** Idempotent. */
  close(): void;
}

export interface SourceMark {
  /** True when everything produced before the mark has been taken. */
  reached(): boolean;
}

/** Upper bound of a chunk, so that one busy stream cannot block the event loop. A longer record is a chunk by itself. */
export const CHUNK_BYTES = 256 << 10;
