/** Attaching and detaching for a long time costs one tracer neither descriptors nor memory, and leaves nothing loaded. */
import { expect, it } from 'vitest';
import { startSession } from '../../src/session/tracing/start-session';
import { sharedGuest } from '../kernel/bench/guest';
import { compileProgram, traceBench } from '../kernel/bench/trace';
import { tracerCosts } from './tracer-process';

/** Histogram, ring buffer and perf buffer, by turns. */
const PROGRAMS = ['vfsreadlat', 'hello_perf_output', 'bitehist'] as const;
const CYCLES = Number(process.env.BPFW_SOAK_CYCLES ?? 200);
/** Code is compiled, libbpf reads the kernel's BTF and memory pools fill: after so many, nothing may grow. */
const WARM_UP = 30;
const GROWTH_MB = 12;

it(`attaches and detaches ${CYCLES} times`, async () => {
  const guest = await sharedGuest();
  const { target, tracers } = await traceBench();
  const built = await Promise.all(PROGRAMS.map(program => compileProgram(program)));
  // Probes are placed and taken away in code that runs: see src/session/vm/emulated-cpus.ts for what that once did.
  const reader = await guest.spawn(['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=4k', 'status=none']);
  const loaded = async () => JSON.parse(await guest.sh('bpftool -j prog show')).length as number;
  const before = await loaded();
  let warm = { residentMb: 0, descriptors: 0 };
  let pid = 0;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const { object, bytes } = built[cycle % built.length] ?? built[0] ?? never();
    const { session, connection } = await startSession(
      {
        target,
        tracers,
        object,
        objectBytes: bytes,
        parameters: new Map(),
        pid: null,
        ui: { hasTerminal: false, consent: async () => true, password: async () => null },
        progress: () => undefined,
        askConsent: async () => false,
      },
      () => undefined,
    );
    for (const map of object.maps.filter(each => each.view.kind === 'histogram')) await session.readMap(map);
    await session.drain();
    await session.close();
    if (cycle === 0) pid = connection.hello.pid;
    expect(connection.hello.pid).toBe(pid);
    if (cycle === WARM_UP) warm = await tracerCosts(pid);
  }
  await reader.kill('SIGKILL');
  const end = await tracerCosts(pid);
  console.error(
    `cycles: ${CYCLES}; after ${WARM_UP}: ${warm.residentMb.toFixed(1)} MiB, ${warm.descriptors} descriptors; at the end: ` +
      `${end.residentMb.toFixed(1)} MiB, ${end.descriptors} descriptors`,
  );
  expect(end.descriptors).toBe(warm.descriptors);
  expect(end.residentMb - warm.residentMb).toBeLessThan(GROWTH_MB);
  await expect.poll(loaded, { timeout: 10_000 }).toBe(before);
});

function never(): never {
  throw new Error('no program was built');
}
