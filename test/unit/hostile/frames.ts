/** Malformed frames: damaged in their headers, in their JSON, in what they refer to, and in how they are cut. */

import type { ByteChannel } from '../../../src/shared/protocol/byte-channel';
import {
  DataContent,
  encodeBlob,
  encodeDataHeader,
  encodeFrame,
  FrameKind,
} from '../../../src/shared/protocol/frames';
import { type Below, damagedBytes, damagedText, pick } from './mutate';

/** A channel of which the test holds the other end. */
export class HeldChannel {
  private receive: (bytes: Uint8Array) => void = () => undefined;
  closed = false;
  paused = false;
  readonly channel: ByteChannel;

  /** `written`: what is written to it. */
  constructor(written: (bytes: Uint8Array) => void = () => undefined) {
    const closing: ((error: Error | undefined) => void)[] = [];
    this.channel = {
      write: bytes => {
        written(bytes);
        return true;
      },
      onBytes: listener => {
        this.receive = listener;
      },
      onDrain: () => undefined,
      onClose: listener => void closing.push(listener),
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
      },
      close: () => {
        if (this.closed) return;
        this.closed = true;
        setImmediate(() => {
          for (const tell of closing) tell(undefined);
        });
      },
    };
  }

  /** As a stream may: cut anywhere, each part in memory that is used again. */
  send(bytes: Uint8Array, below: Below): void {
    const parts = below(3) === 0 ? 1 + below(4) : 1;
    let at = 0;
    for (let part = 1; part <= parts && !this.closed; part++) {
      const end = part === parts ? bytes.byteLength : at + below(bytes.byteLength - at + 1);
      const memory = bytes.slice(at, end);
      this.receive(memory);
      memory.fill(0xaa);
      at = end;
    }
  }

  /** What was sent is handled; nothing more is to be sent while it is paused. */
  async settled(): Promise<void> {
    do await new Promise(resolve => setImmediate(resolve));
    while (this.paused && !this.closed);
  }
}

const SCALARS: readonly string[] = [
  ...['0', '-1', '1', '7', '4294967295', '4294967296', '1e400', '-0', '0.5', '1e-9', '9007199254740993'],
  ...[
    '""',
    `"${'x'.repeat(300)}"`,
    '"/etc/shadow"',
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    '"constructor"',
  ],
  ...['null', 'true', '[]', '{}', `"${'9'.repeat(25)}"`, '{"__proto__":{"code":1}}', '[[[[]]]]'],
];

/** The text of a JSON value that may stand where another is expected. */
export function strangeJson(below: Below): string {
  if (below(400) === 0) {
    const depth = 1 + below(20_000);
    return '['.repeat(depth) + ']'.repeat(below(2) * depth);
  }
  return pick(SCALARS, below);
}

/** Replaces keys and values of a JSON text, doubles parts, breaks it. */
export function damagedJson(text: string, below: Below): string {
  if (below(6) === 0) return damagedText(text, below);
  let changed = text;
  for (let changes = 1 + below(3); changes > 0; changes--) {
    const places = [...changed.matchAll(/:("(?:[^"\\]|\\.)*"|-?[\d.]+|true|false|null|\[\]|\{\})/g)];
    if (places.length === 0) break;
    const place = pick(places, below);
    const [whole, value = ''] = place;
    const start = place.index + whole.length - value.length;
    const rest = changed.slice(start + value.length);
    switch (below(5)) {
      case 0:
        // The value, twice, under another key.
        changed = `${changed.slice(0, start)}${value},"${pick(['__proto__', 'id', 'method', 'result', 'x'], below)}":${strangeJson(below)}${rest}`;
        break;
      case 1:
        changed = `${changed.slice(0, start)}${value.slice(0, below(value.length + 1))}${rest}`;
        break;
      default:
        changed = `${changed.slice(0, start)}${strangeJson(below)}${rest}`;
    }
  }
  return changed;
}

export function rpcFrame(text: string, below?: Below): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  // No UTF-8.
  if (below && below(30) === 0 && bytes.byteLength > 0) bytes[below(bytes.byteLength)] = 0x80 + below(128);
  return encodeFrame(FrameKind.rpc, bytes);
}

const RECORD_EDGES = [1, 2, 0xfffffe, 0xffffff];
const EDGES = [0, 1, 2, 3, 0xffffffff];

export function dataFrame(
  below: Below,
  bytes: Uint8Array,
  header: { sessionId?: number; streamId?: number; content?: number; records?: number; lost?: number } = {},
): Uint8Array {
  const content = (header.content ?? below(7)) as DataContent;
  const isRecords = content === DataContent.ringSpan || content === DataContent.perfRecords;
  const head = encodeDataHeader({
    sessionId: header.sessionId ?? pick(EDGES, below),
    streamId: header.streamId ?? pick(EDGES, below),
    content,
    // Now and then more than fit, which closes the connection.
    records:
      header.records ??
      (below(20) === 0 ? pick(RECORD_EDGES, below) : isRecords ? below(1 + (bytes.byteLength >> 3)) : 0),
    lost: header.lost ?? pick(EDGES, below),
    readAtNs: BigInt(below(1 << 30)),
  });
  return encodeFrame(FrameKind.data, head, bytes);
}

/** No bytes of an ELF file: nothing that could be loaded. */
export function blobFrame(below: Below): Uint8Array {
  const bytes = Uint8Array.from({ length: below(2000) }, () => below(256));
  if (bytes[0] === 0x7f) bytes[0] = 0;
  return encodeBlob(below(6), bytes);
}

/** A frame damaged as a whole: its length, its kind, its end. */
export function damagedFrame(frame: Uint8Array, below: Below): Uint8Array {
  const bytes = frame.slice();
  switch (below(5)) {
    case 0:
      return bytes.subarray(0, below(bytes.byteLength));
    case 1:
      new DataView(bytes.buffer).setUint32(
        0,
        pick([0, 1, 2, 0x7fffffff, 0xffffffff, bytes.byteLength], below),
        true,
      );
      return bytes;
    case 2:
      bytes[4] = below(256);
      return bytes;
    case 3:
      return damagedBytes(bytes, below);
    default:
      return Uint8Array.from({ length: 1 + below(40) }, () => below(256));
  }
}

/** Messages that JSON-RPC libraries handle by themselves, and answers that nobody waits for. */
export function strayMessage(below: Below): string {
  const id = pick(['1', '2', '3', '"1"', 'null', '-1', '{}', '1e400'], below);
  return pick(
    [
      `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":${id}}}`,
      `{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}`,
      `{"jsonrpc":"2.0","method":"$/progress","params":{"token":${id},"value":${strangeJson(below)}}}`,
      `{"jsonrpc":"2.0","id":${id},"result":${strangeJson(below)}}`,
      `{"jsonrpc":"2.0","id":${id},"error":${strangeJson(below)}}`,
      `{"jsonrpc":"2.0","id":${id},"error":{"code":${strangeJson(below)},"message":${strangeJson(below)},"data":${strangeJson(below)}}}`,
      `{"jsonrpc":"2.0","id":${id}}`,
      `{"jsonrpc":"2.0"}`,
      `[{"jsonrpc":"2.0","method":"x","id":${id}}]`,
      `{"jsonrpc":"2.0","method":${strangeJson(below)},"id":${id},"params":${strangeJson(below)}}`,
    ],
    below,
  );
}
