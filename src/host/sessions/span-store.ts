/** Raw records of one stream as they arrived, bounded in bytes: the oldest leave first. No decoding, no `vscode`. */

export interface Span {
  /** Whole records with their headers, or UTF-8 lines: what DataContent says of the stream. */
  readonly bytes: Uint8Array;
  readonly records: number;
  /** Records lost just before these. */
  readonly lost: number;
  readonly atMs: number;
}

/** Spans that arrive within this time become one, up to this size, so that a slow stream does not make a span per record. */
const MERGE_WITHIN_MS = 250;
const MERGE_UP_TO_BYTES = 64 << 10;
/** What a span costs beside its bytes: object, array header and slot. */
const SPAN_OVERHEAD_BYTES = 200;

export class SpanStore {
  private readonly spans: Span[] = [];
  private keptBytes = 0;
  private first = 0;

  /** `endsWhole`: bytes after which another span's can follow directly, its records still where readers expect them. */
  constructor(
    private readonly limitBytes: number,
    private readonly endsWhole: (bytes: Uint8Array) => boolean = isAligned,
  ) {}

  /** Keeps the span and returns how many records left to make room. A span over the limit is itself not kept. */
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
    // Dropping from the front of an array moves the rest: do it once per many.
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

/** Ring and perf buffer records begin at multiples of 8 bytes. */
function isAligned(bytes: Uint8Array): boolean {
  return bytes.byteLength % 8 === 0;
}

/** Lines follow each other after a newline. */
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
