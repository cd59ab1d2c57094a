/** The agent's port in the hands of root in the guest: an attacker in its place, over a real socket. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AgentClient } from '../../../../src/session/vm/agent-client';
import type { VmError } from '../../../../src/session/vm/vm-error';
import {
  DataContent,
  encodeBlob,
  encodeDataHeader,
  encodeFrame,
  FrameKind,
} from '../../../../src/shared/protocol/frames';
import { GUEST_PROTOCOL_VERSION, GUEST_WINDOW_BYTES } from '../../../../src/shared/protocol/guest';
import { heldBytes, hostilePeer, type Request, rpc } from '../hostile-peer';

const MOST_BYTES = 16 << 20;
const notification = (method: string, params: unknown) => rpc({ method, params });
const READY = notification('ready', {
  protocolVersion: GUEST_PROTOCOL_VERSION,
  kernelRelease: '6.1.0',
  nodeVersion: process.version,
  uptimeS: 1.5,
});
const outputOf = (
  processId: number,
  streamId: number,
  bytes: Uint8Array,
  content: number = DataContent.processOutput,
) =>
  encodeFrame(
    FrameKind.data,
    encodeDataHeader({
      sessionId: processId,
      streamId,
      content: content as typeof DataContent.processOutput,
      records: 0,
      lost: 0,
      readAtNs: 0n,
    }),
    bytes,
  );

interface Attack {
  readonly client: AgentClient;
  readonly guest: Socket;
  /** Requests that the client sent, in order. */
  nextRequest(): Promise<Request>;
}

async function attack(): Promise<Attack> {
  const requests: Request[] = [];
  const waiting: (() => void)[] = [];
  const { ours, peer: guest } = await hostilePeer(request => {
    requests.push(request);
    waiting.shift()?.();
  });
  const client = new AgentClient(ours);
  // As sandbox-vm.ts does.
  void client.broken.then(reason => client.end(reason));
  return {
    client,
    guest,
    async nextRequest() {
      if (requests.length === 0) await new Promise<void>(resolve => waiting.push(resolve));
      const request = requests.shift();
      if (!request) throw new Error('no request');
      return request;
    },
  };
}

const COMMAND = { argv: ['/bin/true'], cwd: '/', env: {}, stopped: false, uid: 0, gid: 0 };

/** A process that the client asked for and the agent says runs. */
async function running({ client, guest, nextRequest }: Attack) {
  const spawned = client.spawn(COMMAND);
  const { id, params } = await nextRequest();
  guest.write(rpc({ id, result: { pid: 42, agentPid: 1 } }));
  return { ...params, started: await spawned };
}

/** Writes until the other end hangs up, and gives what it wrote. */
async function flood(guest: Socket, bytes: Uint8Array): Promise<number> {
  const closed = new Promise<boolean>(resolve => guest.once('close', () => resolve(true)));
  let written = 0;
  while (!guest.destroyed) {
    written += bytes.byteLength;
    if (guest.write(bytes)) await new Promise(resolve => setImmediate(resolve));
    else await Promise.race([once(guest, 'drain').catch(() => undefined), closed]);
  }
  return written;
}

const protocolError: Partial<VmError> = { name: 'VmError', code: 'guest-protocol' };

describe('what an agent cannot send', () => {
  it.each<[string, Uint8Array]>([
    ['output of a process that nobody asked for', outputOf(1, 1, Buffer.from('x'))],
    ['an end of such a process', notification('exit', { processId: 7, code: 0, signal: null })],
    ['an end of its output', notification('outputEnd', { processId: 7, stream: 'stdout' })],
    ['an unknown notification', notification('telemetry', {})],
    ['a name of the prototype', notification('constructor', {})],
    [
      'a version that is text',
      notification('ready', { protocolVersion: '2', kernelRelease: '', nodeVersion: '', uptimeS: 0 }),
    ],
    [
      'a release without end',
      notification('ready', {
        protocolVersion: 2,
        kernelRelease: 'x'.repeat(1000),
        nodeVersion: '',
        uptimeS: 0,
      }),
    ],
    ['a request', rpc({ id: 1, method: 'spawn', params: COMMAND })],
    ['an answer to nothing', rpc({ id: 99, result: null })],
    ['a cancelled request', notification('$/cancelRequest', { id: 1 })],
    ['no message', rpc({})],
    ['records of a ring', outputOf(1, 1, Buffer.from('x'), DataContent.ringSpan)],
    ['a frame of 4 GB', Uint8Array.of(0xff, 0xff, 0xff, 0xff, FrameKind.data)],
    ['a blob', encodeBlob(1, new Uint8Array(65 << 20).subarray(0, 64 << 20))],
  ])('ends the connection: %s', async (_what, bytes) => {
    const { client, guest } = await attack();
    guest.write(bytes);
    const reason = await client.broken;
    expect(reason).toMatchObject(protocolError);
    await expect(client.request('powerOff', {})).rejects.toBe(reason);
    expect(client).toMatchObject({ records: { size: 0 } });
  });

  it.each<[string, unknown]>([
    ['no pid', { agentPid: 1 }],
    ['no pid of its own', { pid: 1 }],
    ['a pid below zero', { pid: -1, agentPid: 1 }],
    ['a pid of text', { pid: '1', agentPid: 1 }],
    ['something besides', { pid: 1, agentPid: 1, processId: 5 }],
    ['nothing', null],
  ])('an answer with %s', async (_what, result) => {
    const { client, guest, nextRequest } = await attack();
    const spawned = client.spawn(COMMAND);
    const { id } = await nextRequest();
    guest.write(rpc({ id, result }));
    await expect(spawned).rejects.toMatchObject(protocolError);
  });

  it('reports an error with data of another type, with its control characters escaped', async () => {
    const { client, guest, nextRequest } = await attack();
    const spawned = client.spawn(COMMAND);
    const { id } = await nextRequest();
    guest.write(
      rpc({ id, error: { code: -32001, message: '\u001b]52;c;eA==\u0007', data: { errnoName: [1] } } }),
    );
    await expect(spawned).rejects.toMatchObject({
      code: 'spawn-failed',
      message: expect.stringContaining('\\e]52;c;eA==\\x07 (unknown error)'),
    });
  });

  it('two answers to one request', async () => {
    const { client, guest, nextRequest } = await attack();
    const spawned = client.spawn(COMMAND);
    const { id } = await nextRequest();
    const answer = rpc({ id, result: { pid: 42, agentPid: 1 } });
    guest.write(Buffer.concat([answer, answer]));
    await spawned.catch(() => undefined);
    expect(await client.broken).toMatchObject(protocolError);
  });

  it('output after its end', async () => {
    const one = await attack();
    const { processId, started } = await running(one);
    one.guest.write(notification('outputEnd', { processId, stream: 'stdout' }));
    await once(started.stdout.resume(), 'end');
    one.guest.write(outputOf(processId, 1, Buffer.from('more')));
    expect(await one.client.broken).toMatchObject(protocolError);
  });
});

describe('memory stays bounded', () => {
  it('under output that nobody reads: the agent that ignores the window is cut off', async () => {
    const one = await attack();
    const { processId } = await running(one);
    const before = heldBytes();
    const written = await flood(one.guest, outputOf(processId, 1, new Uint8Array(64 << 10)));
    expect(await one.client.broken).toMatchObject({
      ...protocolError,
      message: expect.stringContaining('more output'),
    });
    // What was on its way when the line was cut lay in the buffers of both sockets.
    expect(written).toBeLessThan(2 * GUEST_WINDOW_BYTES + (16 << 20));
    expect(heldBytes() - before).toBeLessThan(MOST_BYTES);
  });

  it('under notifications faster than they can be handled', async () => {
    const one = await attack();
    const many = Buffer.concat(Array.from({ length: 1000 }, () => READY));
    const before = heldBytes();
    for (let sent = 0; sent < 300; sent++) if (!one.guest.write(many)) await once(one.guest, 'drain');
    // Handled one a turn, nearly all of them are still to come: they wait in the socket, and nobody else has them.
    expect(heldBytes() - before).toBeLessThan(MOST_BYTES);
    expect(await one.client.ready).toMatchObject({ kernelRelease: '6.1.0' });
  }, 60_000);

  it('under blobs without content', async () => {
    const one = await attack();
    for (let id = 1; id <= 2000 && !one.guest.destroyed; id++)
      one.guest.write(encodeBlob(id, new Uint8Array(0)));
    expect(await one.client.broken).toMatchObject({
      ...protocolError,
      message: expect.stringContaining('blobs'),
    });
  });

  it('when it starts more processes than it may', async () => {
    const { client } = await attack();
    const spawns = Array.from({ length: 1025 }, () => client.spawn(COMMAND));
    for (const each of spawns) each.catch(() => undefined);
    await expect(spawns.at(-1)).rejects.toMatchObject({
      code: 'spawn-failed',
      message: expect.stringContaining('1024'),
    });
  });
});
