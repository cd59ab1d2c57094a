/** Damaged logs: whatever the text, the explanation ends soon and never throws. Seeded, so a failure can be repeated. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainLog } from '../../../src/shared/verifier/explain';

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/verifier');
const texts = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.log'))
  .sort()
  .map(file => readFileSync(path.join(fixtures, file), 'utf8'));

/** mulberry32 */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('damaged logs', () => {
  it('are explained as far as they go', () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const next = random(seed);
      const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)];
      const lines = (pick(texts) ?? '').split('\n');
      for (let change = 0; change < 8; change++) {
        const at = Math.floor(next() * lines.length);
        const way = next();
        if (way < 0.3) lines.splice(at, 1 + Math.floor(next() * 4));
        else if (way < 0.6) lines.splice(at, 0, pick((pick(texts) ?? '').split('\n')) ?? '');
        else if (way < 0.8) lines[at] = (lines[at] ?? '').slice(Math.floor(next() * 20));
        else lines[at] = (lines[at] ?? '').replace(/\d+/g, () => String(Math.floor(next() * 40)));
      }
      const text = lines.join('\n');
      for (const each of explainLog(text, { source: { file: 'x.bpf.c', text } }).flatMap(
        found => found.diagnostics,
      )) {
        expect(each.line ?? 1, `seed ${seed}`).toBeGreaterThan(0);
        expect(each.column ?? 1, `seed ${seed}`).toBeGreaterThan(0);
        expect(each.message, `seed ${seed}`).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  });

  it.each([
    ['a loop of copies', '0: (bf) r1 = r2\n1: (bf) r2 = r1\n'.repeat(30_000)],
    ['a loop of spills', '0: (7b) *(u64 *)(r10 -8) = r1\n1: (79) r1 = *(u64 *)(r10 -8)\n'.repeat(20_000)],
    ['tests without end', '0: (a5) if r1 < 0x40 goto pc+0\n1: (07) r1 += 1\n'.repeat(20_000)],
    ['jumps back', '3: (15) if r1 == 0x0 goto pc+3\nfrom 3 to 7: R1=0\n'.repeat(20_000)],
    ['one long line', `R1 ${'unbounded '.repeat(200_000)}`],
    ['a long state', `0: (95) exit ; R0=${'('.repeat(100_000)}`],
  ])(
    'are explained within the deadline though they are long: %s',
    (_what, text) => {
      const explained = explainLog(
        `${text}\nR1 unbounded memory access, make sure to bounds check any such access\n`,
      );
      expect(explained.length).toBe(1);
    },
    // Work in proportion to the length takes a tenth of a second; in proportion to its square, minutes.
    20_000,
  );
});
