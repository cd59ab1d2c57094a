/** Damaged files through every reader: refused with an error of the reader's own or read, soon and in little memory. */
import { expect, it } from 'vitest';
import { runRounds } from './run';
import { makeSamples } from './samples';

const SEED = 0x0b1ec7;
const ROUNDS = 2160;

it(`${ROUNDS} damaged objects, programs, images, tables and logs end no reader with a foreign error`, async () => {
  const result = await runRounds('objects-child', {
    seed: SEED,
    rounds: ROUNDS,
    heapMb: 512,
    deadlineMs: 10_000,
    prepare: makeSamples,
  });
  expect(result.peakMb - result.warmMb).toBeLessThan(64);
  expect(result.slowest.ms).toBeLessThan(3000);
}, 120_000);
