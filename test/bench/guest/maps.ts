/** A map that is read ten times a second. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  client,
  cpuNs,
  own,
  type Peer,
  type Produced,
  peer,
  producer,
  quiet,
  SECONDS,
  say,
  WARM_SECONDS,
  within,
} from './peers';

/** Entries that change a second while maps are read. */
const UPDATES = 1000;

interface Snapshots {
  readonly snapshots: number;
  readonly entries: number;
  readonly sum: number;
}

export async function mapsGroup(rounds: number): Promise<void> {
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
