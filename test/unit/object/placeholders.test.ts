/** Sizes and targets that an object leaves to its loader. */
import { describe, expect, it } from 'vitest';
import { assumedSizes } from '../../../src/shared/bpf/assumed-sizes';
import { parseAttachPoint } from '../../../src/shared/bpf/attach-point';
import { readObject } from '../../../src/shared/object/object';
import {
  assumedSampling,
  placeholderOf,
  placeholderParameters,
} from '../../../src/shared/object/placeholders';
import { sizedObject } from '../../../src/shared/object/size-parameters';
import { plainProgram } from '../plain-program';
import { clangs, compileFixture } from './compile-fixture';

it.each([
  ['kprobe', 'run'],
  ['kprobe/dummy_file_read', 'dummy_file_read'],
  ['kretprobe/dummy_file_read', 'dummy_file_read'],
  ['fentry/foo', 'foo'],
  ['uprobe', 'run'],
  ['uretprobe', 'run'],
  ['usdt', 'run'],
  ['kprobe/vfs_read', null],
  ['kprobe/dumb_function', null],
  ['uprobe//bin/bash:readline', null],
  ['uprobe//proc/self/exe:uprobed_add', 'run'],
  ['usdt//proc/self/exe:app:begin', 'run'],
  ['usdt/./app:app:begin', null],
  ['uretprobe/readline', 'run'],
  ['uprobe//bin/bash', null],
  ['tp/sched/sched_switch', null],
  ['xdp', null],
])('SEC("%s") is set by %s', (section, parameter) =>
  expect(placeholderOf(parseAttachPoint(section), 'run')).toBe(parameter),
);

it('samples time by default', () => {
  expect(assumedSampling(parseAttachPoint('perf_event'), 'run')).toEqual({
    event: 'cpu-clock',
    frequencyParameter: 'run.frequency',
    branches: false,
  });
  expect(assumedSampling(parseAttachPoint('kprobe/vfs_read'), 'run')).toBeNull();
});

it.each([
  [{ typeName: 'stack_trace', valueSize: 0, maxEntries: 16, flags: 0 }, { valueSize: 127 * 8 }],
  [{ typeName: 'stack_trace', valueSize: 0, maxEntries: 16, flags: 1 << 5 }, { valueSize: 127 * 32 }],
  [{ typeName: 'hash', valueSize: 8, maxEntries: 0, flags: 0 }, { maxEntries: 10_240 }],
  [{ typeName: 'ringbuf', valueSize: 0, maxEntries: 0, flags: 0 }, { maxEntries: 262_144 }],
  [{ typeName: 'array', valueSize: 8, maxEntries: 0, flags: 0 }, {}],
  [{ typeName: 'perf_event_array', valueSize: 4, maxEntries: 0, flags: 0 }, {}],
  [{ typeName: 'hash', valueSize: 8, maxEntries: 1, flags: 0 }, {}],
])('%o gets %o', (map, sizes) => expect(assumedSizes(map)).toEqual(sizes));

it('takes the kind from the section, without the loader’s own file', () => {
  const program = plainProgram('run', 'uprobe//proc/self/exe:uprobed_add', { targetParameter: 'run' });
  const old = plainProgram('line', 'uretprobe/readline', { targetParameter: 'line' });
  const usdt = plainProgram('mark', 'usdt//proc/self/exe:app:begin', { targetParameter: 'mark' });
  expect(
    placeholderParameters([program, usdt, old], []).map(({ name, defaultValue }) => [name, defaultValue]),
  ).toEqual([
    ['path', ''],
    ['run', 'uprobed_add'],
    ['mark', 'app:begin'],
    ['line', 'readline'],
  ]);
});

describe.each(clangs)('an object by %s', clang => {
  const object = readObject(compileFixture(clang, 'left-to-loader'), 'left-to-loader.bpf.o');

  it('has what is left to its loader as parameters', () => {
    expect(
      object.parameters.map(({ name, role, unit, defaultValue }) => ({ name, role, unit, defaultValue })),
    ).toEqual([
      { name: 'path', role: 'path', unit: '', defaultValue: '' },
      { name: 'on_call', role: 'function', unit: '', defaultValue: '' },
      { name: 'sample.frequency', role: null, unit: 'Hz', defaultValue: '99' },
      { name: 'frames.frames', role: null, unit: 'frames', defaultValue: '127' },
      { name: 'counts.max_entries', role: null, unit: 'entries', defaultValue: '10240' },
    ]);
  });

  it('has the sizes that were typed', () => {
    const typed = new Map([
      ['frames.frames', '10'],
      ['counts.max_entries', '64'],
    ]);
    const [frames, counts] = sizedObject(object, typed).maps;
    expect(frames).toMatchObject({ valueSize: 80, assumed: { valueSize: 80 }, view: { depth: 10 } });
    expect(counts).toMatchObject({ maxEntries: 64, assumed: { maxEntries: 64 } });
    expect(sizedObject(object, new Map())).toBe(object);
  });
});
