import type { MapContent } from './map-content';

/**
 * What was made of each entry of a map that is read again and again: of a large map few entries change from one snapshot
 * to the next, and only these are decoded again. Others stay the very same object.
 */
export class ChangedEntries<T> {
  private readonly decoded: T[] = [];
  private number = 0;

  /**
   * Decodes what changed since the last call. All of it when a snapshot was left out. `count` entries at most, of the
   * content's own. Gives whether anything is different.
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

  /** By entry, as of the last update; valid until the next. */
  get entries(): readonly T[] {
    return this.decoded;
  }
}
