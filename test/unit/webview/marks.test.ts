import { describe, expect, it } from 'vitest';
import { placeMarks } from '../../../webview/histogram/marks';

/** Six pixels a character, as in a small font. */
const place = (marks: readonly (readonly [string, number])[], right = 600) =>
  placeMarks(
    marks.map(([name, x]) => ({ name, x })),
    right,
    3,
    label => label.length * 6,
  );

describe('labels of percentile marks', () => {
  it('stand on one line where there is room', () => {
    expect(
      place([
        ['p50', 100],
        ['p90', 200],
        ['max', 400],
      ]).map(({ level }) => level),
    ).toEqual([0, 0, 0]);
  });

  it('are joined where marks fall together', () => {
    const [together, max] = place([
      ['p50', 100],
      ['p90', 101.5],
      ['max', 400],
    ]);
    expect(together).toMatchObject({ label: 'p50 · p90', x: 100, isMax: false });
    expect(max).toMatchObject({ label: 'max', isMax: true });
  });

  it('go to the next line where neighbours would collide', () => {
    expect(
      place([
        ['p50', 100],
        ['p90', 110],
        ['p99', 120],
      ]).map(({ level }) => level),
    ).toEqual([0, 1, 2]);
  });

  it('turn to the left at the right end', () => {
    expect(
      place([
        ['p50', 10],
        ['p99.9', 590],
      ]).map(({ toLeft }) => toLeft),
    ).toEqual([false, true]);
  });
});
