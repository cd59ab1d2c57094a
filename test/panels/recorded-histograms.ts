/** A recorded run of a latency histogram per command: what the host sends, second by second. */

import type { Bucket, Histogram } from '../../src/shared/decode/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { plainHistogram } from '../unit/plain-histogram';

export const SESSION = 'session-1';
/** 2026-01-15 10:30:00 UTC. */
export const START_MS = Date.UTC(2026, 0, 15, 10, 30, 0);

/** A small generator with a known sequence (Park and Miller 1988), so that every run is the same. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

export function sessionMessage(
  title = 'biolatency',
  state: 'running' | 'ended' | 'failed' = 'running',
  message = '',
): ToWebview {
  return {
    type: 'session',
    session: {
      id: SESSION,
      title,
      target: 'sandbox VM',
      state,
      message,
      startedAtMs: START_MS,
      attached: [{ program: 'block_rq_complete', attach: 'tp_btf/block_rq_complete' }],
    },
    streams: [],
  };
}

function log2Buckets(counts: ReadonlyMap<number, number>): Bucket[] {
  return [...counts.entries()]
    .sort(([a], [b]) => a - b)
    .map(([slot, count]) => ({
      min: slot === 0 ? 0 : 2 ** (slot - 1),
      max: slot === 0 ? 0 : 2 ** slot - 1,
      count,
    }));
}

export interface RecordingOptions {
  readonly commands: readonly string[];
  readonly seconds: number;
  /** From this second on the first command gets slower. */
  readonly worseFrom: number;
}

/** States since attach, one per second: two modes (cache and disk), a few outliers, a slowdown of the first key. */
export function recordHistograms(
  options: RecordingOptions,
  keyed: boolean,
): { readonly atMs: number; readonly histograms: Histogram[] }[] {
  const random = sequence(42);
  const counts = options.commands.map(() => new Map<number, number>());
  return Array.from({ length: options.seconds }, (_, second) => {
    options.commands.forEach((_command, index) => {
      const slots = counts[index];
      if (!slots) return;
      const values = Math.round(900 / (index + 1));
      for (let value = 0; value < values; value++) {
        const gauss = random() + random() + random() + random() - 2;
        const slow = random() < 0.12;
        const worse = index === 0 && second >= options.worseFrom ? 3 : 0;
        const slot = Math.max(0, Math.round((slow ? 11 + worse : 4 + index * 0.3) + gauss * 2.2));
        slots.set(slot, (slots.get(slot) ?? 0) + 1);
      }
      if (second % 17 === 5) slots.set(18, (slots.get(18) ?? 0) + 1);
    });
    const histograms = options.commands.map((command, index): Histogram => {
      const buckets = log2Buckets(counts[index] ?? new Map());
      return plainHistogram(buckets, {
        label: 'Block I/O latency',
        key: keyed ? { comm: command } : null,
      });
    });
    return { atMs: START_MS + second * 1000, histograms };
  });
}

export const COMMANDS = [
  'postgres',
  'kworker/u8:2',
  'dd',
  'jbd2/vda1-8',
  'node',
  'rsync',
  'systemd-journal',
  'bash',
  'git',
  'fsync-tester',
  'mysqld',
  'cp',
];
