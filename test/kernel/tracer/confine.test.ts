/** After attaching, a tracer gives up everything but reading and detaching, on every thread it has. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Capability, capabilitiesFor } from '../../../src/session/elevation/capabilities';
import { setprivArgs } from '../../../src/session/elevation/elevation';
import { DataContent } from '../../../src/shared/protocol/frames';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import {
  bssOffset,
  compileProgram,
  constantU32,
  type GuestTracer,
  objectPath,
  startGuestTracer,
  stoppedWorkload,
} from './guest-tracer';

const EVENTS = 2000;
const PROGRAMS = ['to_ring', 'to_perf', 'to_maps', 'to_printk'] as const;

let guest: TestGuest;
beforeAll(async () => {
  guest = await sharedGuest();
});

/** Threads whose status lacks the line, by their number. */
const threadsWithout = (pid: number, line: string): Promise<string> =>
  guest.sh(`grep -L '${line}' /proc/${pid}/task/*/status || true`);

describe('tracer/confine', () => {
  let tracer: GuestTracer;
  const sessions = new Map<string, number>();
  const streams = new Map<string, number>();
  let workload: Awaited<ReturnType<typeof stoppedWorkload>>;

  beforeAll(async () => {
    const bytes = compileProgram('events');
    await guest.sh(`chmod 666 /dev/vport*`);
    await guest.sh(
      `folder='${root}'; while [ "$folder" != / ]; do chmod o+x "$folder"; folder=$(dirname "$folder"); done`,
    );
    const capabilities = capabilitiesFor(
      new Map([
        ['load', []],
        ['open-perf-event', ['tracepoint programs']],
        ['read-tracefs', ['tracepoint ids']],
      ]),
      { kernelRelease: guest.vm.kernelRelease, perfEventParanoid: 3 },
    );
    expect(capabilities.map(entry => entry.capability)).toEqual<Capability[]>([
      'sys_admin',
      'dac_read_search',
    ]);
    tracer = await startGuestTracer(guest, {
      prefix: ['setpriv', ...setprivArgs(65534, 65534, capabilities)],
    });
    const { client } = tracer;
    workload = await stoppedWorkload(guest, EVENTS);
    for (const program of PROGRAMS) {
      const { sessionId } = await client.open(bytes, {
        programs: PROGRAMS.map(name => ({ name, load: name === program, attach: { kind: 'auto' } })),
        constants: [
          constantU32(objectPath('events'), 'target_pid', workload.pid),
          constantU32(objectPath('events'), 'print_every', 100),
        ],
      });
      sessions.set(program, sessionId);
    }
    const session = (program: string) => sessions.get(program) ?? 0;
    const watch = async (program: string, map: string) =>
      streams.set(map, (await client.request('stream/watch', { sessionId: session(program), map })).streamId);
    await watch('to_ring', 'ring');
    await watch('to_perf', 'perf');
    streams.set('printk', (await client.request('printk/watch', {})).streamId);
    for (const sessionId of sessions.values()) await client.request('session/attach', { sessionId });
    expect(await threadsWithout(tracer.process.pid, '^Seccomp:.*0$')).toBe('');
    await client.request('tracer/confine', {});
  });
  afterAll(async () => {
    await tracer?.[Symbol.asyncDispose]();
  });

  it('reaches every thread', async () => {
    expect(await threadsWithout(tracer.process.pid, '^Seccomp:.*2$')).toBe('');
    expect(Number(await guest.sh(`ls /proc/${tracer.process.pid}/task | wc -l`))).toBeGreaterThan(4);
  });

  it('leaves nothing to load, attach or read files with', async () => {
    const { client } = tracer;
    const sessionId = sessions.get('to_ring') ?? 0;
    const refused = { code: 'not-permitted' };
    expect(await client.failure('session/open', client.openParams(new Uint8Array(8)))).toMatchObject(refused);
    expect(await client.failure('process/watch', { sessionId, pid: 1 })).toMatchObject(refused);
    expect(await client.failure('session/statistics', { sessionId, enable: true })).toMatchObject(refused);
    const event = { type: 1, config: '0', branchSampleType: '0' };
    expect(await client.failure('target/perf-event', event)).toMatchObject(refused);
    for (const what of ['available-filter-functions', 'kallsyms', 'kernel-config'] as const)
      expect(await client.failure('target/read', { what })).toMatchObject(refused);
  });

  it('leaves rings, perf buffers, the trace pipe and maps', async () => {
    const { client } = tracer;
    await workload.run();
    for (const sessionId of sessions.values()) await client.request('session/drain', { sessionId });
    const session = (program: string) => sessions.get(program) ?? 0;
    const counter = async (program: string, name: string) => {
      const { values } = await client.readMap(session(program), '.bss');
      return Number(values.readBigUInt64LE(bssOffset('events', name)));
    };
    const ring = await counter('to_ring', 'sequence');
    expect(ring + (await counter('to_ring', 'ring_dropped'))).toBe(EVENTS);
    // Records of 32 bytes behind a header of 8.
    expect(client.bytesOf(streams.get('ring') ?? 0).byteLength).toBe(ring * 40);
    const perf = client.frames.filter(frame => frame.streamId === streams.get('perf'));
    expect(perf.length).toBeGreaterThan(0);
    const printed = client.frames.filter(frame => frame.content === DataContent.printk);
    expect(Buffer.concat(printed.map(frame => frame.bytes)).toString()).toContain('bpf_trace_printk');
    expect((await client.readMap(session('to_maps'), 'hash')).entries).toBe(EVENTS);
    const { programs } = await client.request('session/statistics', {
      sessionId: session('to_ring'),
      enable: false,
    });
    expect(programs).toHaveLength(1);
  });

  it('leaves detaching', async () => {
    const { client } = tracer;
    await client.request('printk/unwatch', {});
    for (const sessionId of sessions.values()) await client.request('session/close', { sessionId });
    const programs = await guest.sh('bpftool -j prog show');
    for (const name of PROGRAMS) expect(programs).not.toContain(`"${name}"`);
  });

  it('leaves ending in order', async () => {
    tracer.client.connection.close();
    expect(await tracer.process.exited).toMatchObject({ code: 0 });
    expect(tracer.stderr()).toBe('');
  });
});

describe('bpfw run', () => {
  it('confines its tracer once it is attached, and names kernel addresses all the same', async () => {
    compileProgram('kernel-address');
    execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
    // The command waits until no thread of the tracer is without the filter.
    const command = `pid=$(pgrep -f 'tracer[.]js --socket'); while grep -L '^Seccomp:.*2$' /proc/$pid/task/*/status | grep -q .; do :; done; cat /etc/hostname >/dev/null; echo confined`;
    const argv = ['run', objectPath('kernel-address'), '--', 'timeout', '30', 'sh', '-c', command];
    const result = await guest.run(['node', `${root}/dist/cli.js`, ...argv], { fresh: true });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('confined') });
    expect(result.stdout).toContain('vfs_read');
    expect(result.stderr).not.toContain('keeps the rights it used for attaching');
  });
});
