/** Malformed frames from a hostile privileged process or guest: refused with an error of the client's own, soon and in little memory. */
import { expect, it } from 'vitest';
import { runRounds } from './run';
import { makeSamples } from './samples';

const SEED = 0xf4a3e5;
const ROUNDS = 20_000;

it(`the client’s end withstands ${ROUNDS} malformed frames`, async () => {
  const result = await runRounds('frames-child', {
    seed: SEED,
    rounds: ROUNDS,
    end: 'client',
    heapMb: 512,
    deadlineMs: 10_000,
    prepare: makeSamples,
  });
  expect(result.peakMb - result.warmMb).toBeLessThan(48);
  expect(result.slowest.ms).toBeLessThan(3000);
}, 120_000);
