/** kill -9 at random moments of a session, from its start to its close: a second later nothing of it is left in the kernel. */
import { expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { VICTIMS } from './kills';
import { killAtRandom } from './random-kills';

const SEED = 0x9;
const KILLS = 12;

it(`leaves no program, link or map of a session 1 s after its client or tracer is killed, at ${KILLS} random moments`, {
  timeout: deadlineMs(900_000),
}, async () => {
  const { kills, end } = await killAtRandom(SEED, KILLS);
  for (const kill of kills) {
    const what = `seed ${SEED}: ${JSON.stringify(kill)}`;
    expect(kill.unloadedMs ?? Number.POSITIVE_INFINITY, what).toBeLessThan(deadlineMs(1000));
    expect(kill.endedMs, what).not.toBeNull();
  }
  expect(kills).toHaveLength(KILLS);
  expect(new Set(kills.map(kill => kill.victim))).toEqual(new Set(VICTIMS));
  // Some moments lie before the programs are loaded, some after.
  expect(kills.some(kill => kill.loaded > 0)).toBe(true);
  expect(end.foldersLeft).toEqual([]);
});
