/** What a tracer keeps of the sessions it has had: next to nothing. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { compileProgram } from '../bench/trace';
import { type GuestTracer, startGuestTracer } from './guest-tracer';

/** More than the pool has threads (4): each of them loads. */
const LOADS = 12;
/** The kernel's BTF, which libbpf reads and drops for each object, takes 6 MB and more: kept, it would be over 66. */
const GROWTH_LIMIT_MB = 12;

let guest: TestGuest;
let tracer: GuestTracer;
beforeAll(async () => {
  guest = await sharedGuest();
  tracer = await startGuestTracer(guest);
});
afterAll(async () => {
  await tracer?.[Symbol.asyncDispose]();
});

async function residentMb(): Promise<number> {
  const status = await guest.sh(`cat /proc/${tracer.process.pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

it('frees what loading took, whichever thread loaded', async () => {
  const { bytes, object } = await compileProgram('vfsreadlat');
  const programs = object.programs.map(({ name, choice }) => ({
    name,
    load: choice?.rank === 0,
    attach: { kind: 'auto' as const },
  }));
  const sessionOnce = async () => {
    const { sessionId } = await tracer.client.open(bytes, { programs });
    await tracer.client.request('session/close', { sessionId });
  };
  await sessionOnce();
  const first = await residentMb();
  for (let load = 1; load < LOADS; load++) await sessionOnce();
  expect((await residentMb()) - first).toBeLessThan(GROWTH_LIMIT_MB);
});

it('frees what a refused object took', async () => {
  const { bytes, object } = await compileProgram('vfsreadlat');
  const programs = object.programs.map(({ name, choice }) => ({
    name,
    load: choice?.rank === 0,
    attach: { kind: 'fentry' as const, function: 'no_such_function_here' },
  }));
  const refusedOnce = async () => {
    const failure = await tracer.client.failure(
      'session/open',
      tracer.client.openParams(bytes, { programs }),
    );
    expect(failure.code).toBe('not-found');
  };
  await refusedOnce();
  const first = await residentMb();
  for (let refused = 1; refused < LOADS; refused++) await refusedOnce();
  expect((await residentMb()) - first).toBeLessThan(GROWTH_LIMIT_MB);
});
