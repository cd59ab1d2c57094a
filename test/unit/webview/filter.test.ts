import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../src/shared/decode/model';
import { compileFilter, completeFilter, FilterError } from '../../../webview/events/filter';
import { plainField } from '../plain-field';

const fields = [
  plainField('latency', { meaning: 'duration-ns', unit: 'ns' }),
  plainField('comm', { storage: 'text', meaning: 'comm' }),
  plainField('size', { meaning: 'bytes', unit: 'bytes' }),
  plainField('op', { meaning: 'enum', valueNames: { '0': 'READ', '1': 'WRITE' } }),
  plainField('daddr', { meaning: 'ipv4' }),
  plainField('big', {}),
  plainField('ret', { storage: 'i32', meaning: 'errno' }),
  plainField('us', { unit: 'us', meaning: 'duration-us' }),
];
const row: FieldValue[] = [1_500_000, 'dd', 4096, 1, 16777226, 2n ** 63n, -2, 1500];
const texts = ['1.50 ms', 'dd', '4 KiB', 'WRITE', '10.0.0.1', String(2n ** 63n), 'ENOENT', '1.50 ms'];
const passes = (source: string): boolean => {
  const predicate = compileFilter(source, fields);
  return (
    predicate === null ||
    predicate(
      column => row[column] ?? 0,
      column => texts[column] ?? '',
    )
  );
};

describe('filter expressions', () => {
  it.each([
    ['latency > 1ms && comm == "dd"', true],
    ['latency > 1.5ms', false],
    ['latency >= 1500us', true],
    ['us == 1.5ms', true],
    ['comm == dd', true],
    ["comm != 'dd'", false],
    ['comm ~ D', true],
    ['comm !~ d', false],
    ['size == 4KiB', true],
    ['size < 4096', false],
    ['op == WRITE', true],
    ['op == 1', true],
    ['daddr == 10.0.0.1', true],
    ['daddr == 10.0.0.2', false],
    ['big == 9223372036854775808', true],
    ['big > 9223372036854775808', false],
    ['ret == ENOENT', true],
    ['ret < 0', true],
    ['ret == -2', true],
    ['!(ret == ENOENT) || size == 0x1000', true],
    ['ret == 0 || comm == cat && size', false],
    ['!latency', false],
    ['', true],
  ])('%s is %s', (source, expected) => {
    expect(passes(source)).toBe(expected);
  });

  it.each([
    ['latency >', 'a value is missing after >', 9],
    ['latencies > 1', 'there is no column latencies', 0],
    ['comm == "dd', 'the quote is not closed', 8],
    ['(ret == 0', 'a closing parenthesis is missing', 9],
    ['ret == 0 comm == 1', 'unexpected comm; join', 9],
    ['latency > 1KiB', 'cannot be compared with a number in KiB', 10],
  ])('%s: %s', (source, message, at) => {
    try {
      compileFilter(source, fields);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FilterError);
      expect((error as FilterError).message).toContain(message);
      expect((error as FilterError).at).toBe(at);
    }
  });

  it('completes columns, operators and names of values', () => {
    expect(completeFilter('la', 2, fields).items.map(item => item.text)).toEqual(['latency']);
    expect(completeFilter('latency > 1ms && co', 19, fields)).toMatchObject({
      from: 17,
      items: [{ text: 'comm' }],
    });
    expect(completeFilter('latency ', 8, fields).items[0]?.text).toBe('==');
    expect(completeFilter('op == W', 7, fields).items.map(item => item.text)).toEqual(['WRITE']);
    expect(completeFilter('latency > ', 10, fields).items).toEqual([]);
  });
});
