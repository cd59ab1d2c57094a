/** Processes: their creation, switches and user ids. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GuestProcess } from '../../../src/session/vm/guest-process';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

const w_clone = workloadPath('w_clone');

describe('hello_world', () => {
  it.each([
    ['tp_btf/sched_process_fork', []],
    ['kprobe/kernel_clone', ['task_created']],
  ])('says hello for each new process: %s', async (attached, without) => {
    const result = await trace({ program: 'hello_world', command: [w_clone, 'fork', '3'], without });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual([attached]);
    // The kernel writes "<...>" for a command whose name it has not taken down yet (trace_save_cmdline() only tries).
    const own = new RegExp(`^\\s*(w_clone|<\\.\\.\\.>)-${result.pid} .*bpf_trace_printk: Hello, World!$`);
    expect(
      result.printk.filter(line => own.test(line)),
      result.printk.join('\n'),
    ).toHaveLength(3);
  });
});

describe('hello_fields', () => {
  it('has the fields of each line as an event', async () => {
    // Threads and posix_spawn are clone3(2), not clone(2): the tracepoint sees them all.
    const result = await trace({ program: 'hello_fields', command: [w_clone, 'thread', '3'] });
    expect(result.commandExit).toBe(0);
    expect(result.events).toHaveLength(3);
    for (const event of result.events)
      expect(event).toMatchObject({ pid: result.pid, comm: 'w_clone', msg: 'Hello, World!' });
    expect(result.printk.filter(line => line.includes('Hello, World!'))).toHaveLength(3);
  });
});

describe('hello_perf_output', () => {
  it('has an event for each new process, in order', async () => {
    const result = await trace({ program: 'hello_perf_output', command: [w_clone, 'vfork', '2'] });
    const [first, second] = result.events;
    expect(result.events).toHaveLength(2);
    expect(Number(second?.ts)).toBeGreaterThan(Number(first?.ts));
    for (const event of result.events) {
      expect(event).toMatchObject({ pid: result.pid, tid: result.pid, comm: 'w_clone' });
      expect(Number(event.child)).toBeGreaterThan(result.pid);
    }
    expect(result.kernelDrops).toBe(0);
  });
});

describe('hello_perf_output_using_ns', () => {
  let guest: TestGuest;
  let holder: GuestProcess;
  let inside = '';
  beforeAll(async () => {
    guest = await sharedGuest();
    holder = await guest.spawn(['unshare', '-pf', '--kill-child', 'sh', '-c', 'echo ready; exec sleep 600']);
    await new Promise(resolve => holder.stdout.once('data', resolve));
    inside = (await guest.sh(`cat /proc/${holder.pid}/task/${holder.pid}/children`)).trim();
  });
  afterAll(async () => {
    await holder.kill('SIGKILL', { group: true });
  });

  it('shows ids as the namespace counts them, and only of that namespace', async () => {
    const [inode = '', device = ''] = (await guest.sh(`stat -L -c '%i %d' /proc/${inside}/ns/pid`))
      .trim()
      .split(' ');
    const result = await trace({
      program: 'hello_perf_output_using_ns',
      parameters: { namespace_inode: inode, namespace_device: device },
      command: ['nsenter', '-t', inside, '-p', 'sh', '-c', `${w_clone} fork 2; true`],
    });
    expect(result.commandExit).toBe(0);
    expect(result.events.map(event => event.comm)).toEqual(['sh', 'w_clone', 'w_clone']);
    // The namespace's first process is its sleep: the shell is its second, the workload its third.
    expect(result.events.map(event => event.ns_pid)).toEqual([2, 3, 3]);
    expect(result.events.map(event => event.ns_tid)).toEqual([2, 3, 3]);
    for (const event of result.events) {
      expect(event).toMatchObject({ level: 1, namespace: Number(inode) });
      expect(Number(event.pid)).toBeGreaterThan(result.pid);
    }
    // nsenter itself creates the shell from outside.
    expect(result.counters.elsewhere).toBeGreaterThanOrEqual(1);
  });
});

describe('trace_perf_output', () => {
  it('receives every event or counts it as lost', async () => {
    const CALLS = 50_000;
    const result = await trace({
      program: 'trace_perf_output',
      parameters: { target_source: 'getpid_call' },
      command: [workloadPath('w_getpid'), String(CALLS)],
    });
    expect(result.counters.events_total).toBe(CALLS);
    expect(result.events.length + result.kernelDrops).toBe(CALLS);
    expect(result.events.length).toBeGreaterThan(10_000);
    const numbers = result.events.map(event => Number(event.number));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(result.events[0]).toMatchObject({ number: 1, pid: result.pid, source: 2 });
    expect(Number(result.events[0]?.magic)).toBe(0x12345678);
  });
});

describe('task_switch', () => {
  it.each([
    ['tp_btf/sched_switch', []],
    ['raw_tp/sched_switch', ['task_switched']],
  ])('counts switches by pair of threads: %s', async (attached, without) => {
    const result = await trace({
      program: 'task_switch',
      command: [workloadPath('w_pp'), '500', 'fifo'],
      without,
    });
    expect(result.attached).toEqual([attached]);
    const [, parent = 0, child = 0] = (/parent (\d+) child (\d+)/.exec(result.commandOutput) ?? []).map(
      Number,
    );
    const switches = result.entries.get('switches') ?? [];
    const between = (prev: number, next: number) =>
      Number(switches.find(({ key }) => key.prev === prev && key.next === next)?.value.count ?? 0);
    expect(between(parent, child)).toBe(500);
    // The child's last switch may be its end.
    expect(between(child, parent)).toBeGreaterThanOrEqual(499);
    expect(between(child, parent)).toBeLessThanOrEqual(501);
    expect(result.counters.switches_missed).toBe(0);
  });
});

describe('setuid_monitor', () => {
  it.each([
    [['tracepoint/syscalls/sys_enter_setuid', 'tracepoint/syscalls/sys_exit_setuid'], []],
    [['ksyscall/setuid', 'kretsyscall/setuid'], ['setuid_entered']],
  ])('has an event for the call of each thread, with its result: %s', async (attached, without) => {
    const result = await trace({
      program: 'setuid_monitor',
      command: [workloadPath('w_setuid'), '65534', '3'],
      without,
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(attached);
    const nobody = result.events.filter(event => event.uid === 65534);
    expect(nobody).toHaveLength(4);
    expect(new Set(nobody.map(event => event.tid)).size).toBe(4);
    for (const event of nobody) expect(event).toMatchObject({ pid: result.pid, old_uid: 0, ret: 0 });
    const back = result.events.filter(event => event.uid === 0);
    expect(back).toHaveLength(4);
    for (const event of back) expect(event).toMatchObject({ pid: result.pid, old_uid: 65534, ret: -1 });
    expect(result.events).toHaveLength(8);
  });
});
