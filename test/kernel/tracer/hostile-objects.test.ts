/** Damaged object files: the tracer answers, or dies alone; nothing of them stays in the kernel. */
import { beforeAll, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { readObject } from '../../../src/shared/object/object';
import { relocationBtf } from '../../../src/shared/object/relocation-btf';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { traceBench } from '../bench/trace';
import { compileProgram, type GuestTracer, startGuestTracer } from './guest-tracer';

const OBJECTS = 120;
const TYPE_TABLES = 60;
const SEED = 0xe1f;

/** Numerical Recipes' linear congruential generator: seeded, and good enough to damage files. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

/** Opens each in turn, with a new tracer where one died, and counts what became of them. */
async function outcomes(
  total: number,
  open: (client: GuestTracer['client']) => Promise<{ readonly sessionId: number }>,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let tracer: GuestTracer | null = null;
  for (let index = 0; index < total; index++) {
    tracer ??= await startGuestTracer(guest);
    const { client, process } = tracer;
    const answer = open(client).then(
      async ({ sessionId }) => {
        await client.request('session/close', { sessionId });
        return 'loaded';
      },
      error => (error as { data?: { code?: string } }).data?.code ?? 'gone',
    );
    const outcome = await Promise.race([answer, client.closed.then(() => 'gone')]);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (outcome === 'gone') {
      await process.exited;
      tracer = null;
    }
  }
  await tracer?.[Symbol.asyncDispose]();
  console.log('damaged:', Object.fromEntries(counts));
  return counts;
}

const nothingStays = (names: RegExp) =>
  expect.poll(() => guest.sh('bpftool -j prog show'), { timeout: deadlineMs(5000) }).not.toMatch(names);

it(`survives ${OBJECTS} damaged object files, or dies without leaving anything`, async () => {
  const sound = compileProgram('rejected');
  const below = random(SEED);
  const counts = await outcomes(OBJECTS, client => {
    const bytes = Buffer.from(sound);
    for (let changes = 1 + below(12); changes > 0; changes--) {
      // Half of the damage to the ELF header and the section headers, where parsers are most credulous.
      const start = below(2) === 0 ? 0 : bytes.byteLength - 64 * 30;
      const span = below(2) === 0 ? bytes.byteLength : start === 0 ? 64 : 64 * 30;
      bytes[Math.max(0, Math.min(bytes.byteLength - 1, start + below(span)))] = below(256);
    }
    const damaged = below(8) === 0 ? bytes.subarray(0, below(bytes.byteLength)) : bytes;
    const programs = [{ name: 'fine', load: true, attach: { kind: 'auto' as const } }];
    return client.open(damaged, { programs: below(2) === 0 ? programs : [] });
  });
  expect(counts.get('object-rejected') ?? 0).toBeGreaterThan(OBJECTS / 10);
  expect(counts.get('internal')).toBeUndefined();
  await nothingStays(/"name":"(fine|unchecked_lookup|sends_signal)"/);
});

it(`survives ${TYPE_TABLES} damaged tables of types to relocate by, or dies without leaving anything`, async () => {
  const bytes = compileProgram('relocations');
  const object = readObject(bytes, 'relocations');
  const { target } = await traceBench();
  const sound = relocationBtf(object, object.programs, (await target.readBtf()).btf);
  if (!sound) throw new Error('no part of the BTF was made');
  const below = random(SEED);
  const counts = await outcomes(TYPE_TABLES, client => {
    const part = Buffer.from(sound);
    // Half of it near the header and the first types, where every reader begins.
    for (let changes = 1 + below(30); changes > 0; changes--)
      part[below(below(2) === 0 ? 200 : part.byteLength)] = below(256);
    const damaged = below(8) === 0 ? part.subarray(0, below(part.byteLength)) : part;
    return client.open(bytes, {
      programs: [{ name: 'ask', load: true, attach: { kind: 'auto' } }],
      relocationBtfBlobId: client.connection.sendBlob(damaged),
    });
  });
  // A table that does not do is put aside.
  expect(counts.get('loaded') ?? 0).toBeGreaterThan(TYPE_TABLES / 2);
  expect(counts.get('internal')).toBeUndefined();
  await nothingStays(/"name":"ask"/);
});
