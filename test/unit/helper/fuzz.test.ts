/**
 * Malformed and hostile frames against the helper's own door: frames, schema, dispatch and handlers, in this process.
 * Nothing here can load a program: no bytes of an ELF file are ever sent.
 */
import { describe, expect, it } from 'vitest';
import 'vscode-jsonrpc/node';
import { dispatch } from '../../../src/helper/dispatch';
import { silenceLibbpf } from '../../../src/helper/libbpf/log';
import { createRequests } from '../../../src/helper/requests';
import { encodeBlob, encodeFrame, FrameKind } from '../../../src/shared/protocol/frames';
import { HelperRequestSchemas } from '../../../src/shared/protocol/helper';
import { type ByteChannel, createFrameConnection } from '../../../src/shared/protocol/rpc-frames';

const FRAMES = 100_000;
const SEED = 0x5eed;
const METHODS = Object.keys(HelperRequestSchemas);

/** mulberry32: small, seeded, good enough to reach corners. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below) | 0;
  };
}

/** A channel of which the test holds the other end. Counts what is written to it. */
function memoryChannel() {
  let receive: (bytes: Uint8Array) => void = () => {};
  let closed = false;
  let written = 0;
  const channel: ByteChannel = {
    write: bytes => {
      written += bytes.byteLength;
      return true;
    },
    onBytes: listener => {
      receive = listener;
    },
    onDrain: () => {},
    onClose: () => {},
    pause: () => {},
    resume: () => {},
    close: () => {
      closed = true;
    },
  };
  return {
    channel,
    receive: (bytes: Uint8Array) => receive(bytes),
    get closed() {
      return closed;
    },
    get written() {
      return written;
    },
  };
}

function helperEnd() {
  const memory = memoryChannel();
  const connection = createFrameConnection(memory.channel, { pendingBlobBytes: 1 << 20 });
  dispatch(connection, createRequests(connection).handlers, reason => connection.close(reason));
  connection.rpc.listen();
  return memory;
}

describe('100,000 malformed frames', () => {
  it('are answered or end their connection; nothing throws and memory stays flat', async () => {
    silenceLibbpf();
    const below = random(SEED);
    const scalars: readonly unknown[] = [
      0,
      -1,
      1,
      2 ** 32,
      0.5,
      '',
      'x'.repeat(300),
      '/etc/shadow',
      null,
      true,
      [],
      {},
      '9'.repeat(25),
    ];
    const value = (depth: number): unknown => {
      if (depth === 0 || below(3) > 0) return scalars[below(scalars.length)];
      if (below(2) === 0) return Array.from({ length: below(4) }, () => value(depth - 1));
      return Object.fromEntries(
        Array.from({ length: below(4) }, () => [KEYS[below(KEYS.length)], value(depth - 1)]),
      );
    };
    const message = (id: number) => {
      const method = below(10) === 0 ? 'nothing' : METHODS[below(METHODS.length)];
      const params = Object.fromEntries(
        Array.from({ length: below(6) }, () => [KEYS[below(KEYS.length)], value(2)]),
      );
      const body = {
        jsonrpc: '2.0',
        ...(below(8) > 0 ? { id } : {}),
        ...(below(20) > 0 ? { method } : {}),
        params,
      };
      return Buffer.from(JSON.stringify(below(30) === 0 ? value(3) : body) ?? '');
    };
    const frame = (id: number): Uint8Array => {
      const kind = below(12);
      if (kind === 0) return Uint8Array.from({ length: 1 + below(40) }, () => below(256));
      if (kind === 1)
        return encodeBlob(
          below(3),
          Uint8Array.from({ length: below(2000) }, () => below(256)),
        );
      if (kind === 2)
        return encodeFrame(
          FrameKind.data,
          Uint8Array.from({ length: below(64) }, () => below(256)),
        );
      const bytes = encodeFrame(FrameKind.rpc, message(id));
      if (kind < 6) for (let i = below(4); i >= 0; i--) bytes[below(bytes.byteLength)] = below(256);
      return kind === 6 ? bytes.subarray(0, below(bytes.byteLength)) : bytes;
    };

    const failures: unknown[] = [];
    const onFailure = (error: unknown) => failures.push(error);
    process.on('unhandledRejection', onFailure);
    process.on('uncaughtException', onFailure);
    let end = helperEnd();
    let connections = 1;
    let heapAfterWarmUp = 0;
    for (let id = 0; id < FRAMES; id++) {
      end.receive(frame(id));
      if (end.closed) {
        connections++;
        end = helperEnd();
      }
      if (id % 50 === 0) await new Promise(resolve => setImmediate(resolve));
      if (id === FRAMES / 5) heapAfterWarmUp = process.memoryUsage().heapUsed;
    }
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', onFailure);
    process.off('uncaughtException', onFailure);
    expect(failures).toEqual([]);
    expect(connections).toBeGreaterThan(1000);
    expect(process.memoryUsage().heapUsed - heapAfterWarmUp).toBeLessThan(200 << 20);
  }, 120_000);
});

const KEYS = [
  'sessionId',
  'streamId',
  'map',
  'maxEntries',
  'intervalMs',
  'enable',
  'names',
  'objectBlobId',
  'relocationBtfBlobId',
  'objectName',
  'programs',
  'constants',
  'maps',
  'consented',
  'category',
  'name',
  '__proto__',
];
