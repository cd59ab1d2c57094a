/** Malformed frames from a hostile client: against the privileged end in this machine's memory, and against the real process. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { frame } from '../hostile/helper-frames';
import { runRounds } from '../hostile/run';
import { random } from '../random';
import { startHelper } from './helper-process';

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
    end: 'helper',
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
    const helper = await startHelper({ prefix });
    helper.socket.on('error', () => undefined).resume();
    const gone = new Promise<void>(resolve => helper.socket.once('close', () => resolve()));
    for (let id = 1; id <= FRAMES && !helper.socket.destroyed; id++) {
      if (helper.socket.writable && !helper.socket.write(frame(below, id)))
        await Promise.race([new Promise(resolve => helper.socket.once('drain', resolve)), gone]);
    }
    const status = readFileSync(`/proc/${helper.child.pid}/status`, 'utf8');
    const residentKb = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    helper.socket.end();
    const what = `seed ${SEED + run}: ${helper.stderr()}`;
    expect(await helper.exited, what).toMatchObject({ signal: null });
    expect(helper.stderr(), what).not.toMatch(/TypeError|RangeError|ReferenceError|\n\s+at /);
    expect(residentKb / 1024, what).toBeLessThan(MOST_RESIDENT_MB);
  }
}, 120_000);
