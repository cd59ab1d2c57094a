/**
 * The privileged process. It connects to its client, authenticates with the token from its stdin, serves requests, and
 * exits when the connection, its stdin or its parent ends: everything it attached is detached with it.
 *
 *   tracer.js --socket PATH | --port NAME | --fd N  [--copy]   (the token is the first line of stdin)
 */
import './close-debugger';
import { parseArgs } from 'node:util';
import { encodeFrame, FrameError, FrameKind } from '../shared/protocol/frames';
import { createFrameConnection } from '../shared/protocol/rpc-frames';
import { TRACER_EXIT as EXIT, LIMITS } from '../shared/protocol/tracer';
import { checkPeer, hello, readToken } from './auth';
import { TracerError } from './common/errors';
import { dispatch } from './dispatch';
import { installJsonRpcRuntime } from './jsonrpc-runtime';
import { LibraryMissingError } from './libbpf/ffi';
import { silenceLibbpf } from './libbpf/log';
import { forceCopies } from './libbpf/memory';
import {
  dieWithParent,
  endProcess,
  endWhenStuck,
  forbidInspection,
  holdLittleMemory,
} from './libbpf/process';
import { createRequests } from './requests';
import { openTransport, type TransportChoice } from './transport';

const TOKEN_TIMEOUT_MS = 30_000;
/** Limit of received blobs that no request has used yet: one object with its types, and a header of the next. */
const PENDING_BLOB_BYTES = LIMITS.objectBytes + LIMITS.relocationBtfBytes + 4096;
const FAREWELL_MS = 1500;

interface CommandLine {
  readonly transport: TransportChoice;
  /** Copies kernel buffers instead of viewing them, as is necessary under Electron. */
  readonly copy: boolean;
}

function commandLine(): CommandLine {
  const { values } = parseArgs({
    options: {
      socket: { type: 'string' },
      port: { type: 'string' },
      fd: { type: 'string' },
      copy: { type: 'boolean' },
    },
    strict: true,
  });
  const choices: TransportChoice[] = [];
  if (values.socket !== undefined) choices.push({ kind: 'socket', path: values.socket });
  if (values.port !== undefined) choices.push({ kind: 'port', name: values.port });
  if (values.fd !== undefined && /^\d{1,6}$/.test(values.fd)) {
    choices.push({ kind: 'descriptor', fd: Number(values.fd) });
  }
  const [choice] = choices;
  if (!choice || choices.length > 1) throw new TypeError('give one of --socket PATH, --port NAME, --fd N');
  return { transport: choice, copy: values.copy === true };
}

function fail(error: unknown, code: number = exitCodeOf(error)): never {
  process.stderr.write(`bpfw-tracer: ${error instanceof Error ? error.message : String(error)}\n`);
  endProcess(code);
}

function exitCodeOf(error: unknown): number {
  return error instanceof LibraryMissingError && error.library === 'libbpf.so.1'
    ? EXIT.libbpfMissing
    : EXIT.failed;
}

async function main({ transport: choice, copy }: CommandLine): Promise<void> {
  const parent = process.ppid;
  const token = readToken(process.stdin, TOKEN_TIMEOUT_MS, () => endProcess(EXIT.done));
  // libbpf must not see the caller's environment, which could change the files it opens.
  for (const name of Object.keys(process.env)) if (name !== 'LANG') delete process.env[name];
  dieWithParent(parent);
  forbidInspection();
  holdLittleMemory();
  endWhenStuck();
  silenceLibbpf();
  installJsonRpcRuntime();
  if (copy) forceCopies();
  // The terminal's Ctrl-C is meant for the client, which needs the last records before it closes the connection.
  process.on('SIGINT', () => undefined);

  const transport = await openTransport(choice);
  if (transport.socketFd !== null) checkPeer(transport.socketFd);
  const connection = createFrameConnection(transport.channel, { pendingBlobBytes: PENDING_BLOB_BYTES });

  let farewell: TracerError | undefined;
  connection.onClosed(reason => {
    const why =
      farewell ?? (reason instanceof FrameError ? new TracerError('bad-request', reason.message) : undefined);
    if (!why) endProcess(EXIT.done);
    const params = { code: why.code, message: why.message };
    const message = JSON.stringify({ jsonrpc: '2.0', method: 'closing', params });
    transport.channel.write(encodeFrame(FrameKind.rpc, Buffer.from(message)));
    transport.channel.onClose(() => fail(why));
    setTimeout(() => fail(why), FAREWELL_MS);
  });
  const { handlers } = createRequests(connection);
  dispatch(connection, handlers, reason => {
    farewell = reason;
    connection.close(reason);
  });
  const greeting = hello(await token);
  connection.rpc.listen();
  await connection.rpc.sendNotification('hello', greeting);
}

process.on('uncaughtException', error => fail(error));
process.on('unhandledRejection', error => fail(error));
try {
  void main(commandLine()).catch(error => fail(error));
} catch (error) {
  fail(error, EXIT.usage);
}
