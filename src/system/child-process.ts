/** The only module that starts processes: each with the environment of its kind, and with limits if it has any. */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  type SpawnOptionsWithoutStdio,
  spawn,
} from 'node:child_process';
import { type ChildKind, childEnvironment } from './child-environment';

interface ChildOptions {
  /** Added to the variables of the kind. */
  readonly extraEnv?: Readonly<Record<string, string>>;
  /** Address-space limit (RLIMIT_AS); also disables core files. Default: as inherited. */
  readonly memoryBytes?: number;
}

/** child_process.spawn with the kind's environment. Emits 'error' as spawn does. */
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

/** A command of the user's own, such as `bpfw run -- COMMAND`: it gets the user's whole environment. */
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

/** Node copies its own NODE_V8_COVERAGE into an environment that lacks it (lib/child_process.js, normalizeSpawnArguments). */
function exactly(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { NODE_V8_COVERAGE: undefined, ...env };
}

/** Node has no setrlimit; the shell sets the limits and execs the program, so the pid stays. Lower inherited limits are kept. */
const LIMIT = 'ulimit -c 0; ulimit -v "$1" 2>/dev/null || true; shift; exec "$@"';

function limited(file: string, args: readonly string[], memoryBytes: number | undefined) {
  const command: [string, string[]] =
    memoryBytes === undefined
      ? [file, [...args]]
      : ['/bin/sh', ['-c', LIMIT, 'sh', String(Math.floor(memoryBytes / 1024)), file, ...args]];
  return command;
}

export interface RunOptions extends ChildOptions {
  /** The program is killed after this time. */
  readonly deadlineMs: number;
  /** Bytes kept of each stream; the rest is read and dropped. Default: 4 MiB. */
  readonly outputBytes?: number;
  readonly cwd?: string;
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ChildResult {
  /** Null if a signal ended it, including at the deadline. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** True if the deadline ended it. */
  readonly timedOut: boolean;
  /** True if it printed more than was kept. */
  readonly truncated: boolean;
}

const OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * Runs a program to completion and collects its output. Rejects with the system's error if it cannot be started
 * (ENOENT, EACCES) and with an AbortError if `signal` ends it; a nonzero exit code is a result, not an error.
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
      // A grandchild may keep the pipes open: do not wait for it.
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
