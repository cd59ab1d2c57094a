import { describe, expect, it } from 'vitest';
import { KeptLogs } from '../../../src/host/sessions/kept-logs';

const lines = (count: number, word: string) =>
  Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join('');

describe('verifier logs that are kept', () => {
  it('are bounded together: 100 programs with 16 MiB each do not take more than one', () => {
    const logs = new KeptLogs();
    const log = 'x'
      .repeat(79)
      .concat('\n')
      .repeat((16 << 20) / 80);
    for (let program = 0; program < 100; program++) logs.set(`program ${program}`, log);
    let kept = 0;
    for (let program = 0; program < 100; program++) kept += logs.get(`program ${program}`)?.length ?? 0;
    expect(kept).toBeLessThanOrEqual(16 << 20);
    expect(logs.get('program 99')).not.toBeNull();
    expect(logs.get('program 0')).toBeNull();
  });

  it('lose their middle, and show it', () => {
    const logs = new KeptLogs(1000, 10_000);
    const log = lines(1000, 'line');
    logs.set('one', log);
    const kept = logs.get('one') ?? '';
    expect(kept.length).toBeLessThan(1200);
    expect(kept.startsWith('line 0\nline 1\n')).toBe(true);
    expect(kept.endsWith('line 998\nline 999\n')).toBe(true);
    const [, missing] = /^… (\d+) lines omitted/m.exec(kept) ?? [];
    expect(kept.split('\n').length - 2 + Number(missing)).toBe(1000);
  });

  it('are whole where they are short, and replaced by the next one of the same program', () => {
    const logs = new KeptLogs(1000, 100);
    logs.set('one', 'first');
    logs.set('one', 'second');
    expect(logs.get('one')).toBe('second');
    logs.set('two', 'x'.repeat(99));
    expect(logs.get('one')).toBeNull();
    logs.set('three', 'x'.repeat(500));
    expect(logs.get('three')).toHaveLength(500);
    expect(logs.get('two')).toBeNull();
  });
});
