/** What users chose is applied to every message that a page gets. */
import { describe, expect, it } from 'vitest';
import { parsePageMessage } from '../../../src/host/panels/page-messages';
import { shownAs } from '../../../src/host/panels/shown-as';
import type { RecordLayout } from '../../../src/shared/object/model';
import type { SessionSummary, ToWebview } from '../../../src/shared/protocol/webview';
import { plainField } from '../plain-field';

const record: RecordLayout = {
  typeName: 'struct event',
  size: 16,
  fields: [
    plainField('delta_ns', { meaning: 'duration-ns', unit: 'ns', byName: 'unit', why: 'its name' }),
    plainField('stated', { meaning: 'duration-ns', unit: 'ns', why: 'the type bpfw_ns' }),
  ],
};
const session: ToWebview = {
  type: 'session',
  session: { id: 's' } as SessionSummary,
  streams: [{ stream: 'events', label: 'events', content: 'ring', record }],
};

describe('choices of the user', () => {
  it('are plain numbers when only the name has the unit', () => {
    const chosen = {
      'field events delta_ns': 'plain',
      'field events stated': 'plain',
      'field other x': 'plain',
    };
    const message = shownAs(session, chosen);
    expect(message.type === 'session' && message.streams[0]?.record?.fields).toEqual([
      {
        ...record.fields[0],
        meaning: 'plain',
        unit: '',
        byName: 'overruled',
        why: 'your choice, not its name',
      },
      record.fields[1],
    ]);
    expect(shownAs(session, {})).toBe(session);
  });

  it('count the slots of a histogram anew, also of earlier ones', () => {
    const histogram = {
      map: 'hist',
      label: 'hist',
      kind: 'log2',
      unit: '',
      key: null,
      buckets: [
        { min: 512, max: 1023, count: 3 },
        { min: 2 ** 26, max: 2n ** 64n - 1n, count: 1 },
      ],
      total: 4,
      slots: { convention: 'libbpf-tools', assumed: true, count: 27 },
    } as const;
    const snapshot = { atMs: 1, histograms: [histogram], drops: { kernel: 0, tracer: 0, client: 0 } };
    const message = shownAs(
      { type: 'histogramHistory', sessionId: 's', base: snapshot, snapshots: [snapshot] },
      { 'slots hist': 'bcc' },
    );
    if (message.type !== 'histogramHistory') throw new Error('another message');
    for (const { histograms } of [message.base ?? snapshot, ...message.snapshots])
      expect(histograms[0]).toMatchObject({
        buckets: [
          { min: 256, max: 511, count: 3 },
          { min: 2 ** 25, max: 2n ** 64n - 1n, count: 1 },
        ],
        slots: { convention: 'bcc' },
      });
    const other = shownAs(
      { type: 'histograms', sessionId: 's', histograms: [histogram], atMs: 1 },
      { 'slots hist': 'nonsense' },
    );
    expect(other.type === 'histograms' && other.histograms[0]).toBe(histogram);
  });

  it('come from pages as messages of a limited size', () => {
    expect(parsePageMessage({ type: 'showAs', of: 'slots hist', value: null })).not.toBeNull();
    expect(parsePageMessage({ type: 'showAs', of: 'x'.repeat(1001), value: 'bcc' })).toBeNull();
  });
});
