import { describe, expect, it } from 'vitest';
import {
  formatExactRange,
  formatQuantity,
  formatRange,
  formatShare,
  formatShort,
} from '../../../webview/common/quantity';

describe('bounds with units', () => {
  it('keeps small bounds exact and names the unit', () => {
    expect(formatRange(4, 7, 'us')).toBe('4–7 µs');
    expect(formatRange(512, 1023, 'ns')).toBe('512–1,023 ns');
    expect(formatRange(0, 0, 'us')).toBe('0 µs');
    expect(formatRange(64, 127, 'ms')).toBe('64–127 ms');
  });
  it('scales large bounds by the lower one', () => {
    expect(formatRange(65536, 131071, 'us')).toBe('65.5–131 ms');
    expect(formatRange(1024, 2047, 'ns')).toBe('1.02–2.05 µs');
    expect(formatRange(4096, 8191, 'bytes')).toBe('4–8 KiB');
    expect(formatRange(4, 7, 'kbytes')).toBe('4–7 KiB');
    expect(formatRange(1_048_576, 2_097_151, '')).toBe('1.05–2.1 M');
  });
  it('reports when there is no upper bound', () => {
    expect(formatRange(2n ** 62n, 2n ** 64n - 1n, 'ns')).toBe('≥ 4,611,686,018 s');
    expect(formatExactRange(100, 2n ** 64n - 1n, 'us')).toBe('≥ 100 µs');
  });
  it('prints every digit on request', () => {
    expect(formatExactRange(65536, 131071, 'us')).toBe('65,536–131,071 µs');
    expect(formatExactRange(3, 3, '')).toBe('3');
  });
});

describe('single values', () => {
  it('keeps three digits', () => {
    expect(formatQuantity(8.23456, 'us')).toBe('8.23 µs');
    expect(formatQuantity(1234567, 'us')).toBe('1.23 s');
    expect(formatQuantity(0.4, 'ns')).toBe('0.4 ns');
  });
  it('never shows a present share as zero', () => {
    expect(formatShare(0.00001)).toBe('< 0.1 %');
    expect(formatShare(0)).toBe('0.0 %');
    expect(formatShare(0.1234)).toBe('12.3 %');
  });
  it('shortens counts on axes', () => {
    expect(formatShort(950)).toBe('950');
    expect(formatShort(12_300)).toBe('12.3k');
    expect(formatShort(4_000_000)).toBe('4M');
  });
});
