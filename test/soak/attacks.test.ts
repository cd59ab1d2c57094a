/** A thousand starts of the privileged process with an attacker beside them: signals, sockets and /proc, at every moment. */
import { beforeAll, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../kernel/bench/guest';
import { NOTHING_WON, startUnderAttack } from '../kernel/elevation/attacks';
import { buildDriver, makePeople, TRACER } from '../kernel/elevation/people';
import { report } from './report';

let guest: TestGuest;
beforeAll(async () => {
  await buildDriver();
  guest = await sharedGuest();
  await makePeople(guest);
});

it.each([
  { what: 'signals and /proc', count: 900, replaceSockets: false },
  { what: 'signals, /proc and sockets', count: 100, replaceSockets: true },
])('$count starts, $what', async ({ what, count, replaceSockets }) => {
  const seed = count;
  const { starts, attack } = await startUnderAttack(guest, {
    attacker: TRACER,
    count,
    seed,
    maxDelayMs: 2000,
    replaceSockets,
    timeoutMs: 1_100_000,
  });
  report(`attacked starts: ${what}`, { count, seed, ...starts, ...attack });
  expect(attack).toMatchObject(NOTHING_WON);
  expect(attack.signals).toBeGreaterThan(count / 2);
});
