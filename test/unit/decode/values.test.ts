import { describe, expect, it } from 'vitest';
import { decodeField, recordFits } from '../../../src/shared/decode/field';
import { formatBytes, formatDuration, formatTimestamp, formatValue } from '../../../src/shared/decode/format';
import { decodeGlobals } from '../../../src/shared/decode/globals';
import { hexDump } from '../../../src/shared/decode/hex-dump';
import type { FieldValue } from '../../../src/shared/decode/model';
import { parseElf } from '../../../src/shared/elf/elf';
import type { Meaning } from '../../../src/shared/object/meaning';
import type { Field, Storage } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { escapeText } from '../../../src/shared/text/escape';
import { clangs, compileFixture } from '../object/compile-fixture';
import { plainField } from '../plain-field';
import { random } from '../random';

const field = (storage: Storage, offset: number, size: number, more: Partial<Field> = {}): Field =>
  plainField('f', { offset, size, storage, typeName: '', ...more });

describe('decodeField', () => {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);

  it.each<[Storage, number, bigint, FieldValue]>([
    ['u8', 1, 255n, 255],
    ['i8', 1, 255n, -1],
    ['u16', 2, 65535n, 65535],
    ['i16', 2, 0x8000n, -32768],
    ['u32', 4, 0xffffffffn, 0xffffffff],
    ['i32', 4, 0xfffffffen, -2],
    ['u64', 8, 0x1fffffffffffffn, Number.MAX_SAFE_INTEGER],
    ['u64', 8, 0x20000000000000n, 0x20000000000000n],
    ['u64', 8, 0xffffffffffffffffn, 0xffffffffffffffffn],
    ['i64', 8, 0xffffffffffffffffn, -1],
    ['i64', 8, 0xffe0000000000001n, Number.MIN_SAFE_INTEGER],
    ['i64', 8, 0xffe0000000000000n, -0x20000000000000n],
    ['i64', 8, 0x8000000000000000n, -0x8000000000000000n],
    ['bool', 1, 2n, true],
  ])('%s of %i bytes: %s', (storage, size, raw, expected) => {
    view.setBigUint64(8, raw, true);
    expect(decodeField(view, 3, field(storage, 5, size))).toBe(expected);
  });

  it('ends text at the first NUL and copies bytes', () => {
    bytes.set([0xc3, 0xa4, 0x62, 0, 0x63], 0);
    expect(decodeField(view, 0, field('text', 0, 5))).toBe('äb');
    const copy = decodeField(view, 0, field('bytes', 0, 5));
    bytes[0] = 0;
    expect(copy).toEqual(Uint8Array.of(0xc3, 0xa4, 0x62, 0, 0x63));
  });

  it('reads nothing beyond the end of a short record', () => {
    bytes.fill(0xff);
    expect(decodeField(view, 0, field('u64', 0, 8), 4)).toBe(0);
    expect(decodeField(view, 0, field('bool', 4, 1), 4)).toBe(false);
    expect(decodeField(view, 0, field('bytes', 2, 8), 4)).toEqual(Uint8Array.of(0xff, 0xff));
    const pair = field('array', 0, 8, { count: 2, elementStorage: 'u32', elementSize: 4 });
    expect(decodeField(view, 0, pair, 4)).toEqual([0xffffffff]);
    expect(decodeField(view, 40, field('u32', 0, 4))).toBe(0);
  });

  it('reads as much of text and bytes as the record declares', () => {
    bytes.fill(0);
    bytes.set(
      [...'abcdefgh'].map(letter => letter.charCodeAt(0)),
      8,
    );
    const length = { name: 'n', offset: 0, storage: 'i32' } as const;
    const read = (storage: Storage, filled: number, end?: number) => {
      view.setInt32(0, filled, true);
      return decodeField(view, 0, field(storage, 8, 8, { length }), end);
    };
    const from = (text: string) => new TextEncoder().encode(text);
    expect([0, 3, 8].map(filled => read('bytes', filled))).toEqual([from(''), from('abc'), from('abcdefgh')]);
    expect(read('text', 3)).toBe('abc');
    // More than there is room for, an error's number, and a record that ends before it gets there.
    expect(read('bytes', 9)).toEqual(from('abcdefgh'));
    expect(read('bytes', -14)).toEqual(from(''));
    expect(read('bytes', 6, 12)).toEqual(from('abcd'));
    expect(
      decodeField(view, 0, field('bytes', 8, 8, { length: { ...length, offset: 30 } }), 16),
    ).toHaveLength(8);
  });

  it('takes records that end within their last text, and no shorter ones', () => {
    const layout = { typeName: 'struct event', size: 24, fields: [field('u32', 0, 4), field('text', 8, 16)] };
    expect([24, 32, 12, 8, 7, 0].map(length => recordFits(layout, length))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(recordFits({ ...layout, fields: [field('text', 0, 16), field('u64', 16, 8)] }, 20)).toBe(false);
  });

  it.each(clangs)('reads back what %s wrote into a struct of every shape, bit fields included', clang => {
    const bytes = compileFixture(clang, 'layouts');
    const object = readObject(bytes, 'layouts');
    const [filled, part] = decodeGlobals(
      object,
      '.data',
      parseElf(bytes).section('.data')?.bytes ?? new Uint8Array(),
    );
    if (filled?.global.name !== 'filled') throw new Error('the fixture has lost its global');
    const { value, global } = filled;
    expect(value).toEqual({
      flag: 1,
      kind: 5,
      rest: 9,
      signed_bits: -3,
      wide_bits: 0xabcde,
      choice: 2,
      // Without ENUM64 (clang 14) BTF does not know that an enum is signed; its names still match.
      sign: expect.toSatisfy(sign => sign === -1 || sign === 0xffffffff),
      'point.x': 1,
      'point.y': 65535,
      'points[0].x': 2,
      'points[0].y': 3,
      'points[1].x': 4,
      'points[1].y': 77,
      saddr_v4: 0x7f000001,
      saddr_v6: Uint8Array.of(0x7f, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      dport: 8080,
      sport: 443,
      raw: Uint8Array.of(1, 2, 3, 4, 5),
      totals: [0, 1n << 60n, Number.MAX_SAFE_INTEGER],
      'lines[0]': 'one',
      'lines[1]': 'eight..',
      on: true,
      address: 0xffffffff81000000n,
      __reserved: Uint8Array.of(0, 0, 0, 0),
      ret: -2,
    });
    if (part?.global.name !== 'part') throw new Error('the fixture has lost its payload');
    const { text, request, reply, mostly, flags, other, 'inner.data': data } = part.value;
    expect({ text, request, reply, mostly, flags, other, data }).toEqual({
      text: 'abc',
      request: Uint8Array.of(1, 2, 3),
      reply: Uint8Array.of(),
      mostly: Uint8Array.of(1, 2, 3, 4),
      flags: Uint8Array.of(1, 2, 3, 4),
      other: Uint8Array.of(1, 2, 3, 4),
      data: Uint8Array.of(5, 6, 7, 8),
    });
    const shown = (name: string) => {
      const field = global.layout.fields.find(candidate => candidate.name === name);
      return field ? formatValue(value[name] ?? '', field) : null;
    };
    expect(['choice', 'sign', 'saddr_v4', 'dport', 'ret', 'address'].map(shown)).toEqual([
      'SMALL_B',
      'MINUS_ONE',
      '127.0.0.1',
      '8080',
      'ENOENT',
      '0xffffffff81000000',
    ]);
  });
});

describe('formatValue', () => {
  const as = (meaning: Meaning, storage: Storage = 'u64', more: Partial<Field> = {}) => ({
    meaning,
    storage,
    unit: '',
    valueNames: null,
    ...more,
  });

  it.each<[Meaning, FieldValue, string]>([
    ['plain', 42, '42'],
    ['plain', 0xffffffffffffffffn, '18446744073709551615'],
    ['bool', true, 'true'],
    ['duration-ns', 950, '950 ns'],
    ['duration-ns', 1230, '1.23 µs'],
    ['duration-us', 999_600, '1.00 s'],
    ['duration-ns', 12_345_678, '12.3 ms'],
    ['duration-ms', 75_000, '75.0 s'],
    ['timestamp-ns', 12_345_678_901_234n, '12345.678901'],
    ['bytes', 512, '512 B'],
    ['bytes', 4096, '4 KiB'],
    ['kib', 1536, '1.50 MiB'],
    ['percent', 99, '99%'],
    ['duration-ns', 2n ** 64n - 1000n, '18446744073709550616 ns'],
    ['duration-us', 18446744073709550616n, '18446744073709550616 µs'],
    ['duration-ns', 3_000_000_000n * 1_000_000_000n, '3000000000 s'],
    ['bytes', 2n ** 64n - 4096n, '18446744073709547520 B'],
    ['ipv4', 0x7f000001, '127.0.0.1'],
    ['port', 8080, '8080'],
    ['errno', -2, 'ENOENT'],
    ['errno', -517, 'EPROBE_DEFER'],
    ['errno', 12, '12'],
    ['errno', 0, '0'],
    ['errno', -4000, '-4000'],
    ['signal', 9, 'SIGKILL'],
    ['signal', 36, 'SIGRTMIN+2'],
    ['signal', 0, '0'],
    ['device', (8 << 20) | 17, '8:17'],
    ['device', 0xfff00001, '4095:1'],
    ['hex', 255, '0xff'],
    ['ksym', 0xffffffff81000000n, '0xffffffff81000000'],
    ['user-stack', -17, 'EEXIST'],
    ['user-stack', 5, '5'],
    ['hexdump', Uint8Array.of(0, 255, 16), '00 ff 10'],
    ['mac', Uint8Array.of(0, 0x1b, 0x21, 1, 2, 3), '00:1b:21:01:02:03'],
  ])('%s %s is %s', (meaning, value, expected) => {
    expect(formatValue(value, as(meaning))).toBe(expected);
  });

  it.each([
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000ffffc0a80001', '::ffff:192.168.0.1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
  ])('ipv6 %s is %s', (hex, expected) => {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], byte => Number.parseInt(byte, 16));
    expect(formatValue(bytes, as('ipv6', 'bytes'))).toBe(expected);
  });

  it('names enum values and flags', () => {
    const valueNames = { 0: 'NONE', 1: 'READ', 2: 'WRITE', 3: 'BOTH', 4: 'SYNC' };
    expect(formatValue(2, as('enum', 'u32', { valueNames }))).toBe('WRITE');
    expect(formatValue(9, as('enum', 'u32', { valueNames }))).toBe('9');
    expect(formatValue(3, as('flags', 'u32', { valueNames }))).toBe('BOTH');
    expect(formatValue(6, as('flags', 'u32', { valueNames }))).toBe('WRITE|SYNC');
    expect(formatValue(0x41, as('flags', 'u32', { valueNames }))).toBe('READ|0x40');
  });

  it('puts the unit a user wrote behind plain numbers, and elements in brackets', () => {
    expect(formatValue(3, as('plain', 'u32', { unit: 'packets' }))).toBe('3 packets');
    expect(formatValue([1, 2n], as('ksym', 'array'))).toBe('[0x1, 0x2]');
  });

  it('cuts long dumps and reports their length', () => {
    expect(formatValue(new Uint8Array(100), as('hexdump', 'bytes'))).toMatch(/^(00 ){64}… \(100 bytes\)$/);
  });

  it('draws dumps with offsets and what is printable', () => {
    const bytes = new TextEncoder().encode('GET /\u001b[31mä');
    expect(hexDump(bytes, 8)).toEqual([
      '0000  47 45 54 20 2f 1b 5b 33  GET /.[3',
      '0008  31 6d c3 a4              1m..',
    ]);
    expect(hexDump(new Uint8Array(0x10001), 8).at(-1)).toBe('10000  00                       .');
    expect(hexDump(new Uint8Array(0), 8)).toEqual([]);
  });

  it('passes on no control character of traced text', () => {
    expect(formatValue('\u001b[31mred\u0007\n\u009b2J', as('comm', 'text'))).toBe(
      '\\e[31mred\\x07\\n\\u{9b}2J',
    );
    expect(escapeText('a\u202eb\u2028c\u200d')).toBe('a\\u{202e}b\\u{2028}c\\u{200d}');
    expect(escapeText('<img onerror> äöü 漢字')).toBe('<img onerror> äöü 漢字');
    let everything = '';
    for (let code = 0; code < 0x3000; code++) everything += String.fromCharCode(code);
    expect(escapeText(everything)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(formatValue(1, as('plain', 'u32', { unit: '\u001b[0m' }))).toBe('1 \\e[0m');
  });

  it('scales at the seams', () => {
    expect([999, 1000, 999_499, 999_500, 999_499_999, 999_500_000, 0, -1500].map(formatDuration)).toEqual([
      '999 ns',
      '1.00 µs',
      '999 µs',
      '1.00 ms',
      '999 ms',
      '1.00 s',
      '0 ns',
      '-1.50 µs',
    ]);
    expect([1023, 1024, 1 << 20, 1500].map(formatBytes)).toEqual(['1023 B', '1 KiB', '1 MiB', '1.46 KiB']);
  });
});

describe('clock values', () => {
  it('are the same text whether a number holds them or not', () => {
    const below = random(0xc10c);
    const values = [0, 1, 999, 1000, 999_999_999, 1_000_000_000, Number.MAX_SAFE_INTEGER];
    for (let i = 0; i < 1000; i++) values.push(below(2 ** 30) * 2 ** below(23) + below(1000));
    for (const value of values) expect(formatTimestamp(value)).toBe(formatTimestamp(BigInt(value)));
  });
});
