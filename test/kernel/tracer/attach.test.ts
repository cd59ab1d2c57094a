import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TracerParams } from '../../../src/shared/protocol/tracer';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { workloadPath } from '../bench/workloads';
import {
  bssOffset,
  compileProgram,
  constantU32,
  fileOffset,
  type GuestTracer,
  objectPath,
  startGuestTracer,
  stoppedWorkload,
} from './guest-tracer';

const HITS = 1000;
const KINDS = [
  'on_kprobe',
  'on_kretprobe',
  'on_ksyscall',
  'on_tracepoint',
  'on_raw_tp',
  'on_tp_btf',
  'on_fentry',
  'on_fexit',
  'on_uprobe',
  'on_uretprobe',
  'on_usdt',
  'on_perf_event',
  'on_uprobe_section',
];

let guest: TestGuest;
let tracer: GuestTracer;
let object: Uint8Array;
beforeAll(async () => {
  object = compileProgram('kinds');
  guest = await sharedGuest();
  tracer = await startGuestTracer(guest);
});
afterAll(async () => {
  await tracer?.[Symbol.asyncDispose]();
});

type Attach = TracerParams<'session/open'>['programs'][number]['attach'];

function overrides(): Record<string, Attach> {
  const binary = workloadPath('probe_target');
  const offset = String(fileOffset(binary, 'probed'));
  const uprobe = { kind: 'uprobe', path: binary, offset, pid: 0, semaphoreOffset: '0' } as const;
  return {
    on_fexit: { kind: 'fentry', function: '__x64_sys_getpgid' },
    on_uprobe: { ...uprobe, return: false },
    on_uretprobe: { ...uprobe, return: true },
    on_usdt: { kind: 'usdt', path: binary, provider: 'bpfw', probe: 'hit', pid: 0 },
    // PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK
    on_perf_event: {
      kind: 'perf',
      type: 1,
      config: '0',
      frequencyHz: 100,
      cpu: -1,
      pid: 0,
      branchSampleType: '0',
    },
  };
}

describe('every kind of attach point', () => {
  it('counts exactly the hits of one process', async () => {
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, HITS);
    const attach = overrides();
    const opened = await client.open(object, {
      programs: KINDS.map(name => ({ name, load: true, attach: attach[name] ?? { kind: 'auto' as const } })),
      constants: [constantU32(objectPath('kinds'), 'target_pid', workload.pid)],
    });
    const { sessionId } = opened;
    const { programs } = await client.request('session/attach', { sessionId });
    expect(programs.map(program => program.name).sort()).toEqual([...KINDS].sort());
    expect(programs.find(program => program.name === 'on_fexit')?.attach).toBe('fexit/__x64_sys_getpgid');

    expect(await workload.run()).toMatchObject({ code: 0, stdout: `${HITS * (HITS - 1)}\n` });

    const read = await client.readMap(sessionId, 'counts');
    expect(read).toMatchObject({ entries: KINDS.length, truncated: false });
    const counts = Object.fromEntries(
      KINDS.map((name, index) => [name, Number(read.values.readBigUInt64LE(index * 8))]),
    );
    const { on_perf_event: sampled = 0, ...exact } = counts;
    expect(exact).toEqual(
      Object.fromEntries(KINDS.filter(name => name !== 'on_perf_event').map(name => [name, HITS])),
    );
    expect(sampled).toBeGreaterThan(0);

    const globals = (await client.readMap(sessionId, '.bss')).values;
    const global = (name: string) => Number(globals.readBigUInt64LE(bssOffset('kinds', name)));
    const sum = (HITS * (HITS - 1)) / 2;
    expect(global('in_bss')).toBe(HITS);
    expect(global('probed_sum')).toBe(sum);
    expect(global('returned_sum')).toBe(2 * sum);
    expect(global('usdt_sum')).toBe(sum);

    const closed = await client.request('session/close', { sessionId });
    expect(closed.detachMs).toBeGreaterThan(0);
    expect(await guest.sh('bpftool -j prog show')).not.toContain('on_kprobe');
  });

  it('reports run time and count while statistics are on, and turns them off after', async () => {
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, HITS);
    const opened = await client.open(object, {
      programs: KINDS.map(name => ({ name, load: name === 'on_fentry', attach: { kind: 'auto' as const } })),
      constants: [constantU32(objectPath('kinds'), 'target_pid', workload.pid)],
    });
    const { sessionId } = opened;
    await client.request('session/attach', { sessionId });
    await client.request('session/statistics', { sessionId, enable: true });
    await workload.run();
    const { programs } = await client.request('session/statistics', { sessionId, enable: true });
    expect(programs).toHaveLength(1);
    expect(Number(programs[0]?.runCount)).toBeGreaterThanOrEqual(HITS);
    expect(Number(programs[0]?.runTimeNs)).toBeGreaterThan(0);
    await client.request('session/statistics', { sessionId, enable: false });
    await (await stoppedWorkload(guest, HITS)).run();
    const after = await client.request('session/statistics', { sessionId, enable: false });
    expect(after.programs[0]?.runCount).toBe(programs[0]?.runCount);
    await client.request('session/close', { sessionId });
  });

  it('attaches where the session wants, not the section', async () => {
    const { client } = tracer;
    const workload = await stoppedWorkload(guest, HITS);
    const attach: Record<string, Attach> = {
      on_kprobe: { kind: 'kprobe', function: '__x64_sys_getpgid', offset: 0, return: false },
      on_kretprobe: { kind: 'kprobe', function: '__x64_sys_getpgid', offset: 0, return: true },
      on_tracepoint: { kind: 'tracepoint', category: 'syscalls', name: 'sys_exit_getpgid' },
      on_fentry: { kind: 'none' },
    };
    const { sessionId } = await client.open(object, {
      programs: KINDS.map(name => ({ name, load: name in attach, attach: attach[name] ?? { kind: 'auto' } })),
      constants: [constantU32(objectPath('kinds'), 'target_pid', workload.pid)],
    });
    const { programs } = await client.request('session/attach', { sessionId });
    expect(Object.fromEntries(programs.map(program => [program.name, program.attach]))).toEqual({
      on_kprobe: 'kprobe/__x64_sys_getpgid',
      on_kretprobe: 'kretprobe/__x64_sys_getpgid',
      on_tracepoint: 'tracepoint/syscalls/sys_exit_getpgid',
    });
    await workload.run();
    const { values } = await client.readMap(sessionId, 'counts');
    const count = (name: string) => Number(values.readBigUInt64LE(KINDS.indexOf(name) * 8));
    expect(['on_kprobe', 'on_kretprobe', 'on_tracepoint', 'on_fentry'].map(count)).toEqual([
      HITS,
      HITS,
      HITS,
      0,
    ]);
    await client.request('session/close', { sessionId });
  });

  it('reports what the machine lacks, and attaches nothing then', async () => {
    const { client } = tracer;
    const only = (name: string, how: Attach) =>
      KINDS.map(program => ({
        name: program,
        load: program === name,
        attach: program === name ? how : { kind: 'auto' as const },
      }));
    const fails = async (
      programs: ReturnType<typeof only>,
      companionEvents?: TracerParams<'session/open'>['companionEvents'],
    ) => {
      const { sessionId } = await client.open(object, {
        programs,
        ...(companionEvents ? { companionEvents } : {}),
      });
      const failure = await client.failure('session/attach', { sessionId });
      await client.request('session/close', { sessionId });
      return failure;
    };
    // Last branch records: PERF_TYPE_HARDWARE cycles with PERF_SAMPLE_BRANCH_ANY, which an emulated CPU has not.
    const lbr = await fails(only('on_raw_tp', { kind: 'auto' }), [
      { type: 0, config: '0', frequencyHz: 0, branchSampleType: '8' },
    ]);
    expect(lbr.code).toBe('attach-failed');
    expect(['EOPNOTSUPP', 'ENOENT']).toContain(lbr.errnoName);
    expect(await fails(only('on_uprobe', { kind: 'auto' }))).toMatchObject({ code: 'attach-failed' });
    const usdt = await fails(
      only('on_usdt', {
        kind: 'usdt',
        path: workloadPath('probe_target'),
        provider: 'bpfw',
        probe: 'miss',
        pid: 0,
      }),
    );
    expect(usdt).toMatchObject({ code: 'attach-failed', errnoName: 'ENOENT' });
    const absent = {
      kind: 'uprobe',
      path: '/no/such/file',
      offset: '16',
      return: false,
      pid: 0,
      semaphoreOffset: '0',
    };
    expect(await fails(only('on_uprobe', absent as Attach))).toMatchObject({
      code: 'not-found',
      errnoName: 'ENOENT',
    });
    expect(await guest.sh('bpftool -j link show')).not.toContain('prog_id');
  });
});
