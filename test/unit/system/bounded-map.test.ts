import { expect, it } from 'vitest';
import { BoundedMap } from '../../../src/system/bounded-map';

it('forgets what was not asked for longest, by weight', () => {
  const map = new BoundedMap<string, number>(10);
  map.set('a', 1, 4);
  map.set('b', 2, 4);
  expect(map.get('a')).toBe(1);
  map.set('c', 3, 4);
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  expect([map.size, map.weight]).toEqual([2, 8]);
});

it('weighs an entry anew when it is set again, and keeps none that is too heavy', () => {
  const map = new BoundedMap<string, number>(10);
  map.set('a', 1, 1);
  map.set('a', 2, 9);
  expect([map.get('a'), map.weight]).toEqual([2, 9]);
  map.set('b', 3, 11);
  expect([map.get('a'), map.get('b')]).toEqual([2, undefined]);
  map.set('a', 4, 11);
  expect([map.size, map.weight]).toEqual([0, 0]);
});

it('stays bounded however much is put in', () => {
  const map = new BoundedMap<number, string>(1000);
  for (let index = 0; index < 100_000; index++) map.set(index, 'x', 1 + (index % 7));
  expect(map.weight).toBeLessThanOrEqual(1000);
  expect(map.get(99_999)).toBe('x');
});
