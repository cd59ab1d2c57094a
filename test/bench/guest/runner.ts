/**
 * Runs inside the guest, one boot for everything: starts ours and the peers side by side on CPU 0, the producer on
 * CPU 1, and prints one JSON object per measurement. CPU time is what the scheduler counted for all threads of the
 * processes that consume (/proc/PID/task/TID/schedstat).
 *
 *   runner.js stream|start|maps ROUNDS BINARIES DIST TEMPLATE_OBJECT
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const [group, roundsText = '1', binaries = '', dist = '', templateObject = ''] = process.argv.slice(2);
const rounds = Number(roundsText);
const DEADLINE_MS = 60_000;
const SECONDS = 3;
const BURST = 8;
const LONG_SECONDS = 30;
/** By then every page of the ring was touched, which counts as the consumer's memory, and code is compiled. */
const WARM_SECONDS = 5;
/** Entries that change a second while maps are read. */
const UPDATES = 1000;
const say = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const own = (name: string): string => path.join(binaries, name);

/** A process whose lines are waited for, each with a deadline. */
class Peer {
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

async function within<T>(work: Promise<T>, what: string, ms = DEADLINE_MS): Promise<T> {
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
function peer(
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

const client = (...args: string[]): Peer =>
  peer('client', [process.execPath, path.join(binaries, 'client.js'), ...args]);
const producer = (seconds: number, rate: number, calls = 0, more = 0): Peer => {
  const then = more > 0 ? [String(more)] : [];
  return peer('producer', [own('producer'), String(seconds), String(rate), String(calls), ...then], 'pipe', {
    pinned: false,
  });
};

function cpuNs(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`))
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return sum;
}

/** Waits until the processes have nothing more to do: less than 2 ms of CPU in 100 ms. */
async function quiet(pids: readonly number[]): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (let last = cpuNs(pids); performance.now() < end; ) {
    await delay(100);
    const now = cpuNs(pids);
    if (now - last < 2e6) return;
    last = now;
  }
  throw new Error('a consumer never came to rest');
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

interface Produced {
  readonly calls: number;
  readonly seconds: number;
}

interface Consumed {
  readonly received: number;
  readonly dropped: number;
  readonly produced: number;
  readonly lost?: number;
  readonly delaysMs?: readonly number[];
}

interface Run extends Consumed {
  readonly consumer: string;
  readonly load: string;
  readonly calls: number;
  readonly seconds: number;
  readonly cpuNsPerEvent: number;
  readonly tracerNsPerEvent?: number;
  readonly residentMb: number;
  /** Of a long load: from WARM_SECONDS on. */
  readonly residentGrowthMb: number;
}

interface Load {
  readonly name: string;
  readonly seconds: number;
  /** Events a second; 0: as many as the producer can. */
  readonly rate: number;
  readonly burst: number;
}

interface Consumer {
  /** Whose CPU time counts; the tracer's first. */
  readonly pids: readonly number[];
  count(): Promise<Consumed>;
  end(): Promise<void>;
}

/** `attach` starts the consumer for the producer's pid. The load comes twice: once until code is compiled, once measured. */
async function measure(
  consumer: string,
  load: Load,
  attach: (pid: number) => Promise<Consumer>,
): Promise<Run> {
  const source = producer(load.seconds, load.rate / load.burst);
  const { pids, count, end } = await attach(source.pid);
  await quiet(pids);
  const isLong = load.seconds > WARM_SECONDS;
  if (!isLong) {
    source.tell('');
    await source.json<Produced>();
    await quiet(pids);
  }
  const earlier = await count();
  await quiet(pids);
  const [first = 0] = pids;
  const before = { all: cpuNs(pids), first: cpuNs([first]), resident: residentMb(first) };
  say({ kind: 'begin' });
  source.tell('');
  if (isLong) {
    await delay(WARM_SECONDS * 1000);
    before.resident = residentMb(first);
  }
  const { calls, seconds } = await source.json<Produced>();
  await quiet(pids);
  say({ kind: 'end' });
  const after = { all: cpuNs(pids), first: cpuNs([first]), resident: residentMb(first) };
  const consumed = since(earlier, await count());
  await end();
  await source.end('SIGKILL');
  const run: Run = {
    consumer,
    load: load.name,
    calls,
    seconds,
    ...consumed,
    cpuNsPerEvent: (after.all - before.all) / consumed.received,
    ...(pids.length > 1 ? { tracerNsPerEvent: (after.first - before.first) / consumed.received } : {}),
    residentMb: before.resident,
    residentGrowthMb: after.resident - before.resident,
  };
  say({ kind: 'stream', ...run });
  return run;
}

function since(earlier: Consumed, now: Consumed): Consumed {
  return {
    received: now.received - earlier.received,
    dropped: now.dropped - earlier.dropped,
    produced: now.produced - earlier.produced,
    ...(now.delaysMs ? { delaysMs: now.delaysMs.slice(earlier.delaysMs?.length ?? 0) } : {}),
  };
}

const withC = (load: Load) =>
  measure('C', load, async pid => {
    const c = peer('ring_consumer', [own('ring_consumer'), String(pid), String(load.burst)]);
    await c.line();
    return {
      pids: [c.pid],
      count() {
        c.child.kill('SIGUSR1');
        return c.json<Consumed>();
      },
      end: () => c.end(),
    };
  });

const withOurs = (load: Load, work: 'host' | 'page') =>
  measure(work, load, async pid => {
    const c = client('stream', own('burst.bpf.o'), String(pid), String(load.burst), work);
    const tracerPid = Number((await c.line()).split(' ')[1]);
    return {
      pids: [tracerPid, c.pid],
      count() {
        c.tell('report');
        return c.json<Consumed>();
      },
      async end() {
        c.tell('end');
        await within(c.ended, 'the end of the client');
      },
    };
  });

/** Of a consumer that prints lines: those that are events. */
function printing(c: Peer, output: string, pids: readonly number[], event: RegExp): Consumer {
  return {
    pids,
    async count() {
      const received = countLines(output, event);
      return { received, dropped: 0, produced: received };
    },
    async end() {
      await c.end('SIGINT');
      unlinkSync(output);
    },
  };
}

/** bpfw as users start it, its output in a file in memory. */
const withBpfw = (load: Load, format: 'text' | 'json') =>
  measure(`bpfw ${format}`, load, async pid => {
    const output = `/tmp/bpfw-${pid}`;
    const file = openSync(output, 'w');
    const parameters = ['-p', `target_pid=${pid}`, '-p', `burst=${load.burst}`];
    const command = [process.execPath, path.join(dist, 'cli.js'), 'run', own('burst.bpf.o'), ...parameters];
    const c = peer(
      'bpfw',
      [...command, '--target', 'local', ...(format === 'json' ? ['--json'] : [])],
      file,
      {
        stderr: 'pipe',
      },
    );
    closeSync(file);
    let told = '';
    c.child.stderr?.on('data', text => {
      told += text;
    });
    const isAttached = () =>
      told.includes('attached ') || readFileSync(output, 'latin1').includes('"attached"');
    await until(isAttached, 'bpfw');
    const event = format === 'json' ? /^{"type":"event"/ : /^ *\d+\.\d{6} /;
    return printing(c, output, [...childrenOf(c.pid), c.pid], event);
  });

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

/** The same fields, one event a call, printed to a file in memory. */
const withBpftrace = (load: Load, format: 'text' | 'json') =>
  measure(`bpftrace ${format}`, load, async pid => {
    const output = `/tmp/bpftrace-${pid}`;
    const file = openSync(output, 'w');
    const program =
      `tracepoint:syscalls:sys_enter_getpgid /pid == ${pid}/ ` +
      `{ @n++; printf("%llu %llu %llu %d %d\\n", nsecs, nsecs, elapsed, pid, cpu); } ` +
      'interval:s:1 { printf("tick\\n"); }';
    const c = peer(
      'bpftrace',
      ['bpftrace', ...(format === 'json' ? ['-f', 'json'] : []), '-e', program],
      file,
    );
    closeSync(file);
    await until(() => readFileSync(output, 'latin1').includes('tick'), 'a line of bpftrace');
    const event = format === 'json' ? / \d+ \d+\\n"}$/ : / \d+ \d+$/;
    return printing(c, output, [c.pid], event);
  });

function countLines(file: string, pattern: RegExp): number {
  const size = statSync(file).size;
  const handle = openSync(file, 'r');
  const buffer = Buffer.alloc(4 << 20);
  let count = 0;
  let rest = '';
  for (let at = 0; at < size; ) {
    const got = readSync(handle, buffer, 0, buffer.length, at);
    at += got;
    const lines = (rest + buffer.toString('latin1', 0, got)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (pattern.test(line)) count++;
  }
  closeSync(handle);
  return count;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not come`);
    await delay(5);
  }
}

/** Tells the machine outside which of its threads is CPU 0. */
async function computeOnCpu0(): Promise<void> {
  say({ kind: 'begin' });
  await peer('loop', ['sh', '-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done']).ended;
  say({ kind: 'end' });
  say({ kind: 'cpu0' });
}

async function streamGroup(): Promise<void> {
  await computeOnCpu0();
  const flatOut: Load = { name: 'saturation', seconds: SECONDS, rate: 0, burst: BURST };
  const paced: Load = { name: '20,000/s', seconds: SECONDS, rate: 20_000, burst: 1 };
  const printed: Load = { name: 'printed', seconds: SECONDS, rate: 0, burst: 1 };
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const c = await withC(flatOut);
    rates.push(c.received / c.seconds);
    await withOurs(flatOut, 'page');
    await withOurs(flatOut, 'host');
    await withC(paced);
    await withOurs(paced, 'page');
    for (const format of ['text', 'json'] as const) {
      await withBpftrace(printed, format);
      await withBpfw(printed, format);
    }
    await withOurs({ name: '20/s', seconds: SECONDS, rate: 20, burst: 1 }, 'page');
  }
  const half = (rates.sort((a, b) => a - b)[rates.length >> 1] ?? 0) / 2;
  await withOurs({ name: 'half of C', seconds: LONG_SECONDS, rate: half, burst: BURST }, 'page');
  await withOurs({ ...flatOut, name: 'saturation for long', seconds: LONG_SECONDS }, 'page');
}

/** The same probes at both ends of the same function on either side: kernels take very different times to place them. */
const PROBES = {
  kprobe: ['kprobe:vfs_read', 'kretprobe:vfs_read'],
  fentry: ['kfunc:vfs_read', 'kretfunc:vfs_read'],
} as const;

/** bpfw as one types it, with the probes that it chooses itself: fentry. */
async function shellStart(): Promise<void> {
  const began = performance.now();
  const options = ['--target', 'local', '--json', '--interval', '50ms'];
  const argv = [process.execPath, path.join(dist, 'cli.js'), 'run', templateObject, ...options];
  const bpfw = peer('bpfw', argv, 'pipe', { pinned: false });
  while (!/^{"type":"hist".*"count":/.test(await bpfw.line()));
  say({ kind: 'start', probes: 'fentry', consumer: 'bpfw', ms: performance.now() - began });
  await bpfw.end('SIGKILL');
}

async function startGroup(): Promise<void> {
  const reader = peer('reader', [own('reader')], 'pipe', { pinned: false });
  for (const probes of ['kprobe', 'fentry'] as const) {
    const [begin, end] = PROBES[probes];
    const program =
      `${begin} { @began[tid] = nsecs; } ` +
      `${end} /@began[tid]/ { @us = hist((nsecs - @began[tid]) / 1000); delete(@began[tid]); } ` +
      'interval:ms:20 { print(@us); }';
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const bpftrace = peer('bpftrace', ['bpftrace', '-B', 'line', '-e', program], 'pipe', { pinned: false });
      while (!/^[[(].*\|@/.test(await bpftrace.line()));
      const ms = performance.now() - began;
      say({ kind: 'start', probes, consumer: 'bpftrace', ms, residentMb: residentMb(bpftrace.pid) });
      await bpftrace.end('SIGKILL');
      if (probes === 'fentry') await shellStart();
    }
    const argv = [process.execPath, path.join(binaries, 'client.js'), 'start', templateObject];
    const c = peer('client', [...argv, String(rounds), probes], 'pipe', { pinned: false });
    for (let round = 0; round < rounds; round++) {
      const { tracerPid, ...cold } = await c.json<{ ms: number; tracerPid: number }>();
      say({ kind: 'start', probes, consumer: 'cold', ...cold, residentMb: residentMb(tracerPid) });
      c.tell('go on');
      const { starts } = await c.json<{ starts: readonly object[] }>();
      for (const start of starts) say({ kind: 'start', probes, consumer: 'warm', ...start });
      c.tell('go on');
    }
    await within(c.ended, 'the end of the client');
  }
  await reader.end('SIGKILL');
}

interface Snapshots {
  readonly snapshots: number;
  readonly entries: number;
  readonly sum: number;
}

async function mapsGroup(): Promise<void> {
  const watch = async (
    consumer: string,
    begin: (pid: number) => Promise<{ c: Peer; pids: readonly number[]; go: string; finish: () => void }>,
  ) => {
    const source = producer(60, 0, 10_000, UPDATES);
    const { c, pids, go, finish } = await begin(source.pid);
    source.tell('');
    await source.json<Produced>();
    await quiet(pids);
    source.tell('');
    c.tell(go);
    // A page that shows a map reads it for minutes: what compiling the code costs at first is not part of a snapshot.
    await delay(WARM_SECONDS * 1000);
    c.tell('count');
    const now = () => ({ all: cpuNs(pids), first: cpuNs(pids.slice(0, 1)) });
    const before = now();
    await delay(2 * SECONDS * 1000);
    const after = now();
    // What is read from here on does not change, and its cost does not count.
    await source.end('SIGKILL');
    finish();
    const result = await c.json<Snapshots>();
    const cpu = 'cpuNs' in result ? Number(result.cpuNs) : after.all - before.all;
    const tracer =
      pids.length > 1 ? { tracerNsPerSnapshot: (after.first - before.first) / result.snapshots } : {};
    say({ kind: 'maps', consumer, ...result, cpuNsPerSnapshot: cpu / result.snapshots, ...tracer });
    c.tell('end');
    await within(c.ended, `the end of ${consumer}`);
  };
  const ours = (map: string) => async (pid: number) => {
    const c = client('maps', own('slots.bpf.o'), String(pid), map);
    const tracerPid = Number((await c.line()).split(' ')[1]);
    return { c, pids: [tracerPid, c.pid], go: 'go', finish: () => c.tell('report') };
  };
  for (let round = 0; round < rounds; round++) {
    await watch('C', async pid => {
      const c = peer('map_reader', [own('map_reader'), String(pid)]);
      await c.line();
      return { c, pids: [c.pid], go: '', finish: () => void c.child.kill('SIGTERM') };
    });
    await watch('hash', ours('hash'));
    await watch('mapped', ours('mapped'));
  }
}

const work = group === 'stream' ? streamGroup() : group === 'start' ? startGroup() : mapsGroup();
work.then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
