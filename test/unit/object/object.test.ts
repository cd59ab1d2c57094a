import { describe, expect, it } from 'vitest';
import { ObjectError } from '../../../src/shared/elf/object-error';
import type { BpfObject, Field, MapView, RecordLayout } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from './compile-fixture';

function view<K extends MapView['kind']>(
  object: BpfObject,
  map: string,
  kind: K,
): Extract<MapView, { kind: K }> {
  const found = object.maps.find(candidate => candidate.name === map)?.view;
  if (found?.kind !== kind) throw new Error(`${map} is shown as ${found?.kind}, not ${kind}`);
  return found as Extract<MapView, { kind: K }>;
}

function program(object: BpfObject, name: string) {
  const found = object.programs.find(candidate => candidate.name === name);
  if (!found) throw new Error(`no program ${name}`);
  return found;
}

function record(object: BpfObject, map: string): RecordLayout {
  const layout = view(object, map, 'events').record;
  if (!layout) throw new Error(`${map} has no record type`);
  return layout;
}

/** "name@offset storage meaning unit" */
const brief = (field: Field) =>
  `${field.name}@${field.offset} ${field.storage} ${field.meaning} ${field.unit}`.trim();

describe.each(clangs)('objects compiled by %s', clang => {
  describe('a program of another project, without our header (promise 1)', () => {
    const object = readObject(compileFixture(clang, 'plain'), 'plain');

    it('finds programs, licence, helpers and source lines', () => {
      expect(object.license).toBe('Dual BSD/GPL');
      expect(object.programs.map(({ name, section, autoload }) => ({ name, section, autoload }))).toEqual([
        { name: 'handle_exec', section: 'tp/sched/sched_process_exec', autoload: true },
        { name: 'handle_exit', section: 'tp/sched/sched_process_exit', autoload: true },
      ]);
      expect(program(object, 'handle_exec').attachPoint).toEqual({
        kind: 'tracepoint',
        category: 'sched',
        name: 'sched_process_exec',
      });
      expect(program(object, 'handle_exec').helperIds).toEqual([2, 5, 14, 16, 131, 132]);
      expect(program(object, 'handle_exit').helperIds).toEqual([1, 2, 14, 131, 132]);
      expect(object.usesPrintk).toBe(false);
      const line = program(object, 'handle_exec').sourceLines.find(({ text }) =>
        text.includes('bpf_get_current_pid_tgid'),
      );
      expect(line?.file).toMatch(/plain\.bpf\.c$/);
      expect(line?.line).toBe(82);
    });

    it('takes the record of the ring buffer from DWARF, as BTF does not have it', () => {
      expect(object.btf?.find('struct', 'event')).toBeNull();
      expect(record(object, 'rb').size).toBe(168);
      expect(record(object, 'rb').fields.map(brief)).toEqual([
        'pid@0 i32 pid',
        'ppid@4 i32 pid',
        'exit_code@8 u32 plain',
        'duration_ns@16 u64 duration-ns ns',
        'comm@24 text comm',
        'filename@40 text text',
        'exit_event@167 bool bool',
      ]);
    });

    it('sees histograms in libbpf-tools values and in arrays named like one', () => {
      expect(view(object, 'hists', 'histogram')).toMatchObject({
        convention: 'libbpf-tools',
        slotsAreEntries: false,
        slotCount: 27,
        slotsOffset: 0,
        slotSize: 4,
        key: { typeName: 'struct hist_key', size: 8 },
      });
      expect(view(object, 'dist', 'histogram')).toMatchObject({
        slotsAreEntries: true,
        slotCount: 64,
        slotSize: 8,
        key: null,
      });
    });

    it('shows other hashes as tables and keeps start times to itself', () => {
      expect(view(object, 'counts', 'table').key.fields.map(brief)).toEqual(['value@0 i32 pid']);
      expect(view(object, 'exec_start', 'internal').why).not.toBe('');
      // Which can be looked into all the same.
      const kept = object.maps.find(map => map.name === 'exec_start');
      expect(kept?.entries?.key.fields).toHaveLength(1);
      expect(kept?.entries?.value.size).toBe(kept?.valueSize);
    });

    it('offers the const volatile globals as parameters, with role, unit and default', () => {
      const brief = object.parameters.map(({ name, storage, unit, role, defaultValue, offset, size }) => [
        name,
        storage,
        unit,
        role,
        defaultValue,
        offset,
        size,
      ]);
      expect(brief).toEqual([
        ['min_duration_ns', 'u64', 'ns', null, '5000000', 0, 8],
        ['targ_pid', 'i32', '', 'pid', '0', 8, 4],
        ['targ_ms', 'bool', '', null, 'false', 12, 1],
        ['targ_comm', 'text', '', 'comm', 'cat', 13, 16],
      ]);
    });

    it('finds drop counters among globals by name', () => {
      expect(object.globals.find(global => global.name === 'dropped')).toMatchObject({
        section: '.bss',
        drops: { of: null },
      });
      expect(object.globals.find(global => global.name === 'last_error')).toMatchObject({
        section: '.data',
        drops: null,
      });
      expect(object.globals.filter(global => global.drops !== null)).toHaveLength(1);
    });

    it('finds histograms among globals, as libbpf-tools keep some', () => {
      const histogram = (name: string) => object.globals.find(global => global.name === name)?.histogram;
      expect(histogram('hists_by_op')).toMatchObject({
        copies: 3,
        stride: 124,
        view: { slotCount: 27, slotSize: 4, convention: 'libbpf-tools' },
      });
      expect(histogram('latency_hist')).toMatchObject({
        copies: 1,
        stride: 108,
        view: { slotCount: 27, key: null },
      });
      expect(object.globals.filter(global => global.histogram).length).toBe(2);
    });

    it('leaves out static variables, as skeletons do: a zeroed histogram to copy from is none to show', () => {
      expect(object.globals.find(global => global.name === 'zero')).toMatchObject({ hidden: true });
    });
  });

  describe('what bpfw.h adds', () => {
    const object = readObject(compileFixture(clang, 'annotated'), 'annotated');

    it('labels, units and meanings of fields', () => {
      const layout = record(object, 'events');
      expect(layout.fields.map(brief)).toEqual([
        'ts@0 u64 timestamp-ns ns',
        'latency@8 u64 duration-ns ns',
        'size@16 u32 kib KiB',
        'operation@20 u32 enum',
        'peer@24 u32 ipv4',
        'peer_port@28 u16 port',
        'result@32 i32 errno',
        'cookie@36 u32 plain',
        'peer6@40 bytes ipv6',
        'comm@56 text comm',
      ]);
      expect(layout.fields[1]).toMatchObject({ label: 'Latency', help: 'From issue to completion.' });
      expect(layout.fields[3]?.valueNames).toEqual({ 0: 'OPERATION_READ', 1: 'OPERATION_WRITE' });
      expect(layout.fields.filter(field => field.hidden).map(field => field.name)).toEqual(['cookie']);
    });

    it('parameters with labels, ranges and roles; hidden ones are not offered', () => {
      expect(object.parameters.map(({ name, role }) => [name, role])).toEqual([
        ['only', 'pid'],
        ['threshold', null],
        ['which', null],
        ['probe', 'function'],
        ['lowest', null],
      ]);
      expect(object.parameters[0]).toMatchObject({
        label: 'Process',
        help: '0 traces everything.',
        ask: true,
        meaning: 'pid',
      });
      expect(object.parameters[1]).toMatchObject({
        unit: 'us',
        min: '1',
        max: '1000000',
        defaultValue: '250',
      });
      expect(object.parameters[2]).toMatchObject({ defaultValue: 'OPERATION_WRITE', meaning: 'enum' });
      expect(object.parameters[3]).toMatchObject({ defaultValue: 'vfs_read', storage: 'text', size: 64 });
      expect(object.parameters[4]?.defaultValue).toBe('-9000000000000000000');
    });

    it('histograms of every scale', () => {
      expect(view(object, 'sizes', 'histogram')).toMatchObject({
        scale: 'log2',
        convention: 'bpfw',
        slotsAreEntries: true,
        slotCount: 64,
        unit: 'bytes',
      });
      expect(object.maps.find(map => map.name === 'sizes')?.label).toBe('Request sizes');
      expect(view(object, 'depth', 'histogram')).toMatchObject({
        scale: 'linear',
        base: 10,
        step: 5,
        slotCount: 101,
        lastIsOverflow: true,
        unit: 'KiB',
      });
      expect(view(object, 'fine', 'histogram')).toMatchObject({
        scale: 'percentiles',
        convention: 'linear',
        base: 0,
        step: 10,
        unit: 'us',
      });
      const keyed = view(object, 'by_disk', 'histogram');
      expect(keyed).toMatchObject({
        slotsAreEntries: false,
        slotsOffset: 8,
        slotCount: 64,
        convention: 'bpfw',
      });
      expect(keyed.key?.fields.map(brief)).toEqual(['value@0 u32 device']);
    });

    it('drop counters, stacks and hidden maps', () => {
      expect(view(object, 'overflow', 'drops').of).toBe('events');
      expect(object.globals.find(global => global.name === 'events_dropped')?.drops).toEqual({
        of: 'events',
      });
      expect(object.globals.find(global => global.name === 'events_record')?.hidden).toBe(true);
      expect(view(object, 'stacks', 'stacks')).toMatchObject({ depth: 127, buildId: false });
      expect(view(object, 'build_ids', 'stacks')).toMatchObject({ depth: 127, buildId: true });
      expect(view(object, 'quiet', 'internal').why).toBe('marked hidden');
    });

    it('choices, needs and attach points completed at run time', () => {
      expect(program(object, 'complete_btf')).toMatchObject({
        autoload: false,
        section: 'tp_btf/block_rq_complete',
        choice: { group: 'complete:a', rank: 0 },
      });
      expect([...program(object, 'complete_btf').needs].sort()).toEqual([
        'btf-args:block_rq_complete:3',
        'module:null_blk',
      ]);
      expect(program(object, 'complete_tp').choice?.rank).toBe(1);
      expect(program(object, 'anything')).toMatchObject({
        targetParameter: 'probe',
        attachPoint: { kind: 'kprobe', function: '' },
      });
      expect(object.usesPrintk).toBe(true);
    });
  });

  describe('shapes of records', () => {
    const object = readObject(compileFixture(clang, 'layouts'), 'layouts');

    it('flattens bit fields, nested structs, unions, arrays and texts', () => {
      const { value } = view(object, 'shapes', 'table');
      expect(
        value.fields
          .map(field => `${field.name}@${field.offset}:${field.bitOffset}/${field.bitSize}`)
          .slice(0, 5),
      ).toEqual(['flag@0:0/1', 'kind@0:1/3', 'rest@0:4/4', 'signed_bits@0:8/5', 'wide_bits@4:0/20']);
      expect(
        value.fields.slice(5).map(field => `${field.name}@${field.offset} ${field.storage} ${field.meaning}`),
      ).toEqual([
        'choice@8 u32 enum',
        expect.stringMatching(/^sign@12 [iu]32 enum$/),
        'point.x@16 u16 plain',
        'point.y@18 u16 plain',
        'points[0].x@20 u16 plain',
        'points[0].y@22 u16 plain',
        'points[1].x@24 u16 plain',
        'points[1].y@26 u16 plain',
        'saddr_v4@28 u32 ipv4',
        'saddr_v6@28 bytes ipv6',
        'dport@44 u16 port',
        'sport@46 u16 port',
        'raw@48 bytes hexdump',
        'totals@56 array plain',
        'lines[0]@80 text text',
        'lines[1]@88 text text',
        'on@96 bool bool',
        'address@104 u64 hex',
        '__reserved@112 bytes hexdump',
        'ret@120 i64 errno',
      ]);
      expect(value.fields.find(field => field.name === 'totals')).toMatchObject({
        count: 3,
        elementStorage: 'u64',
        elementSize: 8,
      });
      expect(value.fields.filter(field => field.hidden).map(field => field.name)).toEqual(['__reserved']);
    });

    it('finds the length of an array: its tag, else the integer named after it', () => {
      const global = object.globals.find(({ name }) => name === 'part');
      const lengths = global?.layout.fields.flatMap(({ name, length }) => (length ? [[name, length]] : []));
      const captured = { name: 'captured', offset: 0, storage: 'u32' };
      // No bit field, no bool, nothing that is not there.
      expect(lengths).toEqual([
        ['text', captured],
        ['request', captured],
        ['reply', { name: 'reply_len', offset: 4, storage: 'i32' }],
        ['inner.data', { name: 'inner.data_size', offset: 46, storage: 'u16' }],
      ]);
    });

    it('counts helpers of subprograms, splits programs of one section and leaves .text out', () => {
      expect(object.programs.map(({ name, section }) => `${section} ${name}`)).toEqual([
        'fentry/vfs_read first',
        'fentry/vfs_read second',
        'iter/task third',
      ]);
      expect(program(object, 'first').helperIds).toEqual([1, 5, 6, 14]);
      expect(program(object, 'second').helperIds).toEqual([1]);
      const firstEnd = program(object, 'first').instructionCount;
      expect(program(object, 'first').sourceLines.every(line => line.instruction < firstEnd)).toBe(true);
      expect(program(object, 'second').sourceLines[0]?.instruction).toBe(firstEnd);
    });

    it('does without types where only sizes are given, and lists what it cannot show', () => {
      expect(view(object, 'sizes_only', 'table').value).toMatchObject({
        size: 24,
        fields: [{ storage: 'bytes' }],
      });
      expect(view(object, 'jumps', 'internal').why).toBe('programs to tail-call');
      expect(view(object, 'cycles', 'internal').why).toBe('performance counters');
      for (const map of object.maps.filter(({ name }) => name === 'jumps' || name === 'cycles'))
        expect(map.entries).toBeNull();
    });
  });

  it('finds record types by every convention of other projects', () => {
    const object = readObject(compileFixture(clang, 'records'), 'records');
    expect(record(object, 'marked').typeName).toBe('struct pointed');
    expect(record(object, 'traced').typeName).toBe('struct gadget_event');
    expect(record(object, 'output').typeName).toBe('struct output_event');
    // struct pointed has the same size: the writing function's own variable decides.
    expect(record(object, 'samples').typeName).toBe('struct perf_data');
    expect(view(object, 'mixed', 'events').record).toBeNull();
  });

  it('reads big-endian objects to the same result', () => {
    const little = readObject(compileFixture(clang, 'annotated', ['--target=bpfel']), 'annotated');
    const big = readObject(compileFixture(clang, 'annotated', ['--target=bpfeb']), 'annotated');
    expect(big.maps).toEqual(little.maps);
    expect(big.parameters).toEqual(little.parameters);
    expect(big.programs.map(({ name, helperIds }) => ({ name, helperIds }))).toEqual(
      little.programs.map(({ name, helperIds }) => ({ name, helperIds })),
    );
  });

  it('does without DWARF what BTF allows, and claims no more', () => {
    // What llvm-strip -g leaves to us: no section of that name.
    const strip = (bytes: Uint8Array) => {
      const text = Buffer.from(bytes);
      for (let at = text.indexOf('.debug_info\0'); at >= 0; at = text.indexOf('.debug_info\0', at + 1))
        text[at + 1] = 0x78;
      return new Uint8Array(text);
    };
    expect(
      view(readObject(strip(compileFixture(clang, 'plain')), 'plain'), 'rb', 'events').record,
    ).toBeNull();
    const records = readObject(strip(compileFixture(clang, 'records')), 'records');
    expect(record(records, 'marked').typeName).toBe('struct pointed');
    expect(record(records, 'traced').typeName).toBe('struct gadget_event');
    expect(view(records, 'output', 'events').record).toBeNull();
    const annotated = readObject(strip(compileFixture(clang, 'annotated')), 'annotated');
    expect(record(annotated, 'events').typeName).toBe('struct event');
  });

  it('reads DWARF 4 as well', () => {
    const object = readObject(compileFixture(clang, 'plain', ['--target=bpf', '-gdwarf-4']), 'plain');
    expect(record(object, 'rb').fields.map(field => field.name)).toEqual([
      'pid',
      'ppid',
      'exit_code',
      'duration_ns',
      'comm',
      'filename',
      'exit_event',
    ]);
  });

  it('reports what is wrong with objects it cannot use', () => {
    const plain = compileFixture(clang, 'plain');
    const codes = [
      new Uint8Array(0),
      plain.subarray(0, 2000),
      compileFixture(clang, 'plain', ['--target=bpf', '-g0']),
      compileFixture(clang, 'plain', ['--target=x86_64']),
    ].map(bytes => {
      try {
        readObject(bytes, 'x');
        return 'read';
      } catch (error) {
        return error instanceof ObjectError ? error.code : String(error);
      }
    });
    expect(codes).toEqual(['not-elf', 'truncated', 'bad-btf', 'not-bpf']);
  });
});
