/** The sandbox VM has one port for one helper; several sessions may ask for it at the same time. */
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { VmTarget } from '../../../src/session/vm-target';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { guestAgentPath, helperPath, root } from '../bench/paths';

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

it('gives two that connect at once the same helper, which works for both', async () => {
  const lines: string[] = [];
  const target = new VmTarget(
    {
      helperPath,
      ifuncProbePath: path.join(root, 'dist/ifunc-probe.js'),
      vm: { agentPath: guestAgentPath },
      progress: () => undefined,
      log: line => lines.push(line),
    },
    guest.vm,
  );
  const connect = () =>
    target.connect({
      budget: [],
      program: 'connect',
      progress: () => undefined,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
    });
  const connections = await Promise.all([connect(), connect(), connect()]);
  for (const connection of connections) {
    expect(connection.hello.pid).toBe(connections[0]?.hello.pid);
    const read = await connection.request('target/read', { what: 'modules' });
    expect(connection.takeBlob(read.blobId).byteLength).toBe(read.bytes);
  }
  expect((await guest.sh("pgrep -fc -- '--port bpfw.helper' || true")).trim()).toBe('1');
  connections[0]?.close();
  await connections[0]?.closed;
  const next = await connect();
  expect(next.hello.pid).not.toBe(connections[0]?.hello.pid);
  next.close();
  await next.closed;
});
