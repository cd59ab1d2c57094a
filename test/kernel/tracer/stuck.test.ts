/** Objects whose types form a circle send libbpf round it for ever: the tracer ends all the same. */
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { startSession } from '../../../src/session/tracing/start-session';
import { parseBtf } from '../../../src/shared/btf/btf';
import { parseElf } from '../../../src/shared/elf/elf';
import { readObject } from '../../../src/shared/object/object';
import { finished, sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { traceBench } from '../bench/trace';
import { compileProgram, objectPath, startGuestTracer } from './guest-tracer';

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

/** The object with some of its typedefs and variables of another type: of the typedef `to`, which may be themselves. */
function retyped(
  object: Uint8Array,
  ...changes: { kind: 'typedef' | 'var'; name: string; to: string }[]
): Uint8Array {
  const bytes = new Uint8Array(object);
  const section = parseElf(bytes).section('.BTF')?.bytes;
  if (!section || section.buffer !== bytes.buffer) throw new Error('no .BTF in place');
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const btf = parseBtf(section);
  for (const { kind, name, to } of changes) {
    const id = btf.find(kind, name);
    const target = btf.find('typedef', to);
    if (id === null || target === null) throw new Error(`no ${kind} ${name} or typedef ${to}`);
    let at = 24;
    for (let earlier = 1; earlier < id; earlier++) at += bytesOf(btf.type(earlier));
    view.setUint32(at + 8, target, true);
  }
  return bytes;
}

/** struct btf_type and what follows it (include/uapi/linux/btf.h). */
function bytesOf(type: ReturnType<ReturnType<typeof parseBtf>['type']>): number {
  switch (type.kind) {
    case 'int':
    case 'var':
    case 'decl_tag':
      return 16;
    case 'array':
      return 24;
    case 'struct':
    case 'union':
      return 12 + 12 * type.members.length;
    case 'enum':
      return 12 + (type.is64 ? 12 : 8) * type.values.length;
    case 'func_proto':
      return 12 + 8 * type.parameters.length;
    case 'datasec':
      return 12 + 12 * type.variables.length;
    default:
      return 12;
  }
}

it('ends by itself when libbpf does not come back', { timeout: deadlineMs(110_000) }, async () => {
  const tracer = await startGuestTracer(guest);
  const circle = retyped(
    compileProgram('kinds'),
    { kind: 'typedef', name: '__u64', to: '__u64' },
    { kind: 'var', name: 'counts', to: '__u64' },
  );
  tracer.client.open(circle).catch(() => undefined);
  // Half a minute of the processor, by the kernel's count.
  expect(await tracer.process.exited).toMatchObject({ signal: 'SIGXCPU' });
});

it('ends with its connection while a thread of it is loading', { timeout: deadlineMs(60_000) }, async () => {
  const tracer = await startGuestTracer(guest);
  const circle = retyped(compileProgram('relocations'), { kind: 'typedef', name: '__u32', to: '__u32' });
  const opening = tracer.client.open(circle, {
    programs: [{ name: 'ask', load: true, attach: { kind: 'auto' } }],
  });
  opening.catch(() => undefined);
  // It still answers: what goes round is not its event loop.
  await tracer.client.request('target/tracepoints', { names: [] });
  const early = await Promise.race([opening.then(() => 'opened'), busy(tracer.process.pid)]);
  expect(early).toBe('busy');
  tracer.client.connection.close();
  tracer.process.stdin.end();
  // Not by the kernel's count, half a minute later.
  expect(await tracer.process.exited).toMatchObject({ code: 0 });
});

it('returns at once when the user cancels meanwhile', { timeout: deadlineMs(60_000) }, async () => {
  const { target, tracers } = await traceBench();
  const sound = compileProgram('relocations');
  const circle = retyped(sound, { kind: 'typedef', name: '__u32', to: '__u32' });
  const stop = new AbortController();
  let loading: () => void = () => undefined;
  const isLoading = new Promise<void>(resolve => {
    loading = resolve;
  });
  const starting = startSession(
    {
      target,
      tracers,
      // Our own reader refuses the circle; libbpf is to meet it.
      object: readObject(sound, 'circle'),
      objectBytes: circle,
      parameters: new Map(),
      pid: null,
      ui: { hasTerminal: false, consent: async () => true, password: async () => null },
      progress: step => {
        if (step === 'Loading') loading();
      },
      askConsent: async () => false,
      signal: stop.signal,
    },
    () => undefined,
  );
  starting.catch(() => undefined);
  await isLoading;
  const pid = Number(await guest.sh("pgrep -f '[t]racer.js --port'"));
  await busy(pid);
  stop.abort();
  await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
  tracers.dispose();
  await guest.sh(`while [ -e /proc/${pid} ]; do sleep 0.1; done`, { timeoutMs: 10_000 });
});

it('allows Ctrl-C meanwhile', { timeout: deadlineMs(60_000) }, async () => {
  compileProgram('long_verification');
  const file = objectPath('long_verification');
  const bpfw = await guest.spawn([process.execPath, path.join(root, 'dist/cli.js'), 'run', file, '--json'], {
    fresh: true,
  });
  const ended = finished(bpfw, 50_000, 'bpfw run');
  const pid = Number(
    await guest.sh("until pgrep -f '[t]racer.js --socket'; do sleep 0.1; done", { timeoutMs: 20_000 }),
  );
  await busy(pid);
  await bpfw.kill('SIGINT');
  const { code, stdout } = await ended;
  expect(stdout).toMatch(/"type":"end","reason":"interrupt"/);
  expect(code).toBe(130);
  await guest.sh(`while [ -e /proc/${pid} ]; do sleep 0.1; done`, { timeoutMs: 10_000 });
});

/** Resolves when a thread of the process has computed for two seconds. */
async function busy(pid: number): Promise<'busy'> {
  await guest.sh(
    `until awk '$14 + $15 > 200 { found = 1 } END { exit !found }' /proc/${pid}/task/*/stat; do sleep 0.2; done`,
    { timeoutMs: 20_000 },
  );
  return 'busy';
}
