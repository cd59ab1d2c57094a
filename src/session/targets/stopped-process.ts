/** Starts a command on this machine but stops it before it runs, so that tracing is in place before its first call. */

import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { startUserCommand } from '../../system/child-process';
import { processState } from '../../system/process-status';
import { SessionError } from '../errors';
import type { SpawnCommand, TargetProcess } from './target';

const STOP_DEADLINE_MS = 10_000;

/** The shell stops itself and execs the command when continued, so the pid stays the same. Throws SessionError 'command-failed'. */
export async function spawnStopped(
  command: SpawnCommand,
  output: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void,
): Promise<TargetProcess> {
  const child = startUserCommand('/bin/sh', ['-c', 'kill -STOP $$; exec "$@"', 'sh', ...command.argv], {
    cwd: command.cwd,
    env: command.env,
    stdio: ['inherit', 'pipe', 'pipe'],
  });
  child.stdout?.on('data', (bytes: Uint8Array) => output('stdout', bytes));
  child.stderr?.on('data', (bytes: Uint8Array) => output('stderr', bytes));
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  exited.catch(() => undefined);
  const pid = child.pid;
  if (pid === undefined) {
    await exited.catch(error => {
      throw new SessionError('command-failed', `'${command.argv[0]}' could not be started: ${String(error)}`);
    });
    throw new SessionError('command-failed', `'${command.argv[0]}' could not be started.`);
  }
  // Node cannot wait for a stop (WUNTRACED), so /proc is polled until the state is T.
  const deadline = Date.now() + STOP_DEADLINE_MS;
  while (processState(pid) !== 'T') {
    if (Date.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new SessionError(
        'command-failed',
        `'${command.argv[0]}' did not start within ${STOP_DEADLINE_MS / 1000} s.`,
      );
    }
    await delay(2);
  }
  return {
    pid,
    starterPid: process.pid,
    exited,
    resume: async () => {
      child.kill('SIGCONT');
    },
    kill: async signal => {
      child.kill(signal);
      // A stopped process handles the signal only after it continues.
      child.kill('SIGCONT');
    },
  };
}
