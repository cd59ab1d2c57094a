/**
 * The unprivileged side, inside the guest: starts the helper as the extension does on this machine's kernel, over its
 * Unix socket, and does with the data what a client does. Speaks lines with the runner: it says `ready ...`, is told
 * `report` or `end`, and answers with JSON.
 *
 *   client.js stream OBJECT PID BURST | maps OBJECT PID MAP | start OBJECT ROUNDS
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { HelperPool } from '../../../src/session/helper-pool';
import { LocalTarget } from '../../../src/session/local-target';
import { startSession } from '../../../src/session/start-session';
import type { TracingSession } from '../../../src/session/tracing-session';
import { type Column, decodeColumns } from '../../../src/shared/decode/columns';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { MapSnapshot } from '../../../src/shared/decode/snapshot';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { DataContent } from '../../../src/shared/protocol/frames';

const [mode, objectPath = '', ...rest] = process.argv.slice(2);
const dist = process.env.BPFW_DIST ?? '';
const bytes = new Uint8Array(readFileSync(objectPath));
const object: BpfObject = readObject(bytes, path.basename(objectPath).replace(/\..*/, ''));
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const commands = createInterface({ input: process.stdin });

function newTarget(): LocalTarget {
  return new LocalTarget({
    helperPath: path.join(dist, 'helper.js'),
    version: '0.0.0',
    ifuncProbePath: path.join(dist, 'ifunc-probe.js'),
    elevation: 'auto',
    log: () => undefined,
  });
}

async function start(
  target: LocalTarget,
  helpers: HelperPool,
  parameters: Readonly<Record<string, string>>,
  onSession: (session: TracingSession) => void = () => undefined,
  progress: (step: string) => void = () => undefined,
) {
  return startSession(
    {
      target,
      helpers,
      object,
      objectBytes: bytes,
      parameters: new Map(Object.entries(parameters)),
      pid: null,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      progress,
      allowChangingPrograms: false,
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

async function stream([pid = '', burst = '']: readonly string[]): Promise<void> {
  let received = 0;
  let lost = 0;
  let columns: readonly Column[] = [];
  const { session, connection } = await start(
    newTarget(),
    new HelperPool(),
    { target_pid: pid, burst },
    opened =>
      opened.onFrame(({ map }, frame) => {
        const record = map?.view.kind === 'events' ? map.view.record : null;
        if (!record) throw new Error('the stream has no record type');
        const index = indexRingSpan(frame.bytes);
        columns = decodeColumns(frame.bytes, index, record);
        received += index.count;
        lost += frame.lost;
      }),
  );
  say(`ready ${connection.hello.pid}`);
  for await (const command of commands) {
    if (command !== 'report') break;
    await session.drain();
    const { events_dropped: dropped, produced } = await globals(session);
    const sequence = columns.find(({ field }) => field.name === 'sequence')?.values;
    say(JSON.stringify({ received, lost, dropped, produced, last: Number(sequence?.at(-1) ?? 0) }));
  }
  await session.close();
}

async function maps([pid = '', map = '']: readonly string[]): Promise<void> {
  const { session, connection } = await start(newTarget(), new HelperPool(), { target_pid: pid });
  const loaded = session.opened.maps.find(candidate => candidate.name === map);
  if (!loaded) throw new Error(`no map ${map}`);
  say(`ready ${connection.hello.pid}`);
  let snapshots = 0;
  let entries = 0;
  let sum = 0;
  const snapshot = new MapSnapshot(loaded.keySize, loaded.valueStride);
  connection.onData(frame => {
    if (frame.content !== DataContent.mapEntries || !snapshot.push(frame.bytes)) return;
    const { values } = snapshot;
    const slots = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4);
    let total = 0;
    for (let at = 0; at < slots.length; at++) total += slots[at] ?? 0;
    sum = total;
    entries = snapshot.count;
    snapshots++;
  });
  for await (const command of commands) {
    if (command === 'go')
      await connection.request('map/watch', {
        sessionId: session.opened.sessionId,
        map,
        intervalMs: 100,
        maxEntries: 0,
      });
    else if (command === 'report') say(JSON.stringify({ snapshots, entries, sum }));
    else break;
  }
  await session.close();
}

/** From the request to the first count in the map, cold (no helper yet, nothing known of the kernel) and warm. */
async function startUp([rounds = '1']: readonly string[]): Promise<void> {
  const map = object.maps.find(({ view }) => view.kind === 'histogram');
  if (!map) throw new Error('the program has no histogram');
  const firstValue = async (target: LocalTarget, helpers: HelperPool) => {
    const began = performance.now();
    const steps: Record<string, number> = {};
    const { session, connection } = await start(
      target,
      helpers,
      {},
      () => undefined,
      step => {
        steps[step] = Math.round(performance.now() - began);
      },
    );
    let isCounted = false;
    while (!isCounted) isCounted = (await session.readMap(map)).values.some(byte => byte !== 0);
    const ms = performance.now() - began;
    return { ms, session, steps, helperPid: connection.hello.pid };
  };
  for (let round = 0; round < Number(rounds); round++) {
    const target = newTarget();
    const helpers = new HelperPool();
    const cold = await firstValue(target, helpers);
    say(JSON.stringify({ coldMs: cold.ms, steps: cold.steps, helperPid: cold.helperPid }));
    // The runner looks at the helper's memory, then says so.
    await new Promise(resolve => commands.once('line', resolve));
    await cold.session.close();
    const warm = await firstValue(target, helpers);
    await warm.session.close();
    say(JSON.stringify({ warmMs: warm.ms, startup: warm.session.startup, steps: warm.steps }));
    helpers.dispose();
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
