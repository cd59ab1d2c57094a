/** The one place where programs are started: each with the environment of its kind, and with limits where it has any. */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  type SpawnOptionsWithoutStdio,
  spawn,
} from 'node:child_process';
import { type ChildKind, childEnvironment } from './child-environment';

interface ChildOptions {
  /** Set on top of what the kind lets through. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** Most address space (RLIMIT_AS); also no core file. Default: as inherited. */
  readonly memoryBytes?: number;
}

/** child_process.spawn with the kind's environment. Emits 'error' as that does. */
export function startChild(
  kind: ChildKind,
  file: string,
  args: readonly string[],
  options: Omit<SpawnOptions, 'env' | 'shell'> & ChildOptions,
): ChildProcess {
  const { extraEnv, memoryBytes, ...rest } = options;
  return spawn(...limited(file, args, memoryBytes), {
    ...rest,
    env: exactly(childEnvironment(kind, extraEnv)),
  });
}

/** The same with all three streams as pipes. */
export function startPiped(
  kind: ChildKind,
  file: string,
  args: readonly string[],
  options: ChildOptions = {},
): ChildProcessWithoutNullStreams {
  const env = exactly(childEnvironment(kind, options.extraEnv));
  return spawn(...limited(file, args, options.memoryBytes), { env, stdio: 'pipe' });
}

type UserCommandOptions<Options> = Omit<Options, 'env' | 'shell'> & {
  readonly env: Readonly<Record<string, string>>;
};

/** A command of the user's own, such as `bpfw run -- COMMAND`: it gets the environment that the user gave it, whole. */
export function startUserCommand(
  file: string,
  args: readonly string[],
  options: UserCommandOptions<SpawnOptionsWithoutStdio>,
): ChildProcessWithoutNullStreams;
export function startUserCommand(
  file: string,
  args: readonly string[],
  options: UserCommandOptions<SpawnOptions>,
): ChildProcess;
export function startUserCommand(
  file: string,
  args: readonly string[],
  options: UserCommandOptions<SpawnOptions>,
): ChildProcess {
  return spawn(file, args, { ...options, env: exactly(options.env) });
}

/** Node copies its own NODE_V8_COVERAGE into an environment without one (lib/child_process.js, normalizeSpawnArguments). */
function exactly(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { NODE_V8_COVERAGE: undefined, ...env };
}

/** Node has no setrlimit; the shell has, and becomes the program, so the pid stays. A lower limit that is inherited stays too. */
const LIMIT = 'ulimit -c 0; ulimit -v "$1" 2>/dev/null || true; shift; exec "$@"';

function limited(file: string, args: readonly string[], memoryBytes: number | undefined) {
  const command: [string, string[]] =
    memoryBytes === undefined
      ? [file, [...args]]
      : ['/bin/sh', ['-c', LIMIT, 'sh', String(Math.floor(memoryBytes / 1024)), file, ...args]];
  return command;
}

export interface RunOptions extends ChildOptions {
  /** The program is killed when it has not ended by then. */
  readonly deadlineMs: number;
  /** What is kept of each stream; the rest is read and dropped. Default: 4 MiB. */
  readonly outputBytes?: number;
  readonly cwd?: string;
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ChildResult {
  /** null when a signal ended it, the deadline's included. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** True: the deadline ended it. */
  readonly timedOut: boolean;
  /** True: it printed more than was kept. */
  readonly truncated: boolean;
}

const OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * Runs a program to its end and collects what it prints. Rejects with the system's error when it cannot be started
 * (ENOENT, EACCES) and with an AbortError when `signal` ends it; a failing exit code is a result, not an error.
 */
export function runChild(
  kind: ChildKind,
  file: string,
  args: readonly string[],
  options: RunOptions,
): Promise<ChildResult> {
  const { deadlineMs, outputBytes = OUTPUT_BYTES, input, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = startChild(kind, file, args, {
      ...rest,
      // A program that ignores SIGTERM must not outlive its deadline or its caller.
      killSignal: 'SIGKILL',
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    const stdout = collect(child.stdout, outputBytes);
    const stderr = collect(child.stderr, outputBytes);
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open: nothing more is waited for.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, deadlineMs);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', code => {
      clearTimeout(timer);
      resolve({
        code,
        stdout: stdout.bytes(),
        stderr: stderr.bytes().toString('utf8'),
        timedOut,
        truncated: stdout.truncated() || stderr.truncated(),
      });
    });
  });
}

function collect(stream: NodeJS.ReadableStream | null, limitBytes: number) {
  const chunks: Buffer[] = [];
  let seen = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (seen < limitBytes) chunks.push(chunk.subarray(0, limitBytes - seen));
    seen += chunk.length;
  });
  return { bytes: () => Buffer.concat(chunks), truncated: () => seen > limitBytes };
}
