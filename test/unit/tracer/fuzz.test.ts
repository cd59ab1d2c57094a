/** Malformed frames from a hostile client: against the privileged end in this machine's memory, and against the real process. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runRounds } from '../hostile/run';
import { frame } from '../hostile/tracer-frames';
import { random } from '../random';
import { startTracer } from './tracer-process';

const SEED = 0x5eed;
const ROUNDS = 30_000;
const PROCESSES = 6;
/** Frames after which a process that took them all is told to end. */
const FRAMES = 400;
/** Node.js with koffi and libbpf takes 60. */
const MOST_RESIDENT_MB = 200;

it(`the privileged end withstands ${ROUNDS} malformed frames`, async () => {
  const result = await runRounds('frames-child', {
    seed: SEED,
    rounds: ROUNDS,
    end: 'tracer',
    heapMb: 256,
    deadlineMs: 10_000,
  });
  expect(result.peakMb - result.warmMb).toBeLessThan(48);
  expect(result.slowest.ms).toBeLessThan(3000);
}, 120_000);

/** Without any capability, whoever runs the tests: nothing that is asked for could be done. */
const prefix = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

it(`the real process ends on malformed frames with a reason, each of ${PROCESSES} times`, async () => {
  for (let run = 0; run < PROCESSES; run++) {
    const below = random(SEED + run);
    const tracer = await startTracer({ prefix });
    tracer.socket.on('error', () => undefined).resume();
    const gone = new Promise<void>(resolve => tracer.socket.once('close', () => resolve()));
    let residentKb = 0;
    for (let id = 1; id <= FRAMES && !tracer.socket.destroyed; id++) {
      residentKb = Math.max(residentKb, peakKb(tracer.child.pid));
      if (tracer.socket.writable && !tracer.socket.write(frame(below, id)))
        await Promise.race([new Promise(resolve => tracer.socket.once('drain', resolve)), gone]);
    }
    tracer.socket.end();
    const what = `seed ${SEED + run}: ${tracer.stderr()}`;
    expect(await tracer.exited, what).toMatchObject({ signal: null });
    expect(tracer.stderr(), what).not.toMatch(/TypeError|RangeError|ReferenceError|\n\s+at /);
    expect(residentKb, what).toBeGreaterThan(0);
    expect(residentKb / 1024, what).toBeLessThan(MOST_RESIDENT_MB);
  }
}, 120_000);

/** The most memory that the process has had resident; 0 once it has ended, which a malformed frame may make it do at any time. */
function peakKb(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
