/** The filter on a real tracer process: on every thread it has, from one request on. Needs no BPF. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TracerClient } from './tracer-client';
import { startTracer } from './tracer-process';

/** Modes of its threads: 0 none, 2 filter (proc(5), Seccomp). */
function seccompModes(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map(thread =>
    Number(/^Seccomp:\s+(\d)$/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))?.[1]),
  );
}

it('a confined tracer has the filter on every thread, opens and loads nothing, answers, and ends in order', async () => {
  const tracer = await startTracer();
  const client = new TracerClient(tracer.socket);
  const { pid } = await client.hello;
  // Threads of libuv's pool are made when they are first needed.
  await client.request('target/read', { what: 'modules' });
  const before = seccompModes(pid);
  expect(before.length).toBeGreaterThan(4);
  await client.request('tracer/confine', {});
  await client.request('tracer/confine', {});
  expect(seccompModes(pid).every(mode => mode === 2)).toBe(true);
  expect(before.every(mode => mode === 2)).toBe(false);
  const refused = { code: 'not-permitted' };
  expect(await client.failure('session/open', client.openParams(new Uint8Array(64)))).toMatchObject(refused);
  expect(await client.failure('target/read', { what: 'kallsyms' })).toMatchObject(refused);
  expect(await client.failure('printk/watch', {})).toMatchObject(refused);
  expect(await client.failure('session/close', { sessionId: 1 })).toMatchObject({ code: 'unknown-session' });
  client.connection.close();
  expect(await tracer.exited).toEqual({ code: 0, signal: null });
  expect(tracer.stderr()).toBe('');
});
