import { describe, expect, it } from 'vitest';
import { packMessage, unpackMessage } from '../../../src/shared/protocol/webview-codec';

const message = {
  type: 'histograms',
  histograms: [
    { key: { inode: 2n ** 64n - 1n, name: 'dd' }, buckets: [{ min: 0, max: 2n ** 63n, count: 3 }] },
    { key: null, buckets: [] },
  ],
  bytes: new Uint8Array([1, 2, 3]),
  small: -5n,
};

describe('messages to a page', () => {
  it('survive JSON, which knows no bigint', () => {
    const { bytes: _, ...plain } = message;
    expect(() => JSON.stringify(plain)).toThrow(TypeError);
    expect(unpackMessage(JSON.parse(JSON.stringify(packMessage(plain))))).toEqual(plain);
  });

  it('keep buffers and parts without bigints as the same objects', () => {
    const packed = packMessage(message) as typeof message;
    expect(packed.bytes).toBe(message.bytes);
    expect(packed.histograms[1]).toBe(message.histograms[1]);
    const span = { type: 'span', bytes: new ArrayBuffer(8) };
    expect(packMessage(span)).toBe(span);
  });

  it('leave an object that merely looks packed alone', () => {
    const odd = { $bigint: 'not a number' };
    expect(unpackMessage(odd)).toBe(odd);
  });
});
