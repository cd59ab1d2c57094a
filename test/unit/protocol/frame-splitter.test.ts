import { describe, expect, it } from 'vitest';
import { DataMemory } from '../../../src/shared/protocol/data-memory';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import { encodeFrame, FrameError, FrameKind } from '../../../src/shared/protocol/frames';
import { random } from '../random';

const KINDS = [FrameKind.rpc, FrameKind.blob, FrameKind.data];

describe('a frame splitter', () => {
  it('gives back what was put together, wherever the stream is cut', () => {
    const below = random(0xf4a3e);
    for (let turn = 0; turn < 200; turn++) {
      const frames = Array.from({ length: 1 + below(12) }, () => {
        const payload = new Uint8Array(below(5) === 0 ? below(3) : below(4000));
        for (let i = 0; i < payload.length; i++) payload[i] = below(256);
        return { kind: KINDS[below(3)] ?? FrameKind.rpc, payload };
      });
      const stream = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
      let received = 0;
      const splitter = new FrameSplitter((kind, payload) => {
        const sent = frames[received++];
        expect(kind).toBe(sent?.kind);
        expect(Buffer.compare(payload, sent?.payload ?? new Uint8Array(0))).toBe(0);
      });
      for (let at = 0; at < stream.length; ) {
        const end = Math.min(stream.length, at + 1 + below(below(2) === 0 ? 9 : 3000));
        splitter.push(new Uint8Array(stream.subarray(at, end)));
        at = end;
      }
      expect(received).toBe(frames.length);
    }
  });

  it('joins frame after frame in the same memory, at a multiple of 8', () => {
    const places = new Set<ArrayBufferLike>();
    const splitter = new FrameSplitter((_kind, payload) => {
      places.add(payload.buffer);
      expect(payload.byteOffset % 8).toBe(0);
    });
    for (let turn = 0; turn < 20; turn++) {
      const frame = encodeFrame(FrameKind.data, new Uint8Array(1000));
      for (let at = 0; at < frame.length; at += 300) splitter.push(frame.slice(at, at + 300));
    }
    // The first one had to grow it.
    expect(places.size).toBeLessThanOrEqual(2);
  });

  it('does not allocate for a length that nothing follows', () => {
    const splitter = new FrameSplitter(() => undefined);
    const before = process.memoryUsage().arrayBuffers;
    const header = new Uint8Array(6);
    new DataView(header.buffer).setUint32(0, 60 << 20, true);
    header[4] = FrameKind.blob;
    splitter.push(header);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
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
