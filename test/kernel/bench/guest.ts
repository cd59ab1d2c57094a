import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { SandboxVmOptions } from '../../../src/session/vm/boot-vm';
import type { GuestProcess } from '../../../src/session/vm/guest-process';
import { SandboxVm } from '../../../src/session/vm/sandbox-vm';
import { lockGuestPlace } from './machine-lock';
import { guestAgentPath } from './paths';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** Given to stdin, which then ends. */
  readonly input?: string;
  /** See files of this machine that changed since the guest last looked. */
  readonly fresh?: boolean;
  /** The process group is killed and the run rejects after this time on a quiet machine (pace.mjs); default 60 s. */
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** As shells count: 128 + signal number does not appear, `signal` does. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  BPFW_TARGET: 'local',
};

/** The guest of this test run. */
export class TestGuest {
  constructor(
    readonly vm: SandboxVm,
    private readonly release: () => Promise<void>,
  ) {}

  /** Starts a process in the guest, as root unless told otherwise. */
  spawn(
    argv: readonly string[],
    options: RunOptions & { readonly stopped?: boolean } = {},
  ): Promise<GuestProcess> {
    return this.vm.spawn({
      argv,
      cwd: options.cwd ?? '/',
      env: { ...ENVIRONMENT, ...options.env },
      stopped: options.stopped ?? false,
      uid: options.uid ?? 0,
      gid: options.gid ?? 0,
      fresh: options.fresh ?? false,
    });
  }

  /** Runs a command to its end and collects what it printed. Any exit code is an answer, not an error. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const started = await this.spawn(argv, options);
    started.stdin.end(options.input ?? '');
    return finished(started, options.timeoutMs ?? 60_000, argv.join(' '));
  }

  /** Like `run`, for a shell script; throws with its output when it does not exit 0. Gives its stdout. */
  async sh(script: string, options: RunOptions = {}): Promise<string> {
    const result = await this.run(['sh', '-euc', script], options);
    if (result.code !== 0) {
      throw new Error(
        `guest: '${script}' ended with ${result.code ?? result.signal}\n${result.stdout}${result.stderr}`,
      );
    }
    return result.stdout;
  }

  /** Ends the guest and keeps its place for another. */
  async handOver(): Promise<{ release(): Promise<void> }> {
    await this.vm.dispose();
    return { release: this.release };
  }

  /** Ends the guest and lets the next test run have its place. */
  async dispose(): Promise<void> {
    await this.vm.dispose();
    await this.release();
  }
}

/** Waits for a process's end and the end of its output, which it collects; `timeoutMs` as in RunOptions. */
export async function finished(
  started: GuestProcess,
  timeoutMs: number,
  what = `process ${started.pid}`,
): Promise<RunResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`guest: ${what} was still running after ${deadlineMs(timeoutMs)} ms`));
      started.kill('SIGKILL', { group: true }).catch(() => {});
    }, deadlineMs(timeoutMs));
  });
  try {
    const all = Promise.all([started.exited, text(started.stdout), text(started.stderr)]);
    const [exit, stdout, stderr] = await Promise.race([all, late]);
    return { ...exit, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const guestOptions: SandboxVmOptions = { agentPath: guestAgentPath };

/** Test files of one worker share modules today; the registry holds even where they do not. */
const registry = globalThis as { [key: symbol]: Promise<TestGuest> | undefined };
const key = Symbol.for('bpf-workbench test guest');

/** The guest that all kernel tests of a run share, booted by whoever asks first. */
export function sharedGuest(): Promise<TestGuest> {
  registry[key] ??= bootGuest();
  return registry[key];
}

/** Ends the shared guest, for a test that needs the machine's one place; the next sharedGuest() boots anew. */
export async function releaseSharedGuest(): Promise<void> {
  const guest = registry[key];
  registry[key] = undefined;
  if (guest) await (await guest).dispose();
}

/**
 * Ends the shared guest, when there is one, and boots one of the caller's own without giving the machine's place to another
 * run in between; the next sharedGuest() boots anew.
 */
export async function bootInsteadOfShared(options: Partial<SandboxVmOptions>): Promise<TestGuest> {
  const shared = registry[key];
  registry[key] = undefined;
  return bootGuest(options, shared ? await (await shared).handOver() : undefined);
}

/** Boots a guest of the caller's own. Wait for the place first: there is one per machine. */
export async function bootGuest(
  options: Partial<SandboxVmOptions> = {},
  place?: { release(): Promise<void> },
): Promise<TestGuest> {
  const lock = place ?? (await lockGuestPlace());
  try {
    const vm = await SandboxVm.boot({
      ...guestOptions,
      onProgress: ({ message, elapsedMs }) =>
        console.error(`guest: ${message} (${(elapsedMs / 1000).toFixed(1)} s)`),
      ...options,
    });
    return new TestGuest(vm, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}
