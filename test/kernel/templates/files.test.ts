import { describe, expect, it } from 'vitest';
import { countBetween, histogramOf, trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

/** A read that waits 100 ms takes at least this bucket's lower bound; others, in memory, are far below it. */
const SLOW_US = 65_536;

describe('vfsreadlat', () => {
  it('finds the reads that wait', async () => {
    const result = await trace({
      program: 'vfsreadlat',
      command: [workloadPath('w_read'), '20', '100'],
    });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['fentry/vfs_read', 'fexit/vfs_read']);
    const latency = histogramOf(result, 'latency');
    expect(latency).toMatchObject({ kind: 'log2', unit: 'us' });
    expect(countBetween(latency, SLOW_US, Number.MAX_SAFE_INTEGER)).toBe(20);
    // Most of them in the bucket of 100 ms itself; a busy machine delays some.
    expect(countBetween(latency, SLOW_US, 2 * SLOW_US - 1)).toBeGreaterThan(10);
    expect(latency.total).toBeGreaterThan(20);
    expect(result.counters.calls_missed).toBe(0);
  });

  it('finds the same through kprobes', async () => {
    const result = await trace({
      program: 'vfsreadlat',
      command: [workloadPath('w_read'), '5', '100'],
      without: ['vfs_read_begins'],
    });
    expect(result.attached).toEqual(['kprobe/vfs_read', 'kretprobe/vfs_read']);
    expect(countBetween(histogramOf(result, 'latency'), SLOW_US, Number.MAX_SAFE_INTEGER)).toBe(5);
  });
});

describe('urandomread', () => {
  const command = [workloadPath('w_urandom'), '5', '1024'];
  const five = Array.from({ length: 5 }, () => ({ bits: 8192, requested: 1024, comm: 'w_urandom' }));
  const shown = (events: readonly Readonly<Record<string, unknown>>[]) =>
    events.map(({ bits, requested, comm }) => ({ bits: Number(bits), requested: Number(requested), comm }));

  it('has an event for each read of /dev/urandom, and for nothing else', async () => {
    const result = await trace({ program: 'urandomread', command });
    expect(result.commandExit).toBe(0);
    expect(result.attached).toEqual(['fentry/urandom_read_iter', 'fexit/urandom_read_iter']);
    expect(shown(result.events)).toEqual(five);
  });

  it('has the same through kprobes', async () => {
    const result = await trace({ program: 'urandomread', command, without: ['iter_begins'] });
    expect(result.attached).toEqual(['kprobe/urandom_read_iter', 'kretprobe/urandom_read_iter']);
    expect(shown(result.events)).toEqual(five);
  });
});

describe('urandomread_explicit', () => {
  it('has an event for each read of /dev/urandom where the tracepoint is gone', async () => {
    const result = await trace({
      program: 'urandomread_explicit',
      command: [workloadPath('w_urandom'), '5', '1024'],
    });
    expect(result.attached).toEqual([
      'tracepoint/syscalls/sys_enter_read',
      'tracepoint/syscalls/sys_exit_read',
    ]);
    expect(result.choice.groups).toMatchObject([
      {
        group: 'read',
        rank: 1,
        passedOver: [{ lack: { what: expect.stringContaining('random:urandom_read') } }],
      },
    ]);
    expect(result.events.map(({ bits, comm }) => [Number(bits), comm])).toEqual(
      Array.from({ length: 5 }, () => [8192, 'w_urandom']),
    );
    expect(result.counters).toMatchObject({ layout_differs: 0, reads_missed: 0 });
  });
});

describe('sync_timing', () => {
  it('has an event for each sync soon after another', async () => {
    const result = await trace({ program: 'sync_timing', command: [workloadPath('w_sync')] });
    expect(result.attached).toEqual(['fentry/ksys_sync']);
    expect(result.counters.syncs_total).toBe(4);
    expect(result.events).toHaveLength(2);
    const [after300Ms, atOnce] = result.events.map(event => Number(event.delta) / 1e6);
    expect(after300Ms).toBeGreaterThanOrEqual(300);
    expect(atOnce).toBeLessThan(300);
    for (const event of result.events)
      expect(event).toMatchObject({
        pid: result.pid,
        prev_pid: result.pid,
        comm: 'w_sync',
        prev_comm: 'w_sync',
      });
  });
});
