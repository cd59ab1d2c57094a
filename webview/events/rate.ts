/** Records per second over the last minutes, and where some were lost. No DOM. */

/** Seconds kept and drawn. */
export const RATE_SECONDS = 120;

export interface Second {
  readonly second: number;
  records: number;
  lost: number;
}

/** Counts per whole second of arrival; bounded. */
export class Rate {
  private readonly seconds: Second[] = [];

  add(atMs: number, records: number, lost: number): void {
    const second = Math.floor(atMs / 1000);
    let last = this.seconds.at(-1);
    if (!last || last.second < second) {
      last = { second, records: 0, lost: 0 };
      this.seconds.push(last);
      if (this.seconds.length > RATE_SECONDS) this.seconds.shift();
    }
    last.records += records;
    last.lost += lost;
  }

  /** One entry per second up to the newest, including seconds without records. */
  series(): readonly Second[] {
    const newest = this.seconds.at(-1);
    if (!newest) return [];
    const known = new Map(this.seconds.map(entry => [entry.second, entry]));
    const oldest = Math.max(this.seconds[0]?.second ?? newest.second, newest.second - RATE_SECONDS + 1);
    return Array.from(
      { length: newest.second - oldest + 1 },
      (_, index) => known.get(oldest + index) ?? { second: oldest + index, records: 0, lost: 0 },
    );
  }

  /** Records in the last whole second, or in the current one if there is no other. */
  get perSecond(): number {
    return (this.seconds.at(-2) ?? this.seconds.at(-1))?.records ?? 0;
  }
}
