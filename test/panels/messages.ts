/** Messages of the host to a page, of the one session. */
import type { MapEntry } from '../../src/shared/decode/model';
import type { ToWebview } from '../../src/shared/protocol/webview';
import { SESSION, START_MS } from './recorded-histograms';

type Message<T extends ToWebview['type']> = Extract<ToWebview, { type: T }>;

export const spanMessage = (
  bytes: ArrayBuffer,
  part: Partial<Omit<Message<'span'>, 'type' | 'bytes'>> = {},
): Message<'span'> => ({
  type: 'span',
  sessionId: SESSION,
  stream: 'events',
  bytes,
  lost: 0,
  atMs: START_MS,
  ...part,
});

export const entriesMessage = (
  map: string,
  entries: readonly MapEntry[],
  atMs = START_MS,
): Message<'mapEntries'> => ({ type: 'mapEntries', sessionId: SESSION, map, entries, atMs });
