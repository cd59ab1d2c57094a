/** Records as perf_event_mmap_output() and perf_event_task_output() of kernel/events/core.c write them. */
import { describe, expect, it } from 'vitest';
import { parseMappingRecords } from '../../../src/session/symbols/mapping-records';
import { ProcessMaps } from '../../../src/session/symbols/process-maps';

const mapping = (pid: number, start: bigint, length: bigint, offset: bigint, name: string): Buffer => {
  const padded = Buffer.alloc(Math.ceil((name.length + 1) / 8) * 8);
  padded.write(name);
  const record = Buffer.concat([Buffer.alloc(72), padded]);
  record.writeUInt32LE(10, 0);
  record.writeUInt16LE(record.length, 6);
  record.writeUInt32LE(pid, 8);
  record.writeBigUInt64LE(start, 16);
  record.writeBigUInt64LE(length, 24);
  record.writeBigUInt64LE(offset, 32);
  return record;
};
const fork = (pid: number, parent: number): Buffer => {
  const record = Buffer.alloc(32);
  record.writeUInt32LE(7, 0);
  record.writeUInt16LE(32, 6);
  record.writeUInt32LE(pid, 8);
  record.writeUInt32LE(parent, 12);
  return record;
};
const frame = (...records: Buffer[]): Uint8Array =>
  Buffer.concat(
    records.flatMap(record => {
      const header = Buffer.alloc(8);
      header.writeUInt32LE(record.length, 4);
      return [header, record];
    }),
  );

describe('parseMappingRecords', () => {
  it('reads mappings and new processes, and leaves out threads and what is cut short', () => {
    const bytes = frame(
      mapping(7, 0x400000n, 0x1000n, 0x2000n, '/bin/x'),
      fork(8, 7),
      fork(7, 7),
      Buffer.alloc(16),
    );
    expect(parseMappingRecords(bytes)).toEqual([
      {
        kind: 'mapping',
        pid: 7,
        mapping: { start: 0x400000n, end: 0x401000n, offset: 0x2000n, path: '/bin/x' },
      },
      { kind: 'fork', pid: 8, parent: 7 },
    ]);
    expect(parseMappingRecords(bytes.subarray(0, 40))).toEqual([]);
  });
});

describe('ProcessMaps', () => {
  it('starts a new process with its creator’s mappings, below its own', () => {
    const at = (start: bigint, path: string) => ({ start, end: start + 0x1000n, offset: 0n, path });
    const parent = new ProcessMaps();
    parent.add([at(0x1000n, '/lib/a'), at(0x2000n, '/lib/b')]);
    const child = new ProcessMaps();
    child.add([at(0x2000n, '/lib/c')]);
    child.inherit(parent);
    expect(child.find(0x1800n)?.path).toBe('/lib/a');
    expect(child.find(0x2800n)?.path).toBe('/lib/c');
  });
});
