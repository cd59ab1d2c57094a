/** The states of a session's histograms over time, up to a limit, for the time line of a page that has just loaded. No `vscode`. */
import type { HistogramSnapshot, ToWebview } from '../../shared/protocol/webview';

/** As many as a page draws. */
const SNAPSHOT_LIMIT = 300;

export class HistogramSnapshots {
  private readonly kept: HistogramSnapshot[] = [];
  /** The newest snapshot dropped: the base of the oldest one kept. */
  private base: HistogramSnapshot | null = null;

  push(snapshot: HistogramSnapshot): void {
    this.kept.push(snapshot);
    if (this.kept.length > SNAPSHOT_LIMIT) this.base = this.kept.shift() ?? null;
  }

  /** `drops` is sent before the newest state, which is sent once, at the end: sent twice, it would be an interval without additions. */
  hydration(sessionId: string, drops: ToWebview): ToWebview[] {
    const newest = this.kept.at(-1);
    return [
      { type: 'histogramHistory', sessionId, base: this.base, snapshots: this.kept.slice(0, -1) },
      drops,
      ...(newest
        ? [{ type: 'histograms', sessionId, histograms: newest.histograms, atMs: newest.atMs } as const]
        : []),
    ];
  }
}
