/**
 * Makes test/e2e/recordings anew: `npm run record`. Each program runs on the sandbox VM's kernel under the real tracer;
 * what the tracer sent is kept as it was, and beside it what `bpftool` says of the same maps.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TracerPool } from '../../../src/session/targets/tracer-pool';
import { startSession } from '../../../src/session/tracing/start-session';
import type { TracingSession } from '../../../src/session/tracing/tracing-session';
import { releaseSharedGuest, sharedGuest, type TestGuest } from '../../kernel/bench/guest';
import { guestAgentPath, root, tracerPath, workFolder } from '../../kernel/bench/paths';
import { compileProgram } from '../../kernel/bench/trace';
import { Recorder, RecordingTarget } from './recorder';
import { type DumpedEntry, saveRecording } from './recording';
import { makeCommands, SCENES, type Scene, writePrograms } from './scenes';

const programs = path.join(workFolder, 'recorded-programs');
let guest: TestGuest;
let target: RecordingTarget;

beforeAll(async () => {
  await makeCommands();
  await writePrograms(programs);
  guest = await sharedGuest();
  target = new RecordingTarget(
    {
      tracerPath,
      ifuncProbePath: path.join(root, 'dist/ifunc-probe.js'),
      vm: { agentPath: guestAgentPath },
      progress: () => undefined,
      log: line => console.error(line),
    },
    guest.vm,
  );
});
afterAll(async () => {
  await releaseSharedGuest();
  await rm(programs, { recursive: true, force: true });
});

for (const scene of SCENES) {
  it(`records ${scene.name}`, () => record(scene));
}

async function record(scene: Scene): Promise<void> {
  const { object, bytes } = await compileProgram(path.join(programs, `${scene.name}.bpf.c`));
  if (scene.prepare) await guest.sh(scene.prepare);
  target.recorder = new Recorder();
  const tracers = new TracerPool();
  const { session, connection } = await startSession(
    {
      target,
      tracers,
      object,
      objectBytes: bytes,
      parameters: new Map(Object.entries(scene.parameters)),
      pid: null,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      progress: () => undefined,
      askConsent: async () => false,
    },
    () => undefined,
  );
  const phases: Record<string, readonly DumpedEntry[]>[] = [];
  for (const script of scene.phases) {
    await guest.sh(script, { fresh: true, env: { TRACER: String(connection.hello.pid) } });
    await session.drain();
    phases.push(await truth(session, scene));
    for (const { name, valueStride } of session.opened.maps) {
      const map = object.maps.find(candidate => candidate.name === name);
      if (map && valueStride > 0 && (map.view.kind !== 'internal' || map.entries)) await session.readMap(map);
      if (!map && !name.startsWith('.rodata')) await session.readSection(name);
    }
    await session.statistics(true);
    target.recorder.nextPhase();
  }
  const kallsyms = await guest.sh('cat /proc/kallsyms');
  const { recorder } = target;
  await session.close();
  tracers.dispose();
  const { kernelRelease } = guest.vm;
  await saveRecording(scene.name, recorder.recording(kernelRelease, kallsyms), { kernelRelease, phases });
  expect(phases).toHaveLength(scene.phases.length);
}

/** What bpftool, which is not ours, reads in the same maps. */
async function truth(session: TracingSession, scene: Scene): Promise<Record<string, readonly DumpedEntry[]>> {
  const dumped: Record<string, readonly DumpedEntry[]> = {};
  for (const [name, isKept] of Object.entries(scene.truths)) {
    const id = session.opened.maps.find(map => map.name === name)?.id;
    if (id === undefined) throw new Error(`${scene.name} has no map ${name}`);
    const entries: { formatted: DumpedEntry }[] = JSON.parse(
      // JSON's numbers end at 2^53, bpftool's do not.
      (await guest.sh(`bpftool -j map dump id ${id}`)).replace(/([:[,]\s*)(\d{16,})/g, '$1"$2"'),
    );
    dumped[name] = entries
      .map(({ formatted: { key, value } }) => ({ key, value }))
      .filter(entry => isKept(JSON.stringify(entry)));
  }
  return dumped;
}
