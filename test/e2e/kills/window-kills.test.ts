/** kill -9 of a real VS Code's extension host, server and browser from ▶ on: no sandbox VM stays, and what was loaded was in it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { lockGuestPlace } from '../../kernel/bench/machine-lock';
import { expectVmGone, killWindowsAtRandom, WINDOW_VICTIMS, type WindowKill } from './window-kills';

const SEED = 0x3;

let place: Awaited<ReturnType<typeof lockGuestPlace>>;
beforeAll(async () => {
  place = await lockGuestPlace();
}, deadlineMs(1_800_000));
afterAll(() => place?.release());

it('leaves no VM 1 s after the extension host of a window is gone, at random moments from ▶ on', {
  timeout: deadlineMs(600_000),
}, async () => {
  const kills: WindowKill[] = [];
  const attachMs = await killWindowsAtRandom(SEED, WINDOW_VICTIMS.length, kill => kills.push(kill));
  console.error(`▶ takes ${attachMs.toFixed(0)} ms; kills: ${JSON.stringify(kills)}`);
  for (const kill of kills) expectVmGone(kill);
  expect(kills.some(kill => kill.hadVm)).toBe(true);
});
