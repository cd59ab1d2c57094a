/** The ring buffer's reader on memory laid out as the kernel's: consumer page, producer page, the data twice. */
import { closeSync, ftruncateSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Chunk } from '../../../src/tracer/common/stream-source';
import { getpagesize, memfdCreate } from '../../../src/tracer/libbpf/ffi';
import { type MappedMemory, mapShared } from '../../../src/tracer/libbpf/memory';
import { RingSource } from '../../../src/tracer/libbpf/ring';

const SIZE = 1 << 16;
const LENGTH = 24;
const STEP = 32;
/** BPF_RINGBUF_BUSY_BIT */
const BUSY = 0x80000000;
const PAGE = getpagesize();

let fd: number;
let memory: MappedMemory;
let ring: RingSource;
let produced: number;
const allocate = (bytes: number): Uint8Array => new Uint8Array(bytes);

beforeEach(() => {
  fd = memfdCreate('ring', 1);
  ftruncateSync(fd, 2 * PAGE + 2 * SIZE);
  memory = mapShared(fd, 2 * PAGE + 2 * SIZE, 0, true);
  ring = new RingSource(fd, SIZE);
  produced = 0;
});
afterEach(() => {
  ring.close();
  memory.unmap();
  closeSync(fd);
});

/** As the kernel does, as long as there is room; records carry their number. */
function produce(count: number): number {
  let done = 0;
  for (; done < count && produced + STEP - memory.loadUint64(0) <= SIZE; done++) {
    const at = 2 * PAGE + (produced % SIZE);
    for (const copy of [at, at < 2 * PAGE + SIZE ? at + SIZE : at]) {
      memory.storeUint64(copy, LENGTH);
      memory.storeUint64(copy + 8, produced / STEP);
    }
    produced += STEP;
    memory.storeUint64(PAGE, produced);
  }
  return done;
}

function take(): Chunk {
  const chunk = ring.take(allocate);
  if (!chunk) throw new Error('no chunk');
  return chunk;
}

const numbers = ({ bytes }: Chunk): number[] =>
  Array.from({ length: bytes.byteLength / STEP }, (_, i) =>
    Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(i * STEP + 8, true)),
  );
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('a ring buffer', () => {
  it('gives the kernel its space back once records are copied', () => {
    produce(100);
    const chunk = take();
    expect(chunk).toMatchObject({ records: 100, lost: 0, more: false });
    expect(memory.loadUint64(0)).toBe(100 * STEP);
    // Over the same place.
    produce(SIZE / STEP);
    expect(numbers(chunk)).toEqual(range(0, 100));
  });

  it('stops at a record that is being written, and goes on when it is committed', () => {
    produce(10);
    const at = 2 * PAGE + 4 * STEP;
    memory.storeUint64(at, LENGTH + BUSY);
    expect(numbers(take())).toEqual([0, 1, 2, 3]);
    expect(ring.take(allocate)).toBeNull();
    expect(ring.mark().reached()).toBe(false);
    memory.storeUint64(at, LENGTH);
    expect(numbers(take())).toEqual([4, 5, 6, 7, 8, 9]);
    expect(ring.mark().reached()).toBe(true);
  });

  it('gives every record once, around its end as well', () => {
    const seen: number[] = [];
    let total = 0;
    for (let turn = 0; turn < 3000; turn++) {
      total += produce((turn * 7919) % 400);
      const chunk = ring.take(allocate);
      if (chunk) seen.push(...numbers(chunk));
    }
    expect(total).toBeGreaterThan((10 * SIZE) / STEP);
    expect(seen).toEqual(range(0, total));
  });

  it('gives nothing once it is closed', () => {
    produce(1);
    ring.close();
    expect(ring.take(allocate)).toBeNull();
    expect(ring.mark().reached()).toBe(true);
  });
});
