/** As test/unit/tracer/fuzz.test.ts and test/unit/hostile/frames.test.ts, a million frames in each direction. */
import { expect, it } from 'vitest';

import { runRounds } from '../unit/hostile/run';
import { makeSamples } from '../unit/hostile/samples';
import { report } from './report';

const SEED = Number(process.env.BPFW_SOAK_SEED ?? 0xf4a3e5);
const ROUNDS = Number(process.env.BPFW_SOAK_FRAMES ?? 1_000_000);
const GROWTH_MB = 48;
const SLOWEST_MS = 3000;

it.each([
  ['tracer', ROUNDS],
  // One round of three goes to what decodes a frame's bytes.
  ['client', 1.5 * ROUNDS],
] as const)(`the %s’s end withstands ${ROUNDS} malformed frames`, async (end, rounds) => {
  const result = await runRounds('frames-child', {
    seed: SEED,
    rounds,
    end,
    heapMb: 512,
    deadlineMs: 20_000,
    prepare: makeSamples,
  });
  report(`frames-to-${end}`, { seed: SEED, rounds, ...result });
  expect(result.peakMb - result.warmMb).toBeLessThan(GROWTH_MB);
  expect(result.slowest.ms).toBeLessThan(SLOWEST_MS);
});
