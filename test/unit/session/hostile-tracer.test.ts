/** The tracer's end in the hands of root in the guest: answers and frames that no tracer of ours sends. */

import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { greetTracer, type TracerConnection } from '../../../src/session/targets/tracer-connection';
import { duplexChannel } from '../../../src/shared/protocol/byte-channel';
import {
  DataContent,
  encodeBlob,
  encodeDataHeader,
  encodeFrame,
  FrameError,
  FrameKind,
  MAP_CHANGES_HEADER_BYTES,
  MAP_RUN_HEADER_BYTES,
} from '../../../src/shared/protocol/frames';
import { MapSnapshot } from '../../../src/shared/protocol/map-snapshot';
import {
  TRACER_PROTOCOL_VERSION,
  TRACER_RPC_ERROR,
  type TracerMethod,
  TracerResultSchemas,
} from '../../../src/shared/protocol/tracer';
import { heldBytes, hostilePeer, rpc } from './hostile-peer';

const TOKEN = 'ab'.repeat(32);
/** Of 300 MB sent: what the buffers of both ends hold. */
const MOST_BYTES = 64 << 20;
const HELLO = rpc({
  method: 'hello',
  params: {
    protocolVersion: TRACER_PROTOCOL_VERSION,
    token: TOKEN,
    pid: 1,
    uid: 0,
    kernelRelease: '6.1.0',
    libbpfVersion: '1.1',
    nodeVersion: process.version,
    mappedRings: true,
  },
});
const gone = { name: 'SessionError', code: 'tracer-died' };

/** A greeted connection; each request is answered with what `answer` makes of its id. */
async function hostile(answer: (id: number) => Uint8Array = () => new Uint8Array(0)) {
  const { ours, peer: tracer } = await hostilePeer(({ id }, peer) => peer.write(answer(id)));
  const greeted = greetTracer(duplexChannel(ours), TOKEN);
  tracer.write(HELLO);
  return { connection: await greeted, tracer };
}

/** Parameters do not matter: nobody looks at them here. */
const ask = (connection: TracerConnection, method: TracerMethod) => connection.request(method, {} as never);

const METHODS = Object.keys(TracerResultSchemas) as TracerMethod[];
const ANSWERS: readonly unknown[] = [
  undefined,
  0,
  'text',
  [],
  {},
  { streamId: -1 },
  { streamId: 2 ** 40 },
  { streamId: 1, content: 'raw' },
  { programs: { length: 2 ** 32 }, attachMs: 1 },
  { programs: [{ name: 'x'.repeat(100_000), section: '', attach: '' }], attachMs: 1 },
  { programs: [], attachMs: -1 },
  { functions: [{ name: 1, traceable: true, symbol: true }] },
  { present: 'yes' },
  { available: 1 },
  { blobId: '1', bytes: 0 },
  { sessionId: 1, programs: [], maps: [], possibleCpus: 2 ** 31, openMs: 0, loadMs: 0 },
  { sessionId: 1, programs: [], maps: [{ name: 'm', keySize: -4 }], possibleCpus: 1, openMs: 0, loadMs: 0 },
  { programs: [{ name: 'p', runCount: 5, runTimeNs: 'NaN' }], tracerCpuNs: '0' },
  { detachMs: 1, surplus: 'x' },
];

describe('an answer that does not fit its schema', () => {
  it.each(METHODS)('to %s closes the connection, with the reason', async method => {
    for (const result of ANSWERS) {
      const { connection } = await hostile(id => rpc({ id, result: result ?? { nothing: 1 } }));
      await expect(ask(connection, method)).rejects.toMatchObject(gone);
      expect(await connection.closed).toMatchObject({ message: expect.stringContaining('malformed') });
    }
  });

  it('an error with data of another type, or a log that was never sent', async () => {
    for (const data of [
      null,
      { code: 'sudo' },
      { code: 'kernel', libbpfLog: [{}] },
      { code: 'kernel', verifierLogBlobId: 9 },
    ]) {
      const { connection } = await hostile(id =>
        rpc({ id, error: { code: TRACER_RPC_ERROR, message: 'no', data } }),
      );
      await expect(ask(connection, 'session/open')).rejects.toMatchObject(gone);
      expect(await connection.closed).toMatchObject(gone);
    }
  });

  it('a blob that was never sent', async () => {
    const { connection } = await hostile();
    expect(() => connection.takeBlob(3)).toThrow(expect.objectContaining(gone));
    expect(await connection.closed).toMatchObject(gone);
  });
});

describe('what a tracer cannot send', () => {
  it.each<[string, Uint8Array]>([
    ['a request', rpc({ id: 1, method: 'session/open', params: {} })],
    ['an unknown notification', rpc({ method: '\u001b]0;title\u0007', params: {} })],
    ['a malformed last word', rpc({ method: 'closing', params: { code: 'kernel', message: 5 } })],
    ['a second greeting', HELLO],
    ['an answer to nothing', rpc({ id: 77, result: null })],
    ['a cancelled request', rpc({ method: '$/cancelRequest', params: { id: 1 } })],
    ['a frame without a header', encodeFrame(FrameKind.data, new Uint8Array(3))],
  ])('ends the connection: %s', async (_what, bytes) => {
    const { connection, tracer } = await hostile();
    tracer.write(bytes);
    const reason = await connection.closed;
    expect(reason).toMatchObject(gone);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    expect(reason?.message).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('memory stays bounded', () => {
  it('under frames of streams that nobody watches', async () => {
    const { connection, tracer } = await hostile();
    let frames = 0;
    connection.onData(() => frames++);
    const before = heldBytes();
    const frame = encodeFrame(
      FrameKind.data,
      encodeDataHeader({
        sessionId: 9,
        streamId: 9,
        content: DataContent.ringSpan,
        records: 1,
        lost: 1,
        readAtNs: 0n,
      }),
      new Uint8Array(1 << 20),
    );
    for (let sent = 0; sent < 300; sent++) if (!tracer.write(frame)) await once(tracer, 'drain');
    expect(heldBytes() - before).toBeLessThan(MOST_BYTES);
    await expect.poll(() => frames).toBe(300);
  });

  it('under blobs that nothing names', async () => {
    const { connection, tracer } = await hostile();
    for (let id = 1; id <= 2000 && !tracer.destroyed; id++) tracer.write(encodeBlob(id, new Uint8Array(0)));
    expect(await connection.closed).toMatchObject({ message: expect.stringContaining('blobs') });
  });

  it('under runs of map entries without content', () => {
    const entries = 1000;
    const snapshot = new MapSnapshot(0, 0, entries);
    const frame = new Uint8Array(MAP_CHANGES_HEADER_BYTES + MAP_RUN_HEADER_BYTES * 100);
    const view = new DataView(frame.buffer);
    for (let run = 0; run < 100; run++)
      view.setUint32(MAP_CHANGES_HEADER_BYTES + run * MAP_RUN_HEADER_BYTES + 4, 1, true);
    expect(() => {
      for (let part = 0; part <= entries / 100; part++) snapshot.push(frame);
    }).toThrow(FrameError);
  });
});
