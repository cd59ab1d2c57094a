import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES } from '../../../src/tracer/common/stream-source';
import { errnoName } from '../../../src/tracer/libbpf/errors';
import { ownMapName } from '../../../src/tracer/libbpf/object';
import { encodePerfAttr, parseCpuList } from '../../../src/tracer/libbpf/perf-event';
import { spanInWords } from '../../../src/tracer/libbpf/ring';
import { lastTime, printedLines } from '../../../src/tracer/printk';
import { random } from '../random';

describe.each([
  { how: 'plain loads', inOrder: true },
  { how: 'acquiring loads', inOrder: false },
])('spanInWords with $how', ({ inOrder }) => {
  const BUSY = 0x80000000;
  const DISCARD = 0x40000000;
  function ring(...headers: number[]): { words: Int32Array; bytes: number } {
    const words = new Int32Array(1024);
    let at = 0;
    for (const header of headers) {
      words[at / 4] = header | 0;
      at += ((header & 0x3fffffff) + 8 + 7) & ~7;
    }
    return { words, bytes: at };
  }

  it('covers all committed records and counts discarded ones not', () => {
    const { words, bytes } = ring(12, 24 | DISCARD, 1);
    expect(bytes).toBe(24 + 32 + 16);
    expect(spanInWords(words, 0, bytes, inOrder)).toEqual({ length: bytes, records: 2, bounded: false });
  });
  it('stops before a record that is still being written', () => {
    const { words, bytes } = ring(8, (8 | BUSY) >>> 0, 8);
    expect(spanInWords(words, 0, bytes, inOrder)).toEqual({ length: 16, records: 1, bounded: false });
  });
  it('goes as far as one chunk, unless the first record alone is longer', () => {
    const many = new Int32Array(CHUNK_BYTES);
    for (let at = 0; at < many.length; at += 8) many[at] = 24;
    expect(spanInWords(many, 0, many.byteLength, inOrder)).toEqual({
      length: CHUNK_BYTES,
      records: CHUNK_BYTES / 32,
      bounded: true,
    });
    many[0] = 2 * CHUNK_BYTES;
    many[(2 * CHUNK_BYTES + 8) / 4] = 24;
    expect(spanInWords(many, 0, many.byteLength, inOrder)).toEqual({
      length: 2 * CHUNK_BYTES + 8,
      records: 1,
      bounded: true,
    });
  });
  it('is what a walk from header to header gives, of records of one length and of many', () => {
    const below = random(0x5ba9);
    for (let turn = 0; turn < 500; turn++) {
      const isEven = below(2) === 0;
      const one = below(60);
      const headers = Array.from({ length: below(30) }, () => {
        const flags = below(isEven ? 40 : 8) > 1 ? 0 : below(3) > 0 ? DISCARD : BUSY;
        return ((isEven ? one : below(60)) | flags) >>> 0;
      });
      const { words, bytes } = ring(...headers);
      const busy = headers.findIndex(header => header >= BUSY);
      const before = busy < 0 ? headers : headers.slice(0, busy);
      expect(spanInWords(words, 0, bytes, inOrder)).toEqual({
        length: before.reduce((sum, header) => sum + (((header & 0x3fffffff) + 15) & ~7), 0),
        records: before.filter(header => header < DISCARD).length,
        bounded: false,
      });
    }
  });
  it('is empty when the first record is being written', () => {
    const { words, bytes } = ring((8 | BUSY) >>> 0);
    expect(spanInWords(words, 0, bytes, inOrder)).toEqual({ length: 0, records: 0, bounded: false });
  });
});

describe('the trace pipe', () => {
  it('knows when the last line was printed, whatever its text', () => {
    const line = (when: string) =>
      `   node-123   [000] d...1    ${when}: bpf_trace_printk: at 99.000000: hello`;
    expect(lastTime(`${line('12.345678')}\n${line('12.345679')}\nunfinished 99`)).toBe(12.345679);
    expect(lastTime('CPU:1 [LOST 3 EVENTS]')).toBeNull();
  });

  it('passes on what BPF programs printed', () => {
    const text = [
      '            node-123     [000] d...1    12.345678: bpf_trace_printk: hello : world',
      '           <...>-99      [001] .....    12.345679: tracing_mark_write: not ours',
      'CPU:1 [LOST 17 EVENTS]',
      '            node-123     [000] d..2.    12.4: bpf_trace_pr',
    ].join('\n');
    const { lines, lost, rest } = printedLines(text);
    expect(lines).toHaveLength(1);
    expect(lost).toBe(17);
    expect(rest).toContain('bpf_trace_pr');
  });
});

describe('small readers', () => {
  it('reads CPU lists', () => {
    expect(parseCpuList('0-3,8\n')).toEqual([0, 1, 2, 3, 8]);
    expect(parseCpuList('0')).toEqual([0]);
  });
  it('names errnos of the kernel and of libbpf', () => {
    expect(errnoName(22)).toBe('EINVAL');
    expect(errnoName(95)).toBe('EOPNOTSUPP');
    expect(errnoName(11)).toBe('EAGAIN');
    expect(errnoName(524)).toBe('ENOTSUPP');
    expect(errnoName(4001)).toBe('LIBBPF_ERRNO__FORMAT');
    expect(errnoName(99999)).toBe('errno 99999');
  });
  it('names maps of global data by their section', () => {
    expect(ownMapName('probe.rodata', true)).toBe('.rodata');
    expect(ownMapName('probe.bss', true)).toBe('.bss');
    expect(ownMapName('.data.custom', true)).toBe('.data.custom');
    expect(ownMapName('events', false)).toBe('events');
  });
  it('encodes perf events as struct perf_event_attr', () => {
    const attr = Buffer.from(
      encodePerfAttr({
        type: 1,
        config: 10n,
        frequencyHz: 99,
        samplePeriod: 0,
        sampleType: 1024n,
        branchSampleType: 8n,
        wakeupEvents: 1,
      }),
    );
    expect(attr.readUInt32LE(0)).toBe(1);
    expect(attr.readUInt32LE(4)).toBe(attr.byteLength);
    expect(attr.readBigUInt64LE(8)).toBe(10n);
    expect(attr.readBigUInt64LE(16)).toBe(99n);
    expect(attr.readBigUInt64LE(24)).toBe(1024n | 2048n);
    expect(attr.readUInt32LE(40)).toBe(1024);
    expect(attr.readUInt32LE(48)).toBe(1);
    expect(attr.readBigUInt64LE(72)).toBe(8n);
  });
});
