/** The processes that a measurement in the guest starts and watches. CPU time is what the scheduler counted for all their threads (/proc/PID/task/TID/schedstat). */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Of the runner's command line; see runner.ts. */
const [, , , , binaries = '', dist = '', templateObject = ''] = process.argv;

export { dist, templateObject };

const DEADLINE_MS = 60_000;
export const SECONDS = 3;
/** By then every page of the ring was touched, which counts as the consumer's memory, and code is compiled. */
export const WARM_SECONDS = 5;
export const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
export const own = (name: string): string => path.join(binaries, name);

/** A process whose lines are waited for, each with a deadline. */
export class Peer {
  private readonly lines: string[] = [];
  private waiting: ((line: string) => void) | null = null;
  readonly ended: Promise<void>;

  constructor(
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', line => {
        const waiter = this.waiting;
        this.waiting = null;
        if (waiter) waiter(line);
        else this.lines.push(line);
      });
    this.ended = new Promise(resolve => child.once('exit', () => resolve()));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.child.pid;
  }

  line(): Promise<string> {
    const ready = this.lines.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return within(
      Promise.race([
        new Promise<string>(resolve => {
          this.waiting = resolve;
        }),
        this.ended.then(() => Promise.reject(new Error(`${this.name} ended`))),
      ]),
      `a line of ${this.name}`,
    );
  }

  async json<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  tell(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.child.kill(signal);
    await within(this.ended, `the end of ${this.name}`);
  }
}

export async function within<T>(work: Promise<T>, what: string, ms = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** On CPU 0 unless it places itself. */
export function peer(
  name: string,
  argv: readonly string[],
  stdout: 'pipe' | number = 'pipe',
  { pinned = true, stderr = 'inherit' }: { pinned?: boolean; stderr?: 'pipe' | 'inherit' } = {},
): Peer {
  const [command = '', ...args] = pinned ? ['taskset', '-c', '0', ...argv] : argv;
  const child = spawn(command, args, {
    stdio: ['pipe', stdout, stderr],
    env: { ...process.env, BPFW_DIST: dist },
  });
  child.stdin?.on('error', () => undefined);
  return new Peer(name, child);
}

export const client = (...args: string[]): Peer =>
  peer('client', [process.execPath, own('client.js'), ...args]);
export const producer = (seconds: number, rate: number, calls = 0, more = 0): Peer => {
  const then = more > 0 ? [String(more)] : [];
  return peer('producer', [own('producer'), String(seconds), String(rate), String(calls), ...then], 'pipe', {
    pinned: false,
  });
};

export function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return sum;
}

/** Waits until the processes have nothing more to do: less than 2 ms of CPU in 100 ms. */
export async function quiet(pids: readonly number[]): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (let last = cpuNs(pids); performance.now() < end; ) {
    await delay(100);
    const now = cpuNs(pids);
    if (now - last < 2e6) return;
    last = now;
  }
  throw new Error('a consumer never came to rest');
}

export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

export interface Produced {
  readonly calls: number;
  readonly seconds: number;
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not come`);
    await delay(5);
  }
}
