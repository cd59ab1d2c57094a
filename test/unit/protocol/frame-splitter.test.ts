import { describe, expect, it } from 'vitest';
import { DataMemory } from '../../../src/shared/protocol/data-memory';
import { FrameSplitter, type ReceivedFrame } from '../../../src/shared/protocol/frame-splitter';
import {
  DATA_HEADER_BYTES,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameError,
  FrameKind,
} from '../../../src/shared/protocol/frames';
import { random } from '../random';

const KINDS = [FrameKind.rpc, FrameKind.blob, FrameKind.data];

describe('a frame splitter', () => {
  it('returns the whole frames, wherever the stream is cut', () => {
    const below = random(0xf4a3e);
    for (let turn = 0; turn < 200; turn++) {
      const frames = Array.from({ length: 1 + below(12) }, () => {
        const kind = KINDS[below(3)] ?? FrameKind.rpc;
        const least = kind === FrameKind.data ? DATA_HEADER_BYTES : 0;
        const payload = new Uint8Array(least + (below(5) === 0 ? below(3) : below(4000)));
        for (let i = 0; i < payload.length; i++) payload[i] = below(256);
        return { kind, payload };
      });
      const stream = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
      let received = 0;
      const memory = new Set<ArrayBufferLike>();
      const splitter = new FrameSplitter(frame => {
        const sent = frames[received++];
        expect(frame.kind).toBe(sent?.kind);
        const parts = frame.kind === FrameKind.data ? [frame.head, frame.bytes] : [frame.bytes];
        expect(Buffer.concat(parts).equals(sent?.payload ?? new Uint8Array(0))).toBe(true);
        // Its own, and no more than it.
        expect(memory.has(frame.bytes.buffer)).toBe(false);
        memory.add(frame.bytes.buffer);
        expect(frame.bytes.buffer.byteLength).toBe(frame.bytes.byteLength);
      });
      for (let at = 0; at < stream.length; ) {
        let chunk = stream.subarray(at, Math.min(stream.length, at + 1 + below(below(2) === 0 ? 9 : 3000)));
        if (below(2) === 0) {
          // As a channel does that reads into the splitter's own memory.
          const space = splitter.space();
          chunk = chunk.subarray(0, space.byteLength);
          space.set(chunk);
          splitter.push(space.subarray(0, chunk.byteLength));
        } else {
          splitter.push(chunk);
        }
        at += chunk.byteLength;
      }
      expect(received).toBe(frames.length);
    }
  });

  it('reads a data frame straight to where it stays', () => {
    const frames: ReceivedFrame[] = [];
    const splitter = new FrameSplitter(frame => frames.push(frame));
    const frame = encodeFrame(FrameKind.data, new Uint8Array(DATA_HEADER_BYTES), new Uint8Array(300_000));
    let at = 0;
    const read = (): Uint8Array => {
      const space = splitter.space();
      const count = Math.min(space.byteLength, frame.byteLength - at, 200_000);
      space.set(frame.subarray(at, at + count));
      at += count;
      splitter.push(space.subarray(0, count));
      return space;
    };
    expect(read().byteLength).toBe(FRAME_HEADER_BYTES + DATA_HEADER_BYTES);
    const [first, second] = [read(), read()];
    expect(frames.map(({ bytes }) => bytes.buffer)).toEqual([first.buffer]);
    expect(second.buffer).toBe(first.buffer);
    expect(frames[0]?.bytes.byteLength).toBe(300_000);
  });

  it('does not allocate for a length that nothing follows', () => {
    const splitter = new FrameSplitter(() => undefined);
    const before = process.memoryUsage().arrayBuffers;
    const header = new Uint8Array(6);
    new DataView(header.buffer).setUint32(0, 60 << 20, true);
    header[4] = FrameKind.blob;
    splitter.push(header);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 << 20);
  });

  it('refuses everything after an error', () => {
    const splitter = new FrameSplitter(() => undefined);
    expect(() => splitter.push(Uint8Array.of(1, 0, 0, 0, 9))).toThrowError(FrameError);
    expect(() => splitter.push(encodeFrame(FrameKind.rpc, new Uint8Array(1)))).toThrowError(FrameError);
  });
});

describe('memory of data frames', () => {
  it('is used again once given back, and knows its own', () => {
    const memory = new DataMemory();
    const first = memory.take(1000);
    expect(first.byteLength).toBe(1000);
    expect(first.byteOffset % 8).toBe(0);
    expect(memory.owns(first)).toBe(true);
    expect(memory.owns(first.subarray(0, 10))).toBe(true);
    expect(memory.owns(first.subarray(8))).toBe(false);
    expect(memory.owns(new Uint8Array(1000))).toBe(false);
    const second = memory.take(1000);
    expect(second.buffer).not.toBe(first.buffer);
    memory.giveBack(first.buffer);
    expect(memory.owns(first)).toBe(false);
    // Twice would hand it out twice.
    memory.giveBack(first.buffer);
    expect(memory.take(5).buffer).toBe(first.buffer);
    expect(memory.take(5).buffer).not.toBe(first.buffer);
  });

  it('of a long frame is its own', () => {
    const memory = new DataMemory();
    const long = memory.take(3 << 20);
    memory.giveBack(long.buffer);
    expect(memory.take(3 << 20).buffer).not.toBe(long.buffer);
  });
});
