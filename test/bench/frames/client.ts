/**
 * The unprivileged side alone, on this machine: accepts one connection as the extension does from the tracer, does with
 * its frames what the product does, and reports to its parent when the sender has closed it.
 *
 *   client.js OBJECT SOCKET WORK FILTER
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import 'vscode-jsonrpc/node';
import { acceptedChannel } from '../../../src/session/targets/socket-channel';
import type { SessionStream } from '../../../src/session/tracing/tracing-session';
import { readObject } from '../../../src/shared/object/object';
import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';
import { consumer, WORKS } from '../consumers';

const [objectPath = '', socketPath = '', workName = '', filter = ''] = process.argv.slice(2);
const work = WORKS.find(name => name === workName);
const map = readObject(new Uint8Array(readFileSync(objectPath)), 'bench').maps.find(
  ({ view }) => view.kind === 'events',
);
if (!map || !work) throw new Error(`no events in ${objectPath}, or no work ${workName}`);
const stream: SessionStream = { streamId: 1, map, name: map.name, content: 'ring' };
const { frame, settle } = consumer(work, [stream], filter);

const server = createServer({ pauseOnConnect: true }, socket => {
  const connection = createFrameConnection(acceptedChannel(socket), { takesRequests: false });
  const before = process.cpuUsage();
  const began = performance.now();
  let received = 0;
  connection.onData(data => {
    received += data.records;
    frame(stream, data);
  });
  connection.onClosed(async reason => {
    if (reason) throw reason;
    await settle();
    const { user, system } = process.cpuUsage(before);
    const ms = performance.now() - began;
    process.send?.({ received, ms, cpuNsPerEvent: ((user + system) * 1000) / received }, () =>
      process.exit(0),
    );
  });
  connection.rpc.listen();
});
server.listen(socketPath, () => process.send?.('ready'));
