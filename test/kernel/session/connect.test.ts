/** The sandbox VM has one port for one tracer; several sessions may ask for it at the same time. */
import { expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { sharedGuest } from '../bench/guest';
import { traceBench } from '../bench/trace';

it('connects two at once to the same tracer, which works for both', {
  timeout: deadlineMs(1_800_000),
}, async () => {
  const guest = await sharedGuest();
  const { target } = await traceBench();
  const connect = () =>
    target.connect({
      capabilities: [],
      objectName: 'connect',
      progress: () => undefined,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
    });
  const running = await connect();
  running.close();
  await running.closed;
  const connections = await Promise.all([connect(), connect(), connect()]);
  for (const connection of connections) {
    expect(connection.hello.pid).toBe(connections[0]?.hello.pid);
    const read = await connection.request('target/read', { what: 'modules' });
    expect(connection.takeBlob(read.blobId).byteLength).toBe(read.bytes);
  }
  // The brackets: the shell that runs pgrep is not counted.
  expect((await guest.sh('pgrep -fc -- "--[p]ort bpfw.tracer"')).trim()).toBe('1');
  connections[0]?.close();
  await connections[0]?.closed;
  const next = await connect();
  expect(next.hello.pid).not.toBe(connections[0]?.hello.pid);
  next.close();
  await next.closed;
});
