/**
 * Starts the tracer on this machine and waits for it to connect: a socket in a folder that only this user can enter, a
 * one-time token on the tracer's stdin, and a check that the peer is the process that was started.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Hello } from '../../shared/protocol/tracer';
import { descendsFrom, processStatus } from '../../system/process-status';
import { type Capabilities, capabilityMask } from '../elevation/capabilities';
import { ElevatedProcess } from '../elevation/elevated-process';
import { type ElevationWay, planElevation, type WantedElevation } from '../elevation/elevation';
import { elevationFailure } from '../elevation/elevation-refusal';
import { findInstalledTracer, type OwnTracer } from '../elevation/installed-tracer';
import { PrivateFolder } from '../elevation/private-folder';
import type { NodeRuntime } from '../elevation/real-node';
import { cancelled, SessionError } from '../errors';
import { acceptedChannel } from './socket-channel';
import type { ConnectOptions } from './target';
import { greetTracer, type TracerConnection } from './tracer-connection';

export interface LocalTracerOptions extends Omit<ConnectOptions, 'progress'> {
  readonly node: NodeRuntime;
  readonly own: OwnTracer;
  readonly elevation: WantedElevation;
  readonly log: (line: string) => void;
  /** Called when the process runs but has not connected yet: time for other work. */
  readonly onStarted: () => void;
}

/** Throws SessionError; on failure nothing is left behind. */
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
      throw cancelled();
    const token = randomBytes(32).toString('hex');
    const elevated = new ElevatedProcess(plan, ui, options.log);
    started = elevated;
    elevated.child.stdout.resume();
    options.onStarted();
    const socket = await callOf(server, elevated, plan.way, options.signal);
    const stdin = elevated.stdinOfStarted();
    stdin.write(`${token}\n`);
    // Only one connection is expected: remove the socket while the tracer sends its hello message.
    const [connection] = await Promise.all([
      greetTracer(acceptedChannel(socket), token, hello =>
        checkPeer(hello, elevated.child.pid, capabilities),
      ),
      cleanUp(),
    ]);
    // The tracer exits when its stdin closes, which also happens if this process dies.
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

/** The first connection to the socket, or the reason why there was none. */
function callOf(
  server: Server,
  started: ElevatedProcess,
  way: ElevationWay,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    started.ended.then(code => reject(elevationFailure(way, started.stderr, code)), reject);
    signal?.addEventListener('abort', () => reject(cancelled()), {
      once: true,
    });
    server.once('connection', resolve);
  });
}

/**
 * Node has no SO_PEERCRED. The folder admits only this user, and the token, which went only to our child's stdin,
 * authenticates the peer. Its privileges are then read from /proc, not taken from its hello message: it must be a
 * process we started, run under our uid, and hold exactly the agreed capabilities.
 */
function checkPeer(hello: Hello, ownPid: number | undefined, capabilities: Capabilities): void {
  const status = processStatus(hello.pid);
  const uid = process.getuid?.();
  if (!status || ownPid === undefined || !descendsFrom(hello.pid, ownPid)) {
    throw turnedAway(`process ${hello.pid} was not started by this one, or /proc does not show it (hidepid)`);
  }
  if (status.uid !== uid) throw turnedAway(`it runs as uid ${status.uid}, not as your uid ${uid}`);
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
  return new SessionError('protocol', `The privileged process was rejected: ${why}.`, {
    text: 'See its command line in the log: BPF: Show Log.',
  });
}
