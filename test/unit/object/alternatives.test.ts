/** Programs that are several ways to the same numbers: one of them is attached. */
import { describe, expect, it } from 'vitest';
import { currentName, systemCallOf } from '../../../src/shared/bpf/renamed-functions';
import { alternatives } from '../../../src/shared/object/alternatives';
import { readObject } from '../../../src/shared/object/object';
import { plainProgram } from '../plain-program';
import { clangs, compileFixture } from './compile-fixture';

describe.each(clangs)('alternatives of an object by %s', clang => {
  const { programs } = readObject(compileFixture(clang, 'alternatives'), 'alternatives.bpf.o');

  it('are programs at one place, of one moment, with the same data; best first', () => {
    expect(
      alternatives(programs).map(ways => ways.map(way => way.programs.map(({ name }) => name).sort())),
    ).toEqual(
      expect.arrayContaining([
        [['write_by_fentry'], ['write_by_kprobe']],
        [['read_by_fexit'], ['read_returns', 'read_starts']],
        [['switch_by_tp_btf'], ['switch_by_raw_tp'], ['switch_by_tp']],
        [['mark_folio'], ['mark_page']],
        [['open_by_tp'], ['open_by_ksyscall']],
      ]),
    );
    expect(alternatives(programs)).toHaveLength(5);
  });

  it('are recognised by the maps and variables that programs use, statics included', () => {
    const uses = Object.fromEntries(programs.map(program => [program.name, program.uses]));
    expect(uses).toMatchObject({
      write_by_kprobe: ['writes'],
      read_returns: ['results', 'starts'],
      sync_kept: ['kept'],
      sync_other: ['other'],
    });
  });
});

describe('alternatives', () => {
  const uses = ['counts'];

  it('are not what declares its ranks, is loaded only when selected, or is set at run time', () => {
    const fentry = plainProgram('a', 'fentry/vfs_read', { uses });
    for (const other of [
      plainProgram('b', 'kprobe/vfs_read', { uses, choice: { group: 'read', rank: 1 } }),
      plainProgram('b', '?kprobe/vfs_read', { uses }),
      plainProgram('b', 'kprobe/vfs_read', { uses, targetParameter: 'function' }),
      plainProgram('b', 'kprobe/vfs_read+0x10', { uses }),
      plainProgram('b', 'kretprobe/vfs_read', { uses }),
      plainProgram('b', 'fentry/vfs_read', { uses }),
      // Two halves of one program at one place.
      plainProgram('b', 'kprobe/vfs_read', { uses: [...uses, 'starts'] }),
    ])
      expect(alternatives([fentry, other])).toEqual([]);
  });

  it('are reported where one parameter sets the attach point of both', () => {
    const set = { uses, targetParameter: 'dummy_file_read' };
    const ways = alternatives([
      plainProgram('a', 'kprobe/dummy_file_read', set),
      plainProgram('b', 'fentry/dummy_file_read', set),
      plainProgram('c', 'kprobe/dummy_file_read', { ...set, targetParameter: 'another' }),
    ]);
    expect(ways.map(each => each.map(way => way.programs.map(({ name }) => name)))).toEqual([[['b'], ['a']]]);
  });

  it('are not more programs at one place than any object has', () => {
    const many = Array.from({ length: 1000 }, (_, i) =>
      plainProgram(`p${i}`, `${i % 2 ? 'kprobe' : 'fentry'}/vfs_read`, { uses }),
    );
    expect(alternatives(many)).toEqual([]);
  });
});

it.each([
  ['finish_task_switch.isra.0', 'finish_task_switch'],
  ['kmem_cache_alloc_noprof', 'kmem_cache_alloc'],
  ['kfree_skb.part.12', 'kfree_skb'],
  ['mark_page_accessed', 'folio_mark_accessed'],
  ['vfs_read', 'vfs_read'],
])('%s is %s today', (older, current) => expect(currentName(older)).toBe(current));

it.each([
  ['__x64_sys_read', 'read'],
  ['__arm64_sys_read', 'read'],
  ['sys_read', 'read'],
  ['SyS_read', 'read'],
  ['__se_sys_read', 'read'],
  ['ksys_read', null],
  ['vfs_read', null],
])('%s is the entry of %s', (name, call) => expect(systemCallOf(name)).toBe(call));
