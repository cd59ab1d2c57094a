/**
 * Joins the frames of one map snapshot (DataContent.mapEntries): each is { u32 count, count keys, count values }, and
 * one with count 0 ends it.
 */
export class MapSnapshot {
  private parts: Uint8Array[] = [];
  private entries = 0;
  private ended = false;

  constructor(
    private readonly keySize: number,
    /** LoadedMap.valueStride: all CPUs' values of one entry. */
    private readonly valueStride: number,
  ) {}

  /** Takes a frame's bytes (copied) and says whether the snapshot is complete. Throws RangeError on a frame of a wrong length. */
  push(frameBytes: Uint8Array): boolean {
    if (this.ended) this.clear();
    if (frameBytes.byteLength < 4) throw new RangeError('a part of a map snapshot without its count');
    const count = new DataView(frameBytes.buffer, frameBytes.byteOffset, frameBytes.byteLength).getUint32(
      0,
      true,
    );
    const expected = 4 + count * (this.keySize + this.valueStride);
    if (frameBytes.byteLength !== expected) {
      throw new RangeError(
        `a part of a map snapshot with ${frameBytes.byteLength} bytes instead of ${expected}`,
      );
    }
    if (count === 0) {
      this.ended = true;
      return true;
    }
    this.parts.push(frameBytes.slice(4));
    this.entries += count;
    return false;
  }

  get count(): number {
    return this.entries;
  }

  get keys(): Uint8Array {
    return this.join(this.keySize, () => 0);
  }

  get values(): Uint8Array {
    return this.join(this.valueStride, count => count * this.keySize);
  }

  /** Forgets everything; push does so by itself after a complete snapshot. */
  clear(): void {
    this.parts = [];
    this.entries = 0;
    this.ended = false;
  }

  private join(bytesEach: number, startOf: (count: number) => number): Uint8Array {
    const joined = new Uint8Array(this.entries * bytesEach);
    let at = 0;
    for (const part of this.parts) {
      const count = part.byteLength / (this.keySize + this.valueStride);
      const start = startOf(count);
      joined.set(part.subarray(start, start + count * bytesEach), at);
      at += count * bytesEach;
    }
    return joined;
  }
}
