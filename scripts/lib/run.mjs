/** Child processes with a deadline: nothing a script starts outlives it. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * What a stage of tests counts.
 * @typedef {{passed: number, failed: number, skipped: number, files: string[], failures?: string[]}} Counts
 *   `files`: test files that ran, relative to the checkout; `failures`: name and message of each failed test, for the
 *   summary: of a long run's output the end is what people and CI keep
 */

/** A command that failed, or did not end in time. `message` names the command and its last output. */
export class CommandError extends Error {
  /** @param {string} message @param {{code: number | null, signal: string | null, timedOut: boolean, output: string}} result */
  constructor(message, result) {
    super(message);
    this.name = 'CommandError';
    // Not enumerable: the message already has what a user needs of it.
    for (const [key, value] of Object.entries(result)) Object.defineProperty(this, key, { value });
  }
}

/** The request is impossible on this machine, which is not a fault of the code; `message` has the reason and the fix. */
export class CannotRun extends Error {
  name = 'CannotRun';
}

/** Time between terminating a command and killing it, for ending its own children. */
const graceMs = 10_000;

/** @type {Set<number>} leaders of the process groups that are running */
const groups = new Set();

/** Ends a process group that was started here; no error if it has already exited. */
export function endGroup(pid, signal = 'SIGTERM') {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

let handlersInstalled = false;
/** Own process groups do not receive the terminal's Ctrl-C, so it is forwarded; then this process exits as by default. */
function passSignalsOn() {
  if (handlersInstalled) return;
  handlersInstalled = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      for (const pid of groups) endGroup(pid);
      // A script with its own handler cleans up first and then exits.
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
  process.once('exit', () => {
    for (const pid of groups) endGroup(pid, 'SIGKILL');
  });
}

/** Starts a process as the leader of its own group, which ends with this process at the latest. */
export function start(command, args, options = {}) {
  passSignalsOn();
  const child = spawn(command, args, { ...options, detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    groups.add(pid);
    child.once('exit', () => groups.delete(pid));
  }
  return child;
}

/**
 * Runs a command until it exits and resolves with its output. Throws CommandError when it cannot start, exits with a code
 * other than 0 (unless `anyExit`), or has not exited after `timeoutMs` (then its whole process group is ended).
 *
 * `show` also prints its output as it arrives; the environment is this process's plus `env`. Standard input is empty
 * unless `input` is given, so that no command waits for the user.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: Record<string, string | undefined>, timeoutMs: number, show?: boolean, input?: string, anyExit?: boolean}} options
 * @returns {Promise<{code: number | null, output: string, durationMs: number}>}
 */
export async function run(command, args, options) {
  const startedAt = performance.now();
  const child = start(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = to => bytes => {
    if (options.show) to.write(bytes);
    output += bytes;
    if (output.length > 4 << 20) output = output.slice(-(2 << 20));
  };
  child.stdout.on('data', collect(process.stdout));
  child.stderr.on('data', collect(process.stderr));
  child.stdin?.on('error', () => {}); // a command that does not read its input closes the pipe: its exit code matters
  child.stdin?.end(options.input);

  let timedOut = false;
  const endWith = signal => () => {
    timedOut = true;
    if (child.pid !== undefined) endGroup(child.pid, signal);
  };
  const deadline = setTimeout(endWith('SIGTERM'), options.timeoutMs);
  const lastDeadline = setTimeout(endWith('SIGKILL'), options.timeoutMs + graceMs);
  const { code, signal, error } = await new Promise(resolve => {
    child.once('error', error => resolve({ code: null, signal: null, error }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  clearTimeout(deadline);
  clearTimeout(lastDeadline);

  const durationMs = performance.now() - startedAt;
  if (!error && !timedOut && (code === 0 || options.anyExit)) return { code, output, durationMs };
  const line = [command, ...args].join(' ');
  const why = error
    ? `could not start: ${error.message}`
    : timedOut
      ? `was not done after ${Math.round(options.timeoutMs / 1000)} s`
      : signal
        ? `ended by ${signal}`
        : `exit code ${code}`;
  const tail = options.show ? '' : output.trimEnd().split('\n').slice(-15).join('\n');
  throw new CommandError(`${line}: ${why}${tail && `\n${tail}`}`, { code, signal, timedOut, output });
}

/** Runs a script's body; prints only the message of a thrown error, and exits with code 1. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(`\n${process.env.BPFW_DEBUG ? error.stack : error.message}`);
    process.exit(1);
  }
}

/** First of `names` that is an executable on PATH, as a path; undefined when there is none. */
export async function which(...names) {
  for (const name of names) {
    const found = await run('sh', ['-c', 'command -v -- "$1"', 'sh', name], {
      timeoutMs: 10_000,
      anyExit: true,
    });
    if (found.code === 0) return found.output.trim();
  }
  return undefined;
}
