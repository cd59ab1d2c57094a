/** strlen() is an IFUNC: its implementation has to be found on the target for any call to be seen. */
import { describe, expect, it } from 'vitest';
import { userFile } from '../../../src/session/targets/user-files';
import { countBetween, histogramOf, trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

/** The shell that becomes the workload calls strlen(), too, under its own name. */
const only = (comm: string) => ({ target_comm: comm });

const offsetOf = (attached: string): number =>
  Number.parseInt(/\+0x([0-9a-f]+)$/.exec(attached)?.[1] ?? '', 16);

describe('strlen_hist', () => {
  it('sees every call', async () => {
    const result = await trace({
      program: 'strlen_hist',
      parameters: only('w_strlen'),
      command: [workloadPath('w_strlen'), '1000', '37'],
    });
    expect(result.commandExit).toBe(0);
    const lengths = histogramOf(result, 'lengths');
    expect(lengths).toMatchObject({ kind: 'log2', unit: 'bytes' });
    expect(countBetween(lengths, 32, 63)).toBe(1000);
    expect(result.attached[0]).toContain(await userFile('libc.so.6'));
  });
});

describe('strlen_hist_ifunc', () => {
  it('sees every call, and the choice of the implementation', async () => {
    const result = await trace({
      program: 'strlen_hist_ifunc',
      parameters: only('w_strlen'),
      command: [workloadPath('w_strlen'), '1000', '37'],
    });
    expect(countBetween(histogramOf(result, 'lengths'), 32, 63)).toBe(1000);
    const [implementation = 0, resolver = 0] = result.attached.map(offsetOf);
    expect(implementation).not.toBe(resolver);
    expect(result.attached.map(offsetOf)).toEqual([implementation, resolver, resolver]);
    expect(result.events.length).toBeGreaterThan(0);
    for (const event of result.events) {
      expect(event.pid).toBe(result.pid);
      // What the resolver answered in that process is where the loader attached.
      expect(Number(event.distance)).toBe(implementation - resolver);
    }
  });
});

describe('strlen_count', () => {
  it('counts a string that ends where memory does under its own text', async () => {
    const result = await trace({
      program: 'strlen_count',
      parameters: only('w_edge'),
      command: [workloadPath('w_edge'), '100'],
    });
    expect(result.commandExit).toBe(0);
    const counts = result.entries.get('counts') ?? [];
    expect(
      counts.filter(entry => entry.key.text === 'edge!').map(entry => Number(entry.value.calls)),
    ).toEqual([100]);
    expect(result.counters).toMatchObject({ strings_missed: 0, strings_unreadable: 0 });
  });
});

describe('strlen_snoop', () => {
  it('has an event for each call, with the text', async () => {
    const result = await trace({
      program: 'strlen_snoop',
      parameters: only('w_strlen'),
      command: [workloadPath('w_strlen'), '5', '37'],
    });
    const calls = result.events.filter(event => event.len === 37);
    expect(calls).toHaveLength(5);
    for (const event of calls)
      expect(event).toMatchObject({
        pid: result.pid,
        tid: result.pid,
        comm: 'w_strlen',
        error: 0,
        text: 'x'.repeat(37),
      });
    expect(result.kernelDrops).toBe(0);
  });
});
