import 'vscode-jsonrpc/node';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duplexChannel } from '../../../src/shared/protocol/byte-channel';
import {
  DataContent,
  type DataFrame,
  decodeData,
  encodeDataHeader,
  encodeFrame,
  FrameKind,
} from '../../../src/shared/protocol/frames';
import { createFrameConnection, isConnectionGone } from '../../../src/shared/protocol/rpc-frames';

const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-frames-'));
let server: Server;
let accept: (socket: Socket) => void = () => {};
beforeAll(async () => {
  server = createServer(socket => accept(socket));
  await new Promise<void>(resolve => server.listen(path.join(folder, 's'), resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

async function connectedPair() {
  const accepted = new Promise<Socket>(resolve => {
    accept = resolve;
  });
  const a = createConnection(path.join(folder, 's'));
  const b = await accepted;
  return {
    a,
    b,
    left: createFrameConnection(duplexChannel(a)),
    right: createFrameConnection(duplexChannel(b)),
  };
}

const header = {
  sessionId: 7,
  streamId: 2,
  content: DataContent.ringSpan,
  records: 1,
  lost: 3,
  readAtNs: 12345678901234n,
};

const RECORD = Uint8Array.from([3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3]);

describe('createFrameConnection', () => {
  it('answers requests, with blobs ahead of the message that names them', async () => {
    const { left, right } = await connectedPair();
    right.rpc.onRequest('sum', (params: { blobId: number }) => {
      let sum = 0;
      for (const byte of right.takeBlob(params.blobId)) sum += byte;
      return sum;
    });
    left.rpc.listen();
    right.rpc.listen();
    const blobId = left.sendBlob(new Uint8Array(100_000).fill(2));
    expect(await left.rpc.sendRequest('sum', { blobId })).toBe(200_000);
    await expect(left.rpc.sendRequest('sum', { blobId })).rejects.toThrow(/no blob/);
  });

  it('delivers data before the answer sent after it, small and large', async () => {
    const { left, right } = await connectedPair();
    const received: DataFrame[] = [];
    left.onData(frame => received.push({ ...frame, bytes: frame.bytes.slice() }));
    right.rpc.onRequest('drain', () => {
      right.sendData(header, RECORD);
      right.sendData({ ...header, streamId: 3 }, new Uint8Array(1 << 20).fill(9));
      return null;
    });
    left.rpc.listen();
    right.rpc.listen();
    await left.rpc.sendRequest('drain');
    expect(received[0]).toEqual({ ...header, bytes: RECORD });
    expect(received[1]?.bytes.byteLength).toBe(1 << 20);
    expect(received[1]?.bytes.every(byte => byte === 9)).toBe(true);
  });

  it.each([
    [DataContent.ringSpan, 11, 1],
    [DataContent.perfRecords, 16, 2],
    [DataContent.printk, 3, 3],
    [DataContent.mapChanges, 64, 0],
    [DataContent.processOutput, 64, 0],
  ])('takes no more records of content %i than %i bytes can hold: %i', (content, bytes, most) => {
    const decoded = (records: number) =>
      decodeData(encodeDataHeader({ ...header, content, records }), new Uint8Array(bytes));
    expect(decoded(most)).toMatchObject({ content, records: most, lost: 3 });
    for (const records of [most + 1, 0xffffff])
      expect(() => decoded(records)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('reports when to hold back, and when to go on', async () => {
    const { left, right } = await connectedPair();
    left.rpc.listen();
    right.rpc.listen();
    left.pause();
    let sent = 0;
    while (right.sendData(header, new Uint8Array(4096)) && sent < 1000) sent++;
    expect(sent).toBeLessThan(1000);
    expect(right.writable).toBe(false);
    left.resume();
    await right.drained();
    expect(right.writable).toBe(true);
  });

  it.each([
    ['an unknown kind', new Uint8Array([1, 0, 0, 0, 77])],
    ['a length over the limit', new Uint8Array([255, 255, 255, 255, 0])],
    ['an RPC frame that is not JSON', encodeFrame(FrameKind.rpc, new Uint8Array([0xff, 0xfe]))],
    ['an RPC frame that is not a message', encodeFrame(FrameKind.rpc, new TextEncoder().encode('null'))],
    ['a data frame cut short', encodeFrame(FrameKind.data, new Uint8Array(5))],
  ])('closes with a reason on %s, rejecting what was pending', async (_what, bytes) => {
    const { a, b, left } = await connectedPair();
    left.rpc.listen();
    const reason = new Promise<Error | undefined>(resolve => left.onClosed(resolve));
    const pending = left.rpc.sendRequest('never answered');
    const rejected = expect(pending).rejects.toThrow();
    b.write(bytes);
    expect((await reason)?.name).toBe('FrameError');
    await rejected;
    expect(a.destroyed).toBe(true);
  });

  it("distinguishes a request that a closed connection cut off, or never took, from a peer's refusal", async () => {
    const { left, right } = await connectedPair();
    const arrived = new Promise<void>(resolve => {
      right.rpc.onRequest('never', () => {
        resolve();
        return new Promise(() => undefined);
      });
    });
    left.rpc.listen();
    right.rpc.listen();
    const errorOf = async (method: string): Promise<unknown> => {
      try {
        return await left.rpc.sendRequest(method, {});
      } catch (error) {
        return error;
      }
    };
    expect(isConnectionGone(await errorOf('unknown'))).toBe(false);
    const cutOff = errorOf('never');
    await arrived;
    right.close();
    expect(isConnectionGone(await cutOff)).toBe(true);
    expect(isConnectionGone(await errorOf('never'))).toBe(true);
    expect(isConnectionGone(new Error('else'))).toBe(false);
  });

  it('notifies both ends when one closes', async () => {
    const { left, right } = await connectedPair();
    left.rpc.listen();
    right.rpc.listen();
    const gone = new Promise<Error | undefined>(resolve => right.onClosed(resolve));
    left.close();
    expect(await gone).toBeUndefined();
    expect(() => left.sendBlob(new Uint8Array(1))).toThrow(/closed/);
  });
});
