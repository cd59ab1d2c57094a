import type { MapContent } from './map-content';

/**
 * Caches the decoded entries of a map that is read repeatedly: between two snapshots of a large map few entries change,
 * and only these are decoded again. The others stay the same object.
 */
export class ChangedEntries<T> {
  private readonly decoded: T[] = [];
  private number = 0;

  /**
   * Decodes the changes since the last call, or everything if a snapshot was skipped; at most `count` entries. Returns
   * whether anything changed.
   */
  update(
    { changes, number }: Pick<MapContent, 'changes' | 'number'>,
    count: number,
    decode: (entry: number) => T,
  ): boolean {
    const { decoded } = this;
    const runs = number === this.number + 1 ? changes : [{ first: 0, count }];
    this.number = number;
    let isChanged = decoded.length !== count;
    if (decoded.length > count) decoded.length = count;
    for (const run of runs) {
      const end = Math.min(count, run.first + run.count);
      for (let entry = run.first; entry < end; entry++) {
        decoded[entry] = decode(entry);
        isChanged = true;
      }
    }
    return isChanged;
  }

  /** The results of the last update, by entry; valid until the next. */
  get entries(): readonly T[] {
    return this.decoded;
  }
}
