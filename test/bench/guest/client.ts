/**
 * The unprivileged side, inside the guest: starts the tracer as the extension does on this machine's kernel, over its
 * Unix socket, and does with the data what a client does. Speaks lines with the runner: it says `ready ...`, is told
 * `report` or `end`, and answers with JSON.
 *
 *   client.js stream OBJECT PID BURST WORK | maps OBJECT PID MAP | start OBJECT ROUNDS kprobe|fentry
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { LocalTarget } from '../../../src/session/targets/local-target';
import { TracerPool } from '../../../src/session/targets/tracer-pool';
import { startSession } from '../../../src/session/tracing/start-session';
import type { TracingSession } from '../../../src/session/tracing/tracing-session';
import { HistogramDecoder } from '../../../src/shared/decode/histograms';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { type Consumer, consumer, WORKS } from '../consumers';

const [mode, objectPath = '', ...rest] = process.argv.slice(2);
const dist = process.env.BPFW_DIST ?? '';
const bytes = new Uint8Array(readFileSync(objectPath));
const object: BpfObject = readObject(bytes, path.basename(objectPath).replace(/\..*/, ''));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const commands = createInterface({ input: process.stdin });

function newTarget(): LocalTarget {
  return new LocalTarget({
    tracerPath: path.join(dist, 'tracer.js'),
    version: '0.0.0',
    ifuncProbePath: path.join(dist, 'ifunc-probe.js'),
    elevation: 'auto',
    log: () => undefined,
  });
}

async function start(
  target: LocalTarget,
  tracers: TracerPool,
  parameters: Readonly<Record<string, string>>,
  onSession: (session: TracingSession) => void = () => undefined,
  progress: (step: string) => void = () => undefined,
  without: readonly string[] = [],
) {
  return startSession(
    {
      target,
      tracers,
      object,
      objectBytes: bytes,
      parameters: new Map(Object.entries(parameters)),
      pid: null,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      progress,
      askConsent: async () => false,
      without,
    },
    onSession,
  );
}

async function globals(session: TracingSession): Promise<Record<string, number>> {
  const section = await session.readSection('.bss');
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const all = session.object.globals.filter(global => global.section === '.bss');
  return Object.fromEntries(
    all.map(({ name, offset, layout }) => [
      name,
      layout.size === 8 ? Number(view.getBigUint64(offset, true)) : view.getUint32(offset, true),
    ]),
  );
}

const MOST_DELAYS = 1000;

async function stream([pid = '', burst = '', workName = '']: readonly string[]): Promise<void> {
  const work = WORKS.find(name => name === workName);
  if (!work) throw new Error(`no work ${workName}`);
  let received = 0;
  let lost = 0;
  /** From the program to here, of the first record of each frame: its first field is its time. Of slow streams. */
  const delaysMs: number[] = [];
  let own: Consumer | undefined;
  const { session, connection } = await start(
    newTarget(),
    new TracerPool(),
    { target_pid: pid, burst },
    opened => {
      const shown = consumer(work, opened.streams, 'latency > 1ms');
      own = shown;
      opened.onFrame((from, frame) => {
        shown.frame(from, frame);
        received += frame.records;
        if (frame.records > 0 && delaysMs.length < MOST_DELAYS) {
          const sentNs = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getBigUint64(8, true);
          delaysMs.push(Number(process.hrtime.bigint() - sentNs) / 1e6);
        }
        lost += frame.lost;
      });
    },
  );
  await own?.settle();
  say(`ready ${connection.hello.pid}`);
  for await (const command of commands) {
    if (command !== 'report') break;
    await session.drain();
    await own?.settle();
    const { events_dropped: dropped, produced } = await globals(session);
    say(JSON.stringify({ received, lost, dropped, produced, delaysMs }));
  }
  await session.close();
}

/** Ten times a second what a page does once: reads the map, has its histograms, and adds all of them up. */
async function maps([pid = '', name = '']: readonly string[]): Promise<void> {
  const { session, connection } = await start(newTarget(), new TracerPool(), { target_pid: pid });
  const map = object.maps.find(candidate => candidate.name === name);
  if (!map) throw new Error(`no map ${name}`);
  say(`ready ${connection.hello.pid}`);
  let snapshots = 0;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  const decoder = new HistogramDecoder(map, session.opened.possibleCpus);
  const read = async () => {
    const histograms = decoder.decode(await session.readMap(map));
    let sum = 0;
    for (const { total } of histograms) sum += total;
    return { entries: histograms.length, sum };
  };
  for await (const command of commands) {
    if (command === 'go') {
      timer = setInterval(() => {
        reading = read().then(() => snapshots++);
      }, 100);
    } else if (command === 'count') {
      snapshots = 0;
    } else if (command === 'report') {
      clearInterval(timer);
      await reading;
      const counted = snapshots;
      say(JSON.stringify({ snapshots: counted, ...(await read()) }));
    } else break;
  }
  await session.close();
}

/** Presses of ▶ that one tracer serves after the first: what editing a program looks like to it. */
const WARM_STARTS = 3;

/** From the request to the first count in the map, cold (no tracer yet, nothing known of the kernel) and warm. */
async function startUp([rounds = '1', probes = '']: readonly string[]): Promise<void> {
  const map = object.maps.find(({ view }) => view.kind === 'histogram');
  if (!map) throw new Error('the program has no histogram');
  const wanted = probes === 'fentry' ? /^f(entry|exit)\// : /^k(ret)?probe\//;
  const without = object.programs.filter(({ section }) => !wanted.test(section)).map(({ name }) => name);
  const firstValue = async (target: LocalTarget, tracers: TracerPool) => {
    const began = performance.now();
    const steps: Record<string, number> = {};
    const progress = (step: string) => {
      steps[step] = Math.round(performance.now() - began);
    };
    const { session, connection } = await start(target, tracers, {}, () => undefined, progress, without);
    let isCounted = false;
    while (!isCounted) isCounted = (await session.readMap(map)).values.some(byte => byte !== 0);
    const ms = performance.now() - began;
    return { ms, session, steps, tracerPid: connection.hello.pid };
  };
  for (let round = 0; round < Number(rounds); round++) {
    const target = newTarget();
    const tracers = new TracerPool();
    const { session, ...cold } = await firstValue(target, tracers);
    say(JSON.stringify(cold));
    // The runner looks at the tracer's memory, then says so.
    await new Promise(resolve => commands.once('line', resolve));
    await session.close();
    const starts: object[] = [];
    for (let press = 0; press < WARM_STARTS; press++) {
      const { session: warm, ms, steps } = await firstValue(target, tracers);
      await warm.close();
      starts.push({ ms, steps, ...warm.startup });
    }
    say(JSON.stringify({ starts }));
    tracers.dispose();
    await new Promise(resolve => commands.once('line', resolve));
  }
}

const work = mode === 'stream' ? stream(rest) : mode === 'maps' ? maps(rest) : startUp(rest);
work.then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
