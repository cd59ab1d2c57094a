import 'vscode-jsonrpc/node';
import { describe, expect, it } from 'vitest';
import type { ByteChannel } from '../../../src/shared/protocol/byte-channel';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import { decodeData, FrameError, FrameKind } from '../../../src/shared/protocol/frames';
import { MapSnapshot } from '../../../src/shared/protocol/map-snapshot';
import { createFrameConnection } from '../../../src/shared/protocol/rpc-frames';
import type { Entries } from '../../../src/tracer/common/map-delta';
import { SnapshotSender } from '../../../src/tracer/snapshot';
import { random } from '../random';

/** A map in memory: what a MapReader gives of it, `spacing` bytes from value to value, a few entries a step. */
class FakeMap {
  keys: number[] = [];
  values: Buffer[] = [];
  failsAfter = Number.POSITIVE_INFINITY;

  constructor(
    readonly keySize: number,
    readonly stride: number,
    readonly spacing: number,
    private readonly step: number,
  ) {}

  *snapshot(maxEntries: number): Generator<Entries, void> {
    const total = Math.min(maxEntries, this.keys.length);
    let first = 0;
    do {
      if (first >= this.failsAfter) throw new Error('the kernel refused');
      const count = Math.min(this.step, total - first);
      const keys = Buffer.alloc(count * this.keySize);
      const values = Buffer.alloc(count * this.spacing, 0xee);
      for (let i = 0; i < count; i++) {
        keys.writeUIntLE(this.keys[first + i] ?? 0, i * this.keySize, Math.min(6, this.keySize));
        this.values[first + i]?.copy(values, i * this.spacing);
        // What lies between values is nobody's.
        values.fill(0, i * this.spacing + this.stride, (i + 1) * this.spacing);
      }
      yield { count, keys, values };
      first += count;
    } while (first < total);
  }
  close(): void {}
}

function setUp(map: FakeMap) {
  const content = new MapSnapshot(map.keySize, map.stride);
  let frames = 0;
  let bytesSent = 0;
  const ends: boolean[] = [];
  const splitter = new FrameSplitter(frame => {
    if (frame.kind !== FrameKind.data) throw new Error('not data');
    frames++;
    ends.push(content.push(decodeData(frame.head, frame.bytes).bytes));
  });
  const nothing = (): void => undefined;
  const channel: ByteChannel = {
    write(bytes, written) {
      bytesSent += bytes.byteLength;
      splitter.push(bytes.slice());
      written?.();
      return true;
    },
    onBytes: nothing,
    onDrain: nothing,
    onClose: nothing,
    pause: nothing,
    resume: nothing,
    close: nothing,
  };
  const target = { connection: createFrameConnection(channel), sessionId: 1, streamId: 2 };
  const sender = new SnapshotSender(target, map);
  return {
    content,
    read: async (maxEntries = 1 << 20) => {
      const before = { frames, bytesSent };
      const result = await sender.send(maxEntries, () => false);
      expect(ends.slice(before.frames)).toEqual(
        Array.from({ length: frames - before.frames }, (_, i) => i === frames - before.frames - 1),
      );
      const told = content.changes.reduce((sum, run) => sum + run.count, 0);
      return { ...result, told, bytes: bytesSent - before.bytesSent, frames: frames - before.frames };
    },
  };
}

function expectSame(content: MapSnapshot, map: FakeMap, count: number): void {
  expect(content.count).toBe(count);
  for (let i = 0; i < count; i++) {
    const key = Buffer.from(content.keys).readUIntLE(i * map.keySize, Math.min(6, map.keySize));
    expect(key).toBe(map.keys[i]);
    const value = content.values.subarray(i * map.stride, (i + 1) * map.stride);
    expect(Buffer.compare(value, map.values[i] ?? Buffer.alloc(0))).toBe(0);
  }
}

describe('snapshots of a map', () => {
  it('are the map, whatever changed since the last one: values, keys, order, length', async () => {
    const below = random(0x5a9);
    for (let turn = 0; turn < 25; turn++) {
      const keySize = [1, 4, 8, 12][below(4)] ?? 4;
      const stride = 1 + below(120);
      const spacing = below(2) === 0 ? stride : (stride + 7) & ~7;
      const map = new FakeMap(keySize, stride, spacing, 1 + below(300));
      const { content, read } = setUp(map);
      const value = () => Buffer.from(Array.from({ length: stride }, () => below(256)));
      const key = () => below(200);
      for (let round = 0; round < 8; round++) {
        const size = map.keys.length;
        switch (below(5)) {
          case 0:
            for (let i = below(400); i > 0; i--) {
              map.keys.push(key());
              map.values.push(value());
            }
            break;
          case 1:
            map.keys.length = map.values.length = below(size + 1);
            break;
          case 2:
            map.keys.splice(below(size + 1), 0, key());
            map.values.splice(below(size + 1), 0, value());
            break;
          case 3:
            for (let i = below(4); i > 0 && size > 0; i--) {
              map.keys[below(size)] = key();
              map.values[below(size)] = value();
            }
            break;
        }
        const most = below(4) === 0 ? below(map.keys.length + 2) : 1 << 20;
        const { entries, truncated } = await read(most);
        expect({ entries, truncated }).toEqual({
          entries: Math.min(most, map.keys.length),
          truncated: most < map.keys.length,
        });
        expectSame(content, map, entries);
      }
    }
  });

  it('tell only what changed', async () => {
    const map = new FakeMap(4, 108, 112, 4096);
    for (let i = 0; i < 10_000; i++) {
      map.keys.push(i);
      map.values.push(Buffer.alloc(108, i & 255));
    }
    const { content, read } = setUp(map);
    expect(await read()).toMatchObject({ entries: 10_000, told: 10_000 });
    expect(await read()).toMatchObject({ entries: 10_000, told: 0, frames: 1, bytes: 29 + 8 });
    for (const entry of [0, 17, 18, 4095, 4096, 9999]) map.values[entry]?.fill(7, 107, 108);
    map.values[17]?.fill(1);
    const changed = await read();
    expect(content.changes).toEqual([
      { first: 0, count: 1 },
      { first: 17, count: 2 },
      { first: 4095, count: 1 },
      { first: 4096, count: 1 },
      { first: 9999, count: 1 },
    ]);
    expect(changed).toMatchObject({ told: 6, bytes: 29 + 8 + 5 * 8 + 6 * 112 });
    expectSame(content, map, 10_000);
  });

  it('are reported whole after a read that failed half way', async () => {
    const map = new FakeMap(4, 8, 8, 10);
    for (let i = 0; i < 50; i++) {
      map.keys.push(i);
      map.values.push(Buffer.alloc(8, i));
    }
    const { content, read } = setUp(map);
    await read();
    map.failsAfter = 20;
    map.values[3]?.fill(99);
    await expect(read()).rejects.toThrow('refused');
    map.failsAfter = Number.POSITIVE_INFINITY;
    expect(await read()).toMatchObject({ told: 50 });
    expectSame(content, map, 50);
  });

  it('of maps too large to remember are sent whole each time', async () => {
    const map = new FakeMap(4, 1 << 20, 1 << 20, 2);
    for (let i = 0; i < 9; i++) {
      map.keys.push(i);
      map.values.push(Buffer.alloc(1 << 20, i));
    }
    const { content, read } = setUp(map);
    expect(await read()).toMatchObject({ entries: 9 });
    expectSame(content, map, 9);
    map.values[8]?.fill(200);
    expect(await read()).toMatchObject({ entries: 9 });
    expectSame(content, map, 9);
  });
});

describe('malformed snapshot frames', () => {
  const frame = (...words: number[]) => new Uint8Array(Uint32Array.from(words).buffer);
  it.each([
    ['without a header', new Uint8Array(4)],
    ['a run cut short', frame(1, 0, 0)],
    ['a run beyond its frame', frame(1, 0, 0, 2, 7, 7)],
    ['a run without entries', frame(1, 0, 0, 0)],
    ['a run that leaves a gap', frame(1, 0, 1, 1, 7, 7)],
    ['a run of more entries than there are bytes', frame(1, 0, 0, 0xffffffff, 7, 7)],
    ['a run past the limit', frame(1, 0, 0, 5, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)],
    ['more entries than were told', frame(3, 2, 0, 1, 7, 7)],
  ])('are refused: %s', (_what, bytes) => {
    expect(() => new MapSnapshot(4, 4, 4).push(bytes)).toThrowError(FrameError);
  });
});
