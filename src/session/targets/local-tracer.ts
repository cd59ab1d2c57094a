/**
 * Starts the tracer on this machine and waits for it to dial in: a socket in a folder only this user can enter, a
 * one-time token over the tracer's stdin, and a check that who calls is who was started.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Hello } from '../../shared/protocol/tracer';
import { descendsFrom, processStatus } from '../../system/process-status';
import { type Capabilities, capabilityMask } from '../elevation/capabilities';
import { ElevatedProcess } from '../elevation/elevated-process';
import {
  type ElevationWay,
  elevationFailure,
  planElevation,
  type WantedElevation,
} from '../elevation/elevation';
import { findInstalledTracer, type OwnTracer } from '../elevation/installed-tracer';
import { PrivateFolder } from '../elevation/private-folder';
import type { NodeRuntime } from '../elevation/real-node';
import { SessionError } from '../errors';
import { acceptedChannel } from './socket-channel';
import type { ConnectOptions } from './target';
import { greetTracer, type TracerConnection } from './tracer-connection';

export interface LocalTracerOptions extends Omit<ConnectOptions, 'progress'> {
  readonly node: NodeRuntime;
  readonly own: OwnTracer;
  readonly elevation: WantedElevation;
  readonly log: (line: string) => void;
  /** Called when the process runs and has not called back yet: time for other work. */
  readonly onStarted: () => void;
}

/** Throws SessionError; on any failure nothing stays behind. */
export async function startLocalTracer(options: LocalTracerOptions): Promise<TracerConnection> {
  const { ui, capabilities } = options;
  const folder = await PrivateFolder.create(process.env);
  const socketPath = folder.file('tracer.sock');
  const server = createServer({ pauseOnConnect: true });
  let started: ElevatedProcess | null = null;
  const cleanUp = async () => {
    server.close();
    await folder.remove();
  };
  try {
    await listen(server, socketPath);
    const plan = await planElevation({
      ...options,
      tracerPath: options.own.tracerPath,
      socketPath,
      installed: () => findInstalledTracer(options.own),
    });
    if (!(await ui.consent({ way: plan.way, capabilities, objectName: options.objectName })))
      throw new SessionError('cancelled', 'Nothing was attached.');
    const token = randomBytes(32).toString('hex');
    const elevated = new ElevatedProcess(plan, ui, options.log);
    started = elevated;
    elevated.child.stdout.resume();
    options.onStarted();
    const socket = await callOf(server, elevated, plan.way, options.signal);
    const stdin = elevated.stdinOfStarted();
    stdin.write(`${token}\n`);
    // Nobody else is to call: the door goes while the tracer greets.
    const [connection] = await Promise.all([
      greetTracer(acceptedChannel(socket), token, hello =>
        checkPeer(hello, elevated.child.pid, capabilities),
      ),
      cleanUp(),
    ]);
    // The open stdin is the tracer's sign of life from us: it ends when this process does, however it does.
    connection.closed.finally(() => stdin.destroy());
    return connection;
  } catch (error) {
    started?.child.stdin.destroy();
    started?.child.kill();
    await cleanUp();
    throw error;
  }
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
}

/** The first caller on the socket, or the reason why nobody called. */
function callOf(
  server: Server,
  started: ElevatedProcess,
  way: ElevationWay,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    started.ended.then(code => reject(elevationFailure(way, started.stderr, code)), reject);
    signal?.addEventListener('abort', () => reject(new SessionError('cancelled', 'Nothing was attached.')), {
      once: true,
    });
    server.once('connection', resolve);
  });
}

/**
 * Node has no SO_PEERCRED. The folder admits only this user, and the token, which went to our child's stdin alone, is
 * what proves the caller. What the process may do is then read from /proc, not taken from its greeting: it must be one
 * we started, run under our uid, and hold the capabilities and nothing else.
 */
function checkPeer(hello: Hello, ownPid: number | undefined, capabilities: Capabilities): void {
  const status = processStatus(hello.pid);
  const uid = process.getuid?.();
  if (!status || ownPid === undefined || !descendsFrom(hello.pid, ownPid)) {
    throw turnedAway(`process ${hello.pid} was not started by this one, or /proc does not show it (hidepid)`);
  }
  if (status.uid !== uid) throw turnedAway(`it runs as uid ${status.uid}, not as yours (${uid})`);
  if (!status.noNewPrivileges) throw turnedAway('it could gain privileges (no_new_privs is not set)');
  const expected = capabilityMask(capabilities);
  for (const set of ['effective', 'permitted', 'inheritable'] as const) {
    if (BigInt(`0x${status.capabilities[set]}`) === expected) continue;
    throw turnedAway(
      `its ${set} capabilities are 0x${status.capabilities[set]}, and you agreed to 0x${expected.toString(16)}`,
    );
  }
}

function turnedAway(why: string): SessionError {
  return new SessionError('protocol', `The privileged process was turned away: ${why}.`, {
    text: 'BPF: Show Log has the command that was run.',
  });
}
