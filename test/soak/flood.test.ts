/** A hot probe for 30 s: the tracer's memory stays flat, requests are answered, and every event is accounted for. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readDrops } from '../../src/session/tracing/drops';
import { startSession } from '../../src/session/tracing/start-session';
import { indexRingSpan } from '../../src/shared/decode/ring-span';
import { sharedGuest } from '../kernel/bench/guest';
import { root, workFolder } from '../kernel/bench/paths';
import { compileProgram, traceBench } from '../kernel/bench/trace';
import { tracerCosts } from './tracer-process';

const SECONDS = 30;
/** Events each system call makes: the program's limit. */
const BURST = 64;
/** What may come and go with garbage collection; a leak of one byte an event would be several times that. */
const FLAT_MB = 12;
const ANSWER_MS = 10_000;

it('takes a flood for half a minute and loses count of nothing', async () => {
  const producer = path.join(workFolder, 'soak-producer');
  execFileSync('clang', ['-O2', '-Wall', path.join(root, 'test/bench/peers/producer.c'), '-o', producer]);
  const guest = await sharedGuest();
  const { target, tracers } = await traceBench();
  const { object, bytes } = await compileProgram('test/bench/peers/burst.bpf.c');
  const load = await guest.spawn([producer, String(SECONDS), '0'], { fresh: true });
  const said = new Promise<string>(resolve => createInterface({ input: load.stdout }).once('line', resolve));
  let received = 0;
  let frames = 0;
  const { session, connection } = await startSession(
    {
      target,
      tracers,
      object,
      objectBytes: bytes,
      parameters: new Map([
        ['target_pid', String(load.pid)],
        ['burst', String(BURST)],
      ]),
      pid: null,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      progress: () => undefined,
      askConsent: async () => false,
    },
    opened =>
      opened.onFrame((_stream, frame) => {
        received += indexRingSpan(frame.bytes).count;
        frames++;
      }),
  );
  const { pid } = connection.hello;
  load.stdin.write('\n');
  const resident: number[] = [];
  const answers: number[] = [];
  let running = true;
  load.exited.then(() => {
    running = false;
  });
  while (running) {
    const asked = performance.now();
    await session.statistics(false);
    answers.push(performance.now() - asked);
    resident.push((await tracerCosts(pid)).residentMb);
    await Promise.race([delay(1000), load.exited]);
  }
  const { calls, seconds }: { calls: number; seconds: number } = JSON.parse(await said);
  await session.drain();
  const { kernel: dropped, tracer: tracerLost } = await readDrops(session, 0);
  await session.close();

  const settled = resident.slice(Math.ceil(resident.length / 4));
  const growthMb = Math.max(...settled) - Math.min(...settled);
  console.error(
    `flood: ${((calls * BURST) / seconds / 1e6).toFixed(2)} million events/s for ${seconds.toFixed(0)} s; received ${received} in ${frames} frames, ` +
      `dropped by the program ${dropped}, by the tracer ${tracerLost}; tracer ${Math.max(...resident).toFixed(1)} MiB, ` +
      `${growthMb.toFixed(1)} MiB up and down; ${answers.length} requests answered, the slowest after ${Math.max(...answers).toFixed(0)} ms`,
  );
  expect(received + dropped + tracerLost).toBe(calls * BURST);
  expect(received).toBeGreaterThan(0);
  expect(growthMb).toBeLessThan(FLAT_MB);
  expect(answers.length).toBeGreaterThan(5);
  expect(Math.max(...answers)).toBeLessThan(ANSWER_MS);
});
