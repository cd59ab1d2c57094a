import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrame, FrameKind } from '../../../src/shared/protocol/frames';
import { tracerBundle } from './tracer-bundle';
import { TracerClient } from './tracer-client';
import { startTracer, type TracerProcess } from './tracer-process';

let tracer: TracerProcess;
afterEach(() => {
  tracer?.child.kill('SIGKILL');
});

const rpc = (message: unknown) => encodeFrame(FrameKind.rpc, Buffer.from(JSON.stringify(message)));

/** A request whatever its method and parameters; how it ends is seen at the connection. */
function ask(client: TracerClient, method: string, params: object): void {
  client.connection.rpc.sendRequest(method, params).catch(() => undefined);
}

/** Says why and ends, in time. */
async function endsWith(client: TracerClient, pattern: RegExp): Promise<void> {
  expect(await tracer.exited).toEqual({ code: 1, signal: null });
  expect(tracer.stderr()).toMatch(pattern);
  await client.closed;
  expect(client.closing?.code).toBe('bad-request');
  expect(client.closing?.message).toMatch(pattern);
}

async function greeted(): Promise<TracerClient> {
  tracer = await startTracer();
  const client = new TracerClient(tracer.socket);
  expect((await client.hello).token).toBe(tracer.token);
  return client;
}

describe('the greeting', () => {
  it('identifies itself, and the token is only on its stdin', async () => {
    tracer = await startTracer();
    const client = new TracerClient(tracer.socket);
    const hello = await client.hello;
    expect(hello).toMatchObject({ token: tracer.token, pid: tracer.child.pid, uid: process.getuid?.() });
    expect(hello.libbpfVersion).toMatch(/^\d+\.\d+$/);
    expect(hello.mappedRings).toBe(true);
    for (const file of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${hello.pid}/${file}`, 'latin1')).not.toContain(tracer.token);
    }
    client.connection.close();
    expect(await tracer.exited).toEqual({ code: 0, signal: null });
  });

  it.each([
    ['something else', 'not a token\n', /not a token/],
    ['a token that is too long', `${'a'.repeat(65)}\n`, /not a token/],
    ['a line without end', 'a'.repeat(1000), /not a token/],
  ])('does not come after %s', async (_what, stdin, pattern) => {
    tracer = await startTracer({ stdin });
    let received = 0;
    tracer.socket.on('data', bytes => {
      received += bytes.byteLength;
    });
    expect(await tracer.exited).toEqual({ code: 1, signal: null });
    expect(tracer.stderr()).toMatch(pattern);
    expect(received).toBe(0);
  });

  // Only root can start a tracer as somebody else.
  it.runIf(process.getuid?.() === 0)('does not come for a client of another user', async () => {
    tracer = await startTracer({
      prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      reachable: true,
    });
    let received = 0;
    tracer.socket.on('data', bytes => {
      received += bytes.byteLength;
    });
    expect(await tracer.exited).toEqual({ code: 1, signal: null });
    expect(tracer.stderr()).toMatch(/client runs as uid 0, the tracer as uid 65534/);
    expect(received).toBe(0);
  });

  it('does not come for a process of the same user that did not start it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-stranger-'));
    const socketPath = path.join(folder, 's');
    const listen = `require('node:net').createServer(s => s.on('data', () => console.log('greeted')).on('error', () => {})).listen(process.argv[1], () => console.log('listening'))`;
    const stranger = spawn(process.execPath, ['-e', listen, socketPath], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    stranger.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    try {
      await expect.poll(() => said, { timeout: 10_000 }).toBe('listening\n');
      const started = spawn(process.execPath, [await tracerBundle(), '--socket', socketPath]);
      let stderr = '';
      started.stderr.on('data', (bytes: Buffer) => {
        stderr += bytes.toString();
      });
      started.stdin.write(`${'a'.repeat(64)}\n`);
      const [code] = await once(started, 'close');
      expect(stderr).toContain(`Process ${stranger.pid} listens on the socket but did not start the tracer`);
      expect(code).toBe(1);
      expect(said).toBe('listening\n');
    } finally {
      stranger.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses a command line it does not understand', async () => {
    await expect(startTracer({ args: ['--fd', '3'] })).rejects.toThrow(/ended with 2/);
    await expect(startTracer({ args: ['--token=x'] })).rejects.toThrow(/ended with 2/);
  });
});

describe('the end', () => {
  it('comes with the end of stdin', async () => {
    await greeted();
    tracer.child.stdin?.end();
    expect(await tracer.exited).toEqual({ code: 0, signal: null });
  });

  it('comes with the end of its parent, though stdin and connection are open', async () => {
    tracer = await startTracer({ prefix: ['sh', '-c', 'exec 3<&0; "$@" <&3 & wait', 'sh'] });
    const client = new TracerClient(tracer.socket);
    const { pid } = await client.hello;
    expect(pid).not.toBe(tracer.child.pid);
    tracer.child.kill('SIGKILL');
    await client.closed;
    await expect.poll(() => existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

  it('does not come with Ctrl-C on the terminal they share', async () => {
    const client = await greeted();
    tracer.child.kill('SIGINT');
    expect(await client.request('target/read', { what: 'btf' })).toMatchObject({ blobId: 1 });
    client.connection.close();
    expect(await tracer.exited).toEqual({ code: 0, signal: null });
  });
});

describe('a message that breaks the contract ends the connection, with the reason', () => {
  it.each([
    ['a frame of unknown kind', Uint8Array.of(1, 0, 0, 0, 9), /unknown kind 9/],
    ['a frame that is too long', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0), /over the limit/],
    ['no JSON', encodeFrame(FrameKind.rpc, Buffer.from('{"jsonrpc"')), /not JSON/],
    ['no JSON-RPC', rpc({ hello: 1 }), /without a JSON-RPC/],
    ['an unknown request', { method: 'shell/run', params: {} }, /shell\/run/],
    ['a request with a surplus field', { method: 'printk/watch', params: { path: '/' } }, /printk\/watch/],
    [
      'a request with a path for a name',
      { method: 'target/read', params: { what: '/etc/shadow' } },
      /target\/read: what/,
    ],
    ['parameters by position', { method: 'session/close', params: [1] }, /session\/close/],
    [
      'a blob that never came',
      {
        method: 'session/open',
        params: {
          objectBlobId: 5,
          objectName: 'x',
          programs: [],
          constants: [],
          maps: [],
          consented: [],
        },
      },
      /no blob 5/,
    ],
    ['a notification', rpc({ jsonrpc: '2.0', method: 'anything' }), /unknown notification/],
  ])('%s', async (_what, sent, pattern) => {
    const client = await greeted();
    if (sent instanceof Uint8Array) tracer.socket.write(sent);
    else ask(client, sent.method, sent.params);
    await endsWith(client, pattern);
  });

  it('too many requests at a time', async () => {
    const client = await greeted();
    for (let i = 0; i < 400; i++) ask(client, 'target/read', { what: 'btf' });
    await endsWith(client, /more than 256 unanswered requests/);
  });
});

describe('requests that are well formed and cannot be done', () => {
  it('are answered, and the connection goes on', async () => {
    const client = await greeted();
    expect(await client.failure('session/close', { sessionId: 3 })).toMatchObject({
      code: 'unknown-session',
    });
    expect(await client.failure('target/read', { what: 'module-btf', of: '..' })).toMatchObject({
      code: 'bad-request',
    });
    const garbage = await client.failure('session/open', client.openParams(Buffer.from('not an ELF file')));
    expect(garbage).toMatchObject({ code: 'object-rejected', errnoName: 'LIBBPF_ERRNO__FORMAT' });
    expect(garbage.libbpfLog?.join()).toMatch(/elf/i);
    const { bytes } = await client.request('target/read', { what: 'btf' });
    expect(bytes).toBe(readFileSync('/sys/kernel/btf/vmlinux').byteLength);
    client.connection.close();
    expect(await tracer.exited).toEqual({ code: 0, signal: null });
  });
});
