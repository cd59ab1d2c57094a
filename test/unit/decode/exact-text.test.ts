/** Texts that differ in any byte never look the same, and rows are told apart by the bytes of their keys. */
import { describe, expect, it } from 'vitest';
import { decodeExactText, encodeUtf8 } from '../../../src/shared/bytes/utf8';
import { decodeEntries } from '../../../src/shared/decode/entries';
import { formatValue } from '../../../src/shared/decode/format';
import { decodeHistograms } from '../../../src/shared/decode/histograms';
import type { MapDefinition, RecordLayout } from '../../../src/shared/object/model';
import { escapeText } from '../../../src/shared/text/escape';
import { compileFilter } from '../../../webview/events/filter';
import { seriesId } from '../../../webview/histogram/series';
import { LiveTable } from '../../../webview/maps/live-table';
import { plainField } from '../plain-field';
import { random } from '../random';

const AS_TEXT = plainField('comm', { storage: 'text', meaning: 'comm' });
const shown = (text: string | number[]) =>
  formatValue(decodeExactText(typeof text === 'string' ? encodeUtf8(text) : Uint8Array.from(text)), AS_TEXT);

describe('traced text', () => {
  it.each<[string | number[], string]>([
    ['dd', 'dd'],
    ['Web Content', 'Web Content'],
    ['äöü 漢字', 'äöü 漢字'],
    ['C:\\bin\\x', 'C:\\bin\\x'],
    [[0xff, 0x61], '\\xffa'],
    [[0xfe, 0x61], '\\xfea'],
    ['\\xffa', '\\\\xffa'],
    [[0x61, 0xc3], 'a\\xc3'],
    [[0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    ['two\nlines', 'two\\nlines'],
    ['two\\nlines', 'two\\\\nlines'],
    ['\u0085', '\\u{85}'],
    [[0x85], '\\x85'],
    ['\ufffd', '\ufffd'],
    ['\ufeffx', '\\u{feff}x'],
    ['   ', '\\x20\\x20\\x20'],
    [' x', '\\x20x'],
    ['x ', 'x\\x20'],
    ['a b  c', 'a b \\x20c'],
    ['a\u00a0b', 'a\\u{a0}b'],
    ['', ''],
  ])('%j is shown as %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('of different bytes looks different, and is safe to show', () => {
    const below = random(11);
    const alphabet = [...encodeUtf8('\\\\\\xnu{}8f5e t\n\t\u001b'), 0x85, 0xc2, 0xa0, 0xff, 0xe2, 0x80, 0xa8];
    const seen = new Map<string, string>();
    for (let i = 0; i < 40_000; i++) {
      const bytes = Array.from({ length: 1 + below(6) }, () => alphabet[below(alphabet.length)] ?? 0);
      const text = shown(bytes);
      expect(escapeText(text)).toBe(text);
      const before = seen.get(text) ?? bytes.join();
      if (before !== bytes.join()) expect.fail(`${before} and ${bytes.join()} are both ${text}`);
      seen.set(text, before);
    }
  });

  it('passes a filter written as its text is shown', () => {
    const value = decodeExactText(Uint8Array.of(0xff, 0x0a, 0x22, 0x61));
    const passes = (filter: string) =>
      compileFilter(filter, [AS_TEXT])?.(
        () => value,
        () => formatValue(value, AS_TEXT),
      );
    expect(passes('comm == "\\xff\\n\\"a"')).toBe(true);
    expect(passes('comm ~ \\xff')).toBe(true);
    expect(passes('comm == "\\xfe\\n\\"a"')).toBe(false);
  });
});

const layout = (...fields: RecordLayout['fields']): RecordLayout => ({
  typeName: '',
  size: fields.reduce((size, field) => Math.max(size, field.offset + field.size), 0),
  fields,
});
const KEY = layout(plainField('name', { storage: 'text', meaning: 'text', size: 4 }));
const COUNT = layout(plainField('value', { storage: 'u64', meaning: 'count' }));
const map = (view: MapDefinition['view'], valueSize: number): MapDefinition => ({
  name: 'm',
  type: 1,
  typeName: 'hash',
  keySize: 4,
  valueSize,
  maxEntries: 8,
  flags: 0,
  perCpu: false,
  label: 'm',
  view,
  entries: null,
});

describe('keys that differ behind the end of their text', () => {
  const keys = Uint8Array.from([...'ab\0xab\0yab\0\0'].map(each => each.charCodeAt(0)));
  const values = (...counts: bigint[]) => new Uint8Array(BigUint64Array.from(counts).buffer);
  const table = map({ kind: 'table', key: KEY, value: COUNT }, 8);

  it('are entries of different text', () => {
    const entries = decodeEntries(table, keys, values(1n, 2n, 3n), 3, 1);
    expect(entries.map(({ key }) => formatValue(key.name ?? '', AS_TEXT))).toEqual([
      'ab\\x00x',
      'ab\\x00y',
      'ab',
    ]);
  });

  it('are rows and changes of their own', () => {
    const rows = new LiveTable('m', 'm', false);
    rows.update(decodeEntries(table, keys, values(1n, 2n, 3n), 3, 1), KEY, COUNT, 1000);
    rows.update(decodeEntries(table, keys, values(2n, 9n, 3n), 3, 1), KEY, COUNT, 2000);
    expect(rows.rows.map(({ value, change }) => [value.value, change.get('value')])).toEqual([
      [2, 1],
      [9, 7],
      [3, 0],
    ]);
  });

  it('are histograms of their own', () => {
    const view = {
      kind: 'histogram',
      scale: 'log2',
      convention: 'bpfw',
      conventionAssumed: false,
      slotsAreEntries: false,
      slotCount: 2,
      slotsOffset: 0,
      slotSize: 4,
      step: 1,
      base: 0,
      lastIsOverflow: false,
      unit: '',
      key: KEY,
    } as const;
    const slots = new Uint8Array(Uint32Array.of(1, 0, 0, 2, 3, 3).buffer);
    const ids = decodeHistograms(map(view, 8), keys, slots, 3, 1).map(seriesId);
    expect(new Set(ids).size).toBe(3);
  });
});

it('entries that nothing distinguishes are rows, without changes that may be another’s', () => {
  const rows = new LiveTable('m', 'm', false);
  const entry = (value: number) => ({ key: { name: 'ab' }, value: { value } });
  rows.update([entry(1), entry(2)], KEY, COUNT, 1000);
  rows.update([entry(2), entry(1)], KEY, COUNT, 2000);
  expect(rows.rows.map(({ value, change }) => [value.value, change.size])).toEqual([
    [2, 0],
    [1, 0],
  ]);
});
