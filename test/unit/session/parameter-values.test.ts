import { describe, expect, it } from 'vitest';
import { encodeParameter, encodeParameters } from '../../../src/session/tracing/parameter-values';
import type { Parameter } from '../../../src/shared/object/model';

function parameter(over: Partial<Parameter>): Parameter {
  return {
    name: 'targ',
    label: 'Target',
    help: '',
    unit: '',
    section: '.rodata',
    offset: 0,
    size: 4,
    storage: 'u32',
    meaning: 'plain',
    why: 'its type',
    valueNames: null,
    min: null,
    max: null,
    defaultValue: '0',
    role: null,
    ask: false,
    ...over,
  };
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('encodeParameter', () => {
  it.each([
    ['u32', 4, '258', '02010000'],
    ['u8', 1, '255', 'ff'],
    ['i16', 2, '-2', 'feff'],
    ['i64', 8, '-1', 'ffffffffffffffff'],
    ['u64', 8, '18446744073709551615', 'ffffffffffffffff'],
    ['u32', 4, '0x10', '10000000'],
    ['bool', 1, 'true', '01'],
    ['bool', 1, 'off', '00'],
  ] as const)('writes %s of %i bytes: %s', (storage, size, text, expected) => {
    expect(hex(encodeParameter(parameter({ storage, size }), text))).toBe(expected);
  });

  it('writes text with its NUL and nothing behind it', () => {
    expect(hex(encodeParameter(parameter({ storage: 'text', size: 6 }), 'dd'))).toBe('646400000000');
    expect(hex(encodeParameter(parameter({ storage: 'text', size: 6 }), 'abcde'))).toBe('616263646500');
    expect(() => encodeParameter(parameter({ storage: 'text', size: 6 }), 'abcdef')).toThrow(
      /at most 5 bytes/,
    );
    // Bytes count, not letters.
    expect(() => encodeParameter(parameter({ storage: 'text', size: 6 }), 'äöü')).toThrow(/at most 5 bytes/);
  });

  it('reads devices, addresses and names of values', () => {
    expect(hex(encodeParameter(parameter({ meaning: 'device' }), '8:1'))).toBe('01008000');
    expect(hex(encodeParameter(parameter({ meaning: 'ipv4' }), '127.0.0.1'))).toBe('7f000001');
    expect(
      hex(encodeParameter(parameter({ size: 2, storage: 'u16', bigEndian: true, meaning: 'port' }), '80')),
    ).toBe('0050');
    expect(hex(encodeParameter(parameter({ valueNames: { '0': 'all', '2': 'writes' } }), 'writes'))).toBe(
      '02000000',
    );
  });

  it.each([
    [{ storage: 'u32', size: 4 }, '4294967296', /between 0 and 4294967295/],
    [{ storage: 'u32', size: 4 }, '-1', /between 0/],
    [{ storage: 'u32', size: 4 }, '1.5', /whole number/],
    [{ storage: 'u32', size: 4 }, '', /whole number/],
    [{ storage: 'u32', size: 4, min: '1', max: '9', unit: 'Hz' }, '10', /between 1 and 9 \(Hz\)/],
    [{ storage: 'bool', size: 1 }, 'maybe', /true or false/],
    [{ storage: 'u32', size: 4, meaning: 'ipv4' }, '256.1.1.1', /192\.0\.2\.1/],
    [{ storage: 'u32', size: 4, valueNames: { '1': 'reads' } }, 'raeds', /one of reads/],
  ] as const)('refuses what does not fit and says what would: %o %s', (over, text, message) => {
    expect(() => encodeParameter(parameter(over as Partial<Parameter>), text)).toThrow(message);
  });

  it('names the parameters there are', () => {
    expect(() => encodeParameters([parameter({})], new Map([['pdi', '1']]))).toThrow(
      /no parameter 'pdi'.*targ/,
    );
  });
});
