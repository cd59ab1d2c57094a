/** A kernel buffer being drained: what the drain loop needs to know about a ring buffer, a perf buffer or the trace pipe. */
import type { DataContent } from '../shared/protocol/frames';

/** Memory of exactly so many bytes for one chunk: filled before the chunk is sent, never after. */
export type ChunkMemory = (bytes: number) => Uint8Array;

export interface Chunk {
  /** Whole records, in memory that nobody writes before they are on their way. */
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Records the kernel says it dropped since the last chunk. A chunk of loss alone has no bytes. */
  readonly lost: number;
  /** The bound was reached and more was there at the time of looking: worth another look at once. */
  readonly more: boolean;
}

export interface StreamSource {
  readonly content: DataContent;
  /** Descriptors that become readable when there is something to take. */
  readonly descriptors: readonly number[];
  /** Bytes the buffer holds; a tick that finds more than a quarter of it comes sooner next time. */
  readonly capacityBytes: number;
  /** The next records, bounded, and the space given back to the kernel; null when there are none. */
  take(memory: ChunkMemory): Chunk | null;
  /** Where the producer is now. */
  mark(): SourceMark;
  /** Idempotent. */
  close(): void;
}

export interface SourceMark {
  /** True when everything produced before the mark was taken. */
  reached(): boolean;
}

/** Upper bound of one chunk, so that one busy stream cannot hold the event loop. A longer record comes alone. */
export const CHUNK_BYTES = 256 << 10;
