/** A thousand starts of the privileged process with an attacker beside them: signals, sockets and /proc, at every moment. */
import { beforeAll, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../kernel/bench/guest';
import { type AttackResult, NOTHING_WON, startUnderAttack } from '../kernel/elevation/attacks';
import { buildDriver, makePeople, TRACER } from '../kernel/elevation/people';
import { report } from './report';

let guest: TestGuest;
beforeAll(async () => {
  await buildDriver();
  guest = await sharedGuest();
  await makePeople(guest);
});

/** An emulated guest takes about 1.5 s a start. */
const STARTS_A_ROUND = 100;
const ROUND_TIMEOUT_MS = 600_000;

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('100 starts, signals and /proc, round %i of 9', async round => {
  const attacked = await attackedStarts(round, false);
  expect(attacked.signals).toBeGreaterThan(STARTS_A_ROUND / 2);
});

it('100 starts, signals, /proc and sockets', async () => {
  const attacked = await attackedStarts(10, true);
  expect(attacked.socketsReplaced).toBeGreaterThan(STARTS_A_ROUND / 4);
});

async function attackedStarts(seed: number, replaceSockets: boolean): Promise<AttackResult> {
  const { starts, attack } = await startUnderAttack(guest, {
    attacker: TRACER,
    count: STARTS_A_ROUND,
    seed,
    maxDelayMs: 1500,
    replaceSockets,
    timeoutMs: ROUND_TIMEOUT_MS,
  });
  report(`attacked starts, round ${seed}`, {
    count: STARTS_A_ROUND,
    seed,
    replaceSockets,
    ...starts,
    ...attack,
  });
  expect(attack).toMatchObject(NOTHING_WON);
  return attack;
}
