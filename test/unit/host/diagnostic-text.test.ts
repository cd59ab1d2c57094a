import { describe, expect, it } from 'vitest';
import { utf16Column, wordEnd } from '../../../src/host/compile/diagnostic-text';

describe('columns of clang', () => {
  it.each([
    ['\treturn x;', 9, 8],
    // ü is two bytes, 𝕏 four bytes and two UTF-16 units.
    ['/* ü */ bad', 10, 8],
    ['/* 𝕏 */ bad', 12, 9],
    ['short', 99, 5],
    ['', 1, 0],
  ])('%j byte %i is offset %i', (line, column, offset) => {
    expect(utf16Column(line, column)).toBe(offset);
  });

  it('underlines the word', () => {
    expect(wordEnd('return foo_1;', 7)).toBe(12);
    expect(wordEnd('a + b', 2)).toBe(3);
    expect(wordEnd('a', 1)).toBe(1);
  });
});
