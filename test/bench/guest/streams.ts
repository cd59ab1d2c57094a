/** Streams of events: consumers on CPU 0, the producer on CPU 1. */
import { closeSync, openSync, readFileSync, readSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  client,
  cpuNs,
  dist,
  own,
  type Peer,
  type Produced,
  peer,
  producer,
  quiet,
  residentMb,
  SECONDS,
  say,
  until,
  WARM_SECONDS,
  within,
} from './peers';

const BURST = 8;
const LONG_SECONDS = 30;

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

/** Tells the machine outside which of its threads is CPU 0. */
async function computeOnCpu0(): Promise<void> {
  say({ kind: 'begin' });
  await peer('loop', ['sh', '-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done']).ended;
  say({ kind: 'end' });
  say({ kind: 'cpu0' });
}

export async function streamGroup(rounds: number): Promise<void> {
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
