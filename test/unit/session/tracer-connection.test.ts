import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, it } from 'vitest';
import { greetTracer } from '../../../src/session/targets/tracer-connection';
import { duplexChannel } from '../../../src/shared/protocol/byte-channel';
import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';
import { type Hello, TRACER_PROTOCOL_VERSION } from '../../../src/shared/protocol/tracer';

const TOKEN = 'ab'.repeat(32);
const HELLO: Hello = {
  protocolVersion: TRACER_PROTOCOL_VERSION,
  token: TOKEN,
  pid: process.pid,
  uid: 0,
  kernelRelease: '6.1.0',
  libbpfVersion: '1.1',
  nodeVersion: process.version,
  mappedRings: true,
};
const REQUESTS = 5000;
const ROUNDS = 4;
/** What V8 itself moves about; a promise and its closure are over 200 bytes. */
const MOST_BYTES_A_REQUEST = 40;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A connection to a process that greets as the tracer does and answers with `answer`. */
async function connected(answer: () => unknown) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const calling = createConnection(address.port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  const tracer = createFrameConnection(duplexChannel(calling));
  tracer.rpc.onRequest(answer);
  tracer.rpc.listen();
  const greeted = greetTracer(duplexChannel(socket), TOKEN);
  await tracer.rpc.sendNotification('hello', HELLO);
  ends.push(() => {
    calling.destroy();
    socket.destroy();
    server.close();
  });
  return { connection: await greeted, tracer };
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

it('keeps nothing of a request that was answered', async () => {
  const { connection } = await connected(() => ({ detachMs: 1 }));
  const ask = async () => {
    for (let i = 0; i < REQUESTS; i++) await connection.request('session/close', { sessionId: 1 });
  };
  await ask();
  const grown: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = usedHeap();
    await ask();
    grown.push((usedHeap() - before) / REQUESTS);
  }
  // What is kept of requests is kept in every round; what else the process allocates meanwhile is not.
  expect(Math.min(...grown)).toBeLessThan(MOST_BYTES_A_REQUEST);
});

it('reports that the tracer is gone to pending and later requests', async () => {
  const { connection, tracer } = await connected(() => new Promise(() => undefined));
  const waiting = connection.request('session/close', { sessionId: 1 });
  waiting.catch(() => undefined);
  tracer.close();
  await expect(waiting).rejects.toMatchObject({
    code: 'tracer-died',
    message: /^The tracer is gone/,
  });
  await expect(connection.request('session/close', { sessionId: 1 })).rejects.toMatchObject({
    code: 'tracer-died',
  });
});

it('reports that the session was closed where this side closed it', async () => {
  const { connection } = await connected(() => new Promise(() => undefined));
  const waiting = connection.request('session/close', { sessionId: 1 });
  waiting.catch(() => undefined);
  connection.close();
  await expect(waiting).rejects.toMatchObject({ code: 'tracer-died', message: 'The session was closed.' });
  await expect(connection.request('session/close', { sessionId: 1 })).rejects.toMatchObject({
    message: 'The session was closed.',
  });
});
