/** Rare types of members and network byte order: one value in text, in JSON, and to filters and sorting. */
import { describe, expect, it } from 'vitest';
import { encodeParameter } from '../../../src/session/tracing/parameter-values';
import { decodeRecord, recordFits } from '../../../src/shared/decode/field';
import { formatValue } from '../../../src/shared/decode/format';
import { decodeGlobals } from '../../../src/shared/decode/globals';
import { jsonRecord } from '../../../src/shared/decode/json-value';
import type { RecordValue } from '../../../src/shared/decode/model';
import { parseElf } from '../../../src/shared/elf/elf';
import type { RecordLayout } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { compileFilter } from '../../../webview/events/filter';
import { clangs, compileFixture } from '../object/compile-fixture';

const shown = (value: RecordValue, { fields }: RecordLayout) =>
  Object.fromEntries(fields.map(field => [field.name, formatValue(value[field.name] ?? 0, field)]));

describe.each(clangs)('members of a record by %s', clang => {
  const bytes = compileFixture(clang, 'member-types');
  const object = readObject(bytes, 'member-types');
  const data = parseElf(bytes).section('.data')?.bytes ?? new Uint8Array();
  const global = (name: string) => {
    const found = decodeGlobals(object, '.data', data).find(each => each.global.name === name);
    if (!found) throw new Error(`the fixture has lost ${name}`);
    return { value: found.value, layout: found.global.layout };
  };

  it('of rare types are values, not bytes', () => {
    const { value, layout } = global('rare');
    expect(jsonRecord(value, layout)).toEqual({
      ratio: 0.5,
      mean: -2.25,
      total: String((1n << 100n) + 7n),
      debt: -5,
      first: 1,
      half: 0x0203,
      quarter: 3,
      whole: 0x0203_00000001,
      parts: [
        { pid: 7, name: 'dd' },
        { pid: 8, name: 'cat' },
        ...Array.from({ length: 10 }, () => ({ pid: 0, name: '' })),
      ],
      names: ['one', 'two', '', '', '', '', '', '', ''],
      'grid[0]': [1, 2],
      'grid[1]': [3, 4],
      kinds: ['KIND_WRITE', 'KIND_READ', 0],
    });
    expect(shown(value, layout)).toMatchObject({
      ratio: '0.5',
      mean: '-2.25',
      debt: '-5',
      parts: '[{pid 7, name dd}, {pid 8, name cat}, … 12 elements]',
      names: '[one, two, … 9 elements]',
      kinds: '[KIND_WRITE, KIND_READ, 0]',
    });
  });

  it('in network byte order are the same number everywhere', () => {
    const { value, layout } = global('network');
    const json = jsonRecord(value, layout);
    expect(json).toEqual({
      dport: 443,
      queue: 1,
      daddr: '10.0.0.1',
      sequence: 0x04030201,
      cookie: 1,
      src_ip: '192.0.2.200',
      peer_addr: '2001:db8::1',
      local_addr: '::1',
      unlike: '01020304',
      sport: 443,
      ports: [80, 443],
      saddr_v6: '::1',
    });
    expect(shown(value, layout)).toEqual({
      ...Object.fromEntries(Object.entries(json).map(([name, each]) => [name, String(each)])),
      unlike: '01 02 03 04',
      ports: '[80, 443]',
    });
    const passes = (filter: string) =>
      compileFilter(filter, layout.fields)?.(
        column => value[layout.fields[column]?.name ?? ''] ?? 0,
        column => Object.values(shown(value, layout))[column] ?? '',
      );
    for (const filter of [
      'dport == 443 && sport == 443',
      'daddr == 10.0.0.1 && daddr > 9.255.0.1 && daddr < 11.0.0.0',
      'src_ip == 192.0.2.200 && src_ip >= 192.0.2.200',
      'peer_addr == 2001:db8::1 && queue == 1 && sequence == 0x04030201 && cookie < 2',
    ])
      expect([filter, passes(filter)]).toEqual([filter, true]);
  });

  it('that are parameters take what is shown', () => {
    const [sequence, ip] = object.parameters;
    if (sequence?.name !== 'only_sequence' || ip?.name !== 'only_ip')
      throw new Error('the fixture has lost its parameters');
    expect([sequence.defaultValue, ip.defaultValue]).toEqual(['1', '192.0.2.1']);
    expect([...encodeParameter(sequence, '258')]).toEqual([0, 0, 1, 2]);
    expect([...encodeParameter(ip, '10.0.0.7')]).toEqual([10, 0, 0, 7]);
  });

  it('behind the end of a struct take the rest of the record, of any length', () => {
    const record = (map: string, sent: readonly number[]) => {
      const view = object.maps.find(({ name }) => name === map)?.view;
      const layout = view?.kind === 'events' ? view.record : null;
      if (!layout) throw new Error(`${map} is of unknown type`);
      const view8 = new DataView(Uint8Array.from([9, 9, ...sent, 9]).buffer);
      return {
        fits: recordFits(layout, sent.length),
        ...jsonRecord(decodeRecord(view8, 2, layout, 2 + sent.length), layout),
      };
    };
    expect(record('tails', [1, 0, 0, 0, 9, 0, 0x2f, 0x61])).toEqual({
      fits: true,
      kind: 1,
      path_len: 9,
      path: '/a',
    });
    expect(record('tails', [1, 0, 0, 0, 0, 0])).toMatchObject({ fits: true, path: '' });
    expect(record('tails', [1, 0, 0])).toMatchObject({ fits: false });
    const part = [7, 0, 0, 0, 0x64, 0x64, 0, 0, 0, 0, 0, 0];
    expect(record('lists', [2, 0, 0, 0, ...part, ...part, 1, 2])).toEqual({
      fits: true,
      count: 2,
      parts: [
        { pid: 7, name: 'dd' },
        { pid: 7, name: 'dd' },
      ],
    });
    expect(record('raw', [2, 1, 2, 3, 4])).toEqual({ fits: true, data_len: 2, data: '0102' });
  });
});
