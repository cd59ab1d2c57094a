import 'vscode-jsonrpc/node';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptedChannel } from '../../../src/session/targets/socket-channel';
import { type ByteChannel, duplexChannel } from '../../../src/shared/protocol/byte-channel';
import { DataContent } from '../../../src/shared/protocol/frames';
import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';

let folder: string;
let caller: Socket;
let channel: ByteChannel;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'bpfw-channel-'));
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>(resolve => server.listen(path.join(folder, 's'), resolve));
  const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
  caller = createConnection(path.join(folder, 's'));
  caller.write('early');
  channel = acceptedChannel(await accepted);
  server.close();
});
afterEach(() => {
  caller.destroy();
  channel.close();
  rmSync(folder, { recursive: true });
});

const closed = () => new Promise<Error | undefined>(resolve => channel.onClose(resolve));

describe('an accepted channel', () => {
  it('delivers all bytes in order, those before the first listener included, from one buffer', async () => {
    await new Promise(resolve => setImmediate(resolve));
    const sent = Buffer.alloc(3 << 20, 'abcdefghijk');
    const buffers = new Set<ArrayBufferLike>();
    let received = Buffer.alloc(0);
    const all = new Promise<void>(resolve =>
      channel.onBytes(bytes => {
        if (received.length > 5) buffers.add(bytes.buffer);
        received = Buffer.concat([received, bytes]);
        if (received.length === 5 + sent.length) resolve();
      }),
    );
    caller.write(sent);
    await all;
    expect(received.subarray(0, 5).toString()).toBe('early');
    expect(received.subarray(5).equals(sent)).toBe(true);
    expect(buffers.size).toBe(1);
  });

  it('writes, and reports when it takes more', async () => {
    channel.onBytes(() => undefined);
    const drained = new Promise<void>(resolve => channel.onDrain(resolve));
    let isWritten = false;
    const taken = channel.write(new Uint8Array(2 << 20).fill(7), () => {
      isWritten = true;
    });
    expect(taken).toBe(false);
    let received = 0;
    caller.on('data', bytes => {
      received += bytes.byteLength;
    });
    await drained;
    expect(isWritten).toBe(true);
    await expect.poll(() => received).toBe(2 << 20);
  });

  it('holds bytes back while paused', async () => {
    let received = 0;
    channel.onBytes(bytes => {
      received += bytes.byteLength;
    });
    await expect.poll(() => received).toBe(5);
    channel.pause();
    // More than both ends' buffers hold: it is not all written until the other side reads again.
    const written = new Promise<void>(resolve => caller.write(new Uint8Array(8 << 20), () => resolve()));
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
    expect(received).toBe(5);
    channel.resume();
    await written;
    await expect.poll(() => received).toBe(5 + (8 << 20));
  });

  it('closes when the other side ends, and ends the other side when it is closed', async () => {
    channel.onBytes(() => undefined);
    const gone = closed();
    caller.end();
    expect(await gone).toBeUndefined();
  });

  it('is the same to frames', async () => {
    caller.destroy();
    await closed();
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>(resolve => server.listen(path.join(folder, 'f'), resolve));
    const accepted = new Promise<Socket>(resolve => server.once('connection', resolve));
    const socket = createConnection(path.join(folder, 'f'));
    const left = createFrameConnection(duplexChannel(socket));
    const right = createFrameConnection(acceptedChannel(await accepted));
    server.close();
    left.rpc.onRequest('sum', (numbers: { a: number; b: number }) => numbers.a + numbers.b);
    left.rpc.listen();
    let sum = 0;
    right.onData(({ bytes }) => {
      for (const byte of bytes) sum += byte;
    });
    right.rpc.listen();
    for (let frame = 0; frame < 20; frame++) {
      const bytes = left.dataMemory(200_000);
      bytes.fill(1);
      left.sendData(
        { sessionId: 1, streamId: 1, content: DataContent.ringSpan, records: 0, lost: 0, readAtNs: 1n },
        bytes,
      );
    }
    expect(await right.rpc.sendRequest('sum', { a: 1, b: 2 })).toBe(3);
    expect(sum).toBe(20 * 200_000);
    left.close();
    right.close();
  });
});
