/** Raw records of one stream as they arrived, up to a size limit: the oldest are dropped first. No decoding, no `vscode`. */

export interface Span {
  /** Whole records with their headers, or UTF-8 lines, as DataContent of the stream defines. */
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Records lost just before these. */
  readonly lost: number;
  readonly atMs: number;
}

/** Spans that arrive within this time are merged, up to this size, so that a slow stream does not create a span per record. */
const MERGE_WITHIN_MS = 250;
const MERGE_UP_TO_BYTES = 64 << 10;
/** Overhead of a span: object, array header and slot. */
const SPAN_OVERHEAD_BYTES = 200;

export class SpanStore {
  private readonly spans: Span[] = [];
  private keptBytes = 0;
  private first = 0;

  /** `endsWhole`: returns true if another span can directly follow these bytes with its records correctly aligned. */
  constructor(
    private readonly limitBytes: number,
    private readonly endsWhole: (bytes: Uint8Array) => boolean = isAligned,
  ) {}

  /** Stores the span and returns how many records were dropped to make room. A span larger than the limit is not stored. */
  push(span: Span): number {
    const last = this.spans.at(-1);
    if (last && this.first < this.spans.length && mergeable(last, span) && this.endsWhole(last.bytes)) {
      this.spans[this.spans.length - 1] = merge(last, span);
      this.keptBytes += span.bytes.byteLength;
    } else {
      this.spans.push(span);
      this.keptBytes += cost(span);
    }
    let evicted = 0;
    while (this.keptBytes > this.limitBytes) {
      const oldest = this.spans[this.first];
      if (!oldest) break;
      this.first++;
      this.keptBytes -= cost(oldest);
      evicted += oldest.records;
    }
    // Removing from the front of an array moves the rest, so it is done in batches.
    if (this.first > 1024 || this.first === this.spans.length) {
      this.spans.splice(0, this.first);
      this.first = 0;
    }
    return evicted;
  }

  /** Oldest first. */
  kept(): readonly Span[] {
    return this.spans.slice(this.first);
  }

  get bytes(): number {
    return this.keptBytes;
  }
}

/** Ring and perf buffer records start at multiples of 8 bytes. */
function isAligned(bytes: Uint8Array): boolean {
  return bytes.byteLength % 8 === 0;
}

/** Lines can follow each other after a newline. */
export function endsWithNewline(bytes: Uint8Array): boolean {
  return bytes.at(-1) === 0x0a;
}

function cost(span: Span): number {
  return span.bytes.byteLength + SPAN_OVERHEAD_BYTES;
}

function mergeable(last: Span, next: Span): boolean {
  return (
    next.lost === 0 &&
    next.atMs - last.atMs < MERGE_WITHIN_MS &&
    last.bytes.byteLength + next.bytes.byteLength <= MERGE_UP_TO_BYTES
  );
}

function merge(last: Span, next: Span): Span {
  const bytes = new Uint8Array(last.bytes.byteLength + next.bytes.byteLength);
  bytes.set(last.bytes);
  bytes.set(next.bytes, last.bytes.byteLength);
  return { bytes, records: last.records + next.records, lost: last.lost, atMs: last.atMs };
}
