/** The other end of a connection in the hands of root in the guest. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach } from 'vitest';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import { encodeFrame, FrameKind } from '../../../src/shared/protocol/frames';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A JSON-RPC message as one frame. */
export const rpc = (message: object): Uint8Array =>
  encodeFrame(FrameKind.rpc, Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly processId: number };
}

/** A connected pair of TCP sockets, closed after the test: `ours`, and `peer`, whose requests go to `onRequest`. */
export async function hostilePeer(
  onRequest: (request: Request, peer: Socket) => void,
): Promise<{ readonly ours: Socket; readonly peer: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const peer = createConnection(address.port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  peer.on('error', () => undefined);
  const splitter = new FrameSplitter(({ bytes }) => {
    const message = JSON.parse(Buffer.from(bytes).toString());
    if (message.id !== undefined) onRequest(message, peer);
  });
  peer.on('data', bytes => splitter.push(bytes));
  ends.push(() => {
    peer.destroy();
    ours.destroy();
    server.close();
  });
  return { ours, peer };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory of this process that is in use, without garbage. */
export function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}
