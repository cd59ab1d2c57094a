/** Damaged object files: the helper answers, or dies alone; nothing of them stays in the kernel. */
import { expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { compileProgram, type GuestHelper, startGuestHelper } from './guest-helper';

const OBJECTS = 120;
const SEED = 0xe1f;

/** Numerical Recipes' linear congruential generator: seeded, and good enough to damage files. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it(`survives ${OBJECTS} damaged object files, or dies without leaving anything`, async () => {
  const guest = await sharedGuest();
  const sound = compileProgram('rejected');
  const below = random(SEED);
  const codes = new Map<string, number>();
  const count = (what: string) => codes.set(what, (codes.get(what) ?? 0) + 1);
  let helper: GuestHelper | null = null;
  for (let index = 0; index < OBJECTS; index++) {
    const bytes = Buffer.from(sound);
    for (let changes = 1 + below(12); changes > 0; changes--) {
      // Half of the damage to the ELF header and the section headers, where parsers are most credulous.
      const start = below(2) === 0 ? 0 : bytes.byteLength - 64 * 30;
      const span = below(2) === 0 ? bytes.byteLength : start === 0 ? 64 : 64 * 30;
      bytes[Math.max(0, Math.min(bytes.byteLength - 1, start + below(span)))] = below(256);
    }
    const damaged = below(8) === 0 ? bytes.subarray(0, below(bytes.byteLength)) : bytes;
    helper ??= await startGuestHelper(guest);
    const { client, process } = helper;
    const programs = [{ name: 'fine', load: true, attach: { kind: 'auto' as const } }];
    const answer = client.open(damaged, { programs: below(2) === 0 ? programs : [] }).then(
      async ({ sessionId }) => {
        await client.request('session/close', { sessionId });
        return 'loaded';
      },
      error => (error as { data?: { code?: string } }).data?.code ?? 'gone',
    );
    const outcome = await Promise.race([answer, client.closed.then(() => 'gone')]);
    count(outcome);
    if (outcome === 'gone') {
      await process.exited;
      helper = null;
    }
  }
  await helper?.[Symbol.asyncDispose]();
  console.log('damaged objects:', Object.fromEntries(codes));
  expect(codes.get('object-rejected') ?? 0).toBeGreaterThan(OBJECTS / 10);
  expect(codes.get('internal')).toBeUndefined();
  await expect
    .poll(() => guest.sh('bpftool -j prog show'), { timeout: 5000 })
    .not.toMatch(/"name":"(fine|unchecked_lookup|sends_signal)"/);
});
