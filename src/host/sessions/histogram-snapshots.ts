/** The states of a session's histograms over time, bounded: a page that has just loaded draws its time line of them. No `vscode`. */
import type { HistogramSnapshot, ToWebview } from '../../shared/protocol/webview';

/** As many as a page draws. */
const SNAPSHOT_LIMIT = 300;

export class HistogramSnapshots {
  private readonly kept: HistogramSnapshot[] = [];
  /** The newest that left: what the oldest that is kept adds to. */
  private base: HistogramSnapshot | null = null;

  push(snapshot: HistogramSnapshot): void {
    this.kept.push(snapshot);
    if (this.kept.length > SNAPSHOT_LIMIT) this.base = this.kept.shift() ?? null;
  }

  /** `drops` goes before the newest state, which comes last and by itself: sent twice, it would be an interval in which nothing was added. */
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
