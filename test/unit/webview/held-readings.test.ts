import { describe, expect, it } from 'vitest';
import { HeldReadings } from '../../../webview/common/held-readings';

interface Reading {
  readonly table: string;
  readonly value: unknown;
}

function readings(depth = 2) {
  const shown: Reading[] = [];
  return {
    shown,
    held: new HeldReadings<Reading>(
      depth,
      ({ table }) => table,
      each => shown.push(each),
    ),
  };
}
const reading = (table: string, value: unknown): Reading => ({ table, value });

describe('held readings', () => {
  it('shows what comes, and while it holds keeps the newest of each table for later', () => {
    const { shown, held } = readings();
    held.receive(reading('a', 1));
    held.pause(true);
    held.receive(reading('a', 2));
    held.receive(reading('b', 1));
    held.receive(reading('a', 3));
    expect(shown).toEqual([reading('a', 1)]);
    held.pause(false);
    expect(shown).toEqual([reading('a', 1), reading('a', 3), reading('b', 1)]);
    held.receive(reading('a', 4));
    expect(shown.at(-1)).toEqual(reading('a', 4));
  });

  it('brings back what was shown when it was held, with large numbers and bytes as they were', () => {
    const before = readings();
    before.held.begin('session-1 5', null);
    const values = [1, 2n ** 63n + 1n, { key: new Uint8Array([0, 255]), list: ['x', -1n] }];
    for (const value of values) before.held.receive(reading('a', value));
    before.held.receive(reading('b', 'b'));
    before.held.pause(true);
    before.held.receive(reading('a', 'later'));
    const saved = before.held.pause(true);
    expect(saved?.session).toBe('session-1 5');
    const after = readings();
    after.held.begin('session-1 5', JSON.parse(JSON.stringify(saved)));
    expect(after.shown).toEqual([reading('a', values[1]), reading('a', values[2]), reading('b', 'b')]);
    after.held.receive(reading('a', 'latest'));
    expect(after.shown).toHaveLength(3);
    after.held.pause(false);
    expect(after.shown.at(-1)).toEqual(reading('a', 'latest'));
  });

  it('saves nothing when it holds nothing, nor more than a state should have', () => {
    const { held, shown } = readings(1);
    held.receive(reading('a', 'x'.repeat(5 << 20)));
    expect(held.pause(false)).toBeNull();
    expect(held.pause(true)).toBeNull();
    held.begin('another', { session: 'session-1 5', readings: '[{}]' });
    expect([held.held, shown.length]).toEqual([false, 1]);
  });
});
