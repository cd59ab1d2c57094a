/** The agent inside the sandbox VM: started by the guest's init; the guest shuts down when it exits. */
import { systemErrno } from '../shared/errors/system-errno';
import 'vscode-jsonrpc/node';
import { readFileSync } from 'node:fs';
import { constants, release } from 'node:os';
import { ResponseError } from 'vscode-jsonrpc';
import {
  GUEST_PORTS,
  GUEST_PROTOCOL_VERSION,
  GUEST_RPC_ERROR,
  type GuestAcknowledgements,
  type GuestErrorData,
  type GuestMethod,
  type GuestParams,
  type GuestResult,
} from '../shared/protocol/guest';
import { createFrameConnection, type FrameConnection } from '../shared/protocol/rpc-frames';
import { Processes } from './processes';
import { awaitHost, openPort } from './virtio-port';

type Handlers = {
  [M in GuestMethod]: (params: GuestParams[M]) => GuestResult<M> | Promise<GuestResult<M>>;
};

function signalName(text: string): NodeJS.Signals {
  if (text in constants.signals) return text as NodeJS.Signals;
  throw new Error(`unknown signal ${text}`);
}

function asResponseError(error: unknown): ResponseError<GuestErrorData> {
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(GUEST_RPC_ERROR, message, { errnoName: systemErrno(error) ?? 'EINVAL' });
}

function serve(connection: FrameConnection): void {
  const processes = new Processes(connection);
  const handlers: Handlers = {
    spawn: ({ processId, ...command }) => processes.spawn(processId, command),
    resume: ({ processId }) => {
      processes.resume(processId);
      return null;
    },
    write: async ({ processId, base64, end }) => {
      await processes.write(processId, Buffer.from(base64, 'base64'), end);
      return null;
    },
    kill: ({ processId, signal, group }) => {
      processes.kill(processId, signalName(signal), group);
      return null;
    },
    awaitPort: async ({ name, connected }) => {
      await awaitHost(name, connected);
      return null;
    },
    powerOff: () => {
      // Only after the response is sent.
      setImmediate(() => process.exit(0));
      return null;
    },
  };
  for (const [method, handler] of Object.entries(handlers)) {
    connection.rpc.onRequest(method, async params => {
      try {
        return await (handler as (params: unknown) => unknown)(params);
      } catch (error) {
        throw asResponseError(error);
      }
    });
  }
  connection.rpc.onNotification('consumed', (params: GuestAcknowledgements['consumed']) =>
    processes.consumed(params.processId, params.bytes),
  );
}

async function main(): Promise<void> {
  const connection = createFrameConnection(await openPort(GUEST_PORTS.agent));
  serve(connection);
  connection.onClosed(reason => {
    console.error(`bpfw: the agent's port closed: ${reason?.message ?? 'end of stream'}`);
    process.exit(1);
  });
  connection.rpc.listen();
  await connection.rpc.sendNotification('ready', {
    protocolVersion: GUEST_PROTOCOL_VERSION,
    kernelRelease: release(),
    nodeVersion: process.version,
    uptimeS: Number.parseFloat(readFileSync('/proc/uptime', 'utf8')),
  });
}

main().catch(error => {
  console.error('bpfw: the agent failed:', error);
  process.exit(1);
});
