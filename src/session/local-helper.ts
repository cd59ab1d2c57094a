/**
 * Starts the helper on this machine and waits for it to dial in: a socket in a folder only this user can enter, a
 * one-time token over the helper's stdin, and a check that who calls is who was started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Hello } from '../shared/protocol/helper';
import { Askpass } from './askpass';
import type { CapabilityBudget } from './budget';
import { type ElevationPlan, type ElevationUi, elevationFailure, planElevation } from './elevation';
import { SessionError } from './errors';
import { greetHelper, type HelperConnection } from './helper-connection';
import { findInstalledHelper, type OwnHelper } from './installed-helper';
import { PrivateFolder } from './private-folder';
import { descendsFrom, processStatus } from './process-status';
import type { NodeRuntime } from './real-node';
import { acceptedChannel } from './socket-channel';

export interface LocalHelperOptions {
  readonly node: NodeRuntime;
  readonly own: OwnHelper;
  readonly budget: CapabilityBudget;
  readonly program: string;
  readonly elevation: 'auto' | 'sudo' | 'pkexec';
  readonly ui: ElevationUi;
  readonly log: (line: string) => void;
  /** Called when the process runs and has not called back yet: time for other work. */
  readonly onStarted: () => void;
  readonly signal?: AbortSignal;
}

/** Throws SessionError; on any failure nothing stays behind. */
export async function startLocalHelper(options: LocalHelperOptions): Promise<HelperConnection> {
  const folder = await PrivateFolder.create(process.env);
  const socketPath = folder.file('helper.sock');
  const server = createServer({ pauseOnConnect: true });
  let askpass: Askpass | null = null;
  let child: ChildProcess | null = null;
  const cleanUp = async () => {
    askpass?.close();
    server.close();
    await folder.remove();
  };
  try {
    await listen(server, socketPath);
    const plan = await planElevation({
      wish: options.elevation,
      budget: options.budget,
      node: options.node,
      helperPath: options.own.helperPath,
      socketPath,
      installed: () => findInstalledHelper(options.own),
      ui: options.ui,
      askpassPath: Askpass.programPath(folder),
    });
    if (!(await options.ui.consent({ way: plan.way, budget: options.budget, program: options.program }))) {
      throw new SessionError('cancelled', 'Nothing was attached.');
    }
    if (plan.way === 'sudo-askpass') {
      let attempt = 0;
      askpass = await Askpass.create(folder, options.node, prompt =>
        options.ui.password({ prompt, attempt: ++attempt }),
      );
    }
    const token = randomBytes(32).toString('hex');
    child = start(plan, token, options.log);
    const started = child;
    options.onStarted();
    const socket = await callOf(server, started, plan, options.signal);
    // Nobody else is to call: the door goes while the helper greets.
    const [connection] = await Promise.all([
      greetHelper(acceptedChannel(socket), token, hello => checkPeer(hello, started)),
      cleanUp(),
    ]);
    // The open stdin is the helper's sign of life from us: it ends when this process does, however it does.
    connection.closed.finally(() => started.stdin?.destroy());
    return connection;
  } catch (error) {
    child?.stdin?.destroy();
    child?.kill();
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

function start(plan: ElevationPlan, token: string, log: (line: string) => void): ChildProcess {
  log(`${plan.command} ${plan.args.join(' ')}`);
  const child = spawn(plan.command, [...plan.args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, ...plan.env },
    detached: false,
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(`${token}\n`);
  return child;
}

/** The first caller on the socket, or the reason why nobody called. */
function callOf(
  server: Server,
  child: ChildProcess,
  plan: ElevationPlan,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-64_000);
      if (plan.way === 'sudo-terminal') process.stderr.write(text);
    });
    child.once('error', error =>
      reject(new SessionError('helper-failed', `${plan.command} could not be started: ${error.message}`)),
    );
    child.once('close', code => reject(elevationFailure(plan.way, stderr, code)));
    signal?.addEventListener('abort', () => reject(new SessionError('cancelled', 'Nothing was attached.')), {
      once: true,
    });
    server.once('connection', resolve);
  });
}

/**
 * Node has no SO_PEERCRED. The folder admits only this user and the token only our child; on top of that the process
 * that claims to be the helper must be one we started and must run under our uid.
 */
function checkPeer(hello: Hello, child: ChildProcess): void {
  const status = processStatus(hello.pid);
  const uid = process.getuid?.();
  if (!status || child.pid === undefined || !descendsFrom(hello.pid, child.pid)) {
    throw new SessionError(
      'protocol',
      `Process ${hello.pid} says it is the helper, but we did not start it; it was turned away.`,
    );
  }
  if (status.uid !== uid) {
    throw new SessionError(
      'protocol',
      `The helper runs as uid ${status.uid}, not as yours (${uid}); it was turned away.`,
    );
  }
}
