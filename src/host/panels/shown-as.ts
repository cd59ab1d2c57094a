/**
 * What the user chose where a panel shows something by its name alone: how slots count, and plain numbers instead of a
 * quantity. Applied to every message to a page, so that the model and the pages know nothing of it. No `vscode`.
 */
import { LOG2_CONVENTIONS, type Log2Convention } from '../../shared/bpf/map-role';
import { recount } from '../../shared/decode/histogram-slots';
import type { Histogram } from '../../shared/decode/model';
import type { EntryLayouts, Field, MapView, RecordLayout } from '../../shared/object/model';
import type { HistogramSnapshot, ToWebview } from '../../shared/protocol/webview';

/** By what it is of: `slots MAP` is a convention, `field OWNER NAME` is `plain`; OWNER is a map, a stream or ''. */
export type ShownAs = Readonly<Record<string, string>>;

/** The message with the user's choices. */
export function shownAs(message: ToWebview, chosen: ShownAs): ToWebview {
  if (Object.keys(chosen).length === 0) return message;
  const histograms = (all: readonly Histogram[]) => all.map(each => countedAs(each, chosen));
  const snapshot = (each: HistogramSnapshot) => ({ ...each, histograms: histograms(each.histograms) });
  switch (message.type) {
    case 'histograms':
      return { ...message, histograms: histograms(message.histograms) };
    case 'histogramHistory': {
      const { base, snapshots } = message;
      return { ...message, base: base && snapshot(base), snapshots: snapshots.map(snapshot) };
    }
    case 'session':
      return {
        ...message,
        streams: message.streams.map(stream => ({
          ...stream,
          record: stream.record && layoutAs(stream.record, stream.stream, chosen),
        })),
        ...(message.maps && {
          maps: message.maps.map(map => ({
            ...map,
            view: viewAs(map.view, map.name, chosen),
            entries: map.entries && entriesAs(map.entries, map.name, chosen),
          })),
        }),
      };
    case 'globals':
      return {
        ...message,
        globals: message.globals.map(global => ({
          ...global,
          layout: layoutAs(global.layout, global.name, chosen),
        })),
      };
    default:
      return message;
  }
}

function countedAs(histogram: Histogram, chosen: ShownAs): Histogram {
  const convention = chosen[`slots ${histogram.map}`];
  return isConvention(convention) ? recount(histogram, convention) : histogram;
}

function isConvention(text: string | undefined): text is Log2Convention {
  return LOG2_CONVENTIONS.some(convention => convention === text);
}

function viewAs(view: MapView, owner: string, chosen: ShownAs): MapView {
  if (view.kind === 'table') return { ...view, ...entriesAs(view, owner, chosen) };
  if (view.kind === 'histogram' && view.key) return { ...view, key: layoutAs(view.key, owner, chosen) };
  return view;
}

function entriesAs({ key, value }: EntryLayouts, owner: string, chosen: ShownAs): EntryLayouts {
  return { key: layoutAs(key, owner, chosen), value: layoutAs(value, owner, chosen) };
}

function layoutAs(layout: RecordLayout, owner: string, chosen: ShownAs): RecordLayout {
  return {
    ...layout,
    fields: layout.fields.map(
      (field): Field =>
        field.byName && chosen[`field ${owner} ${field.name}`] === 'plain'
          ? {
              ...field,
              meaning: 'plain',
              unit: '',
              byName: 'overruled',
              why: `your choice, not ${field.why}`,
            }
          : field,
    ),
  };
}
