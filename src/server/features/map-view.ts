/** What a map is for and which panel it will get, judged from its source; the object's BTF decides in the end (shared/object/views). */
import { MAP_KINDS } from '../helpers/map-kinds';
import type { SourceMap, TagMark } from '../source/model';
import type { Types } from '../source/types';

const SLOT_TYPES = /^(bpfw_slot|bpfw_linear_slot|gadget_histogram_slot__u(32|64))$/;
const HISTOGRAM_NAME = /^(hist|hists|dist|dists|histogram|slots|buckets)\d*$|_(hist|dist|histogram|slots)$/;

export interface MapSummary {
  readonly type: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly maxEntries: string | null;
  /** "events", "histogram" ...: what the panel is called. */
  readonly shown: 'events' | 'histogram' | 'table' | 'stacks' | 'none';
  /** One sentence. */
  readonly text: string;
}

export function summarizeMap(map: SourceMap, types: Types): MapSummary {
  const field = (name: string) => map.fields.find(one => one.name === name)?.value ?? null;
  const type = field('type') ?? '';
  const kind = MAP_KINDS.find(one => one.name === type);
  const value = field('value');
  const base = { type, key: field('key'), value, maxEntries: field('max_entries') };
  const tag = (name: string): TagMark | undefined => map.tags.find(one => one.macro === name);
  const label = tag('BPFW_LABEL')?.arguments[0];
  const titled = label ? ` titled “${label}”` : '';

  if (tag('BPFW_HIDDEN'))
    return { ...base, shown: 'none', text: 'Hidden from the panels (BPFW_HIDDEN); the Maps page lists it.' };
  const scale = tag('BPFW_LOG2') ?? tag('BPFW_LINEAR') ?? tag('BPFW_PERCENTILES');
  if (scale) {
    const unit = scale.arguments.at(-1) ?? '';
    const words: Readonly<Record<string, string>> = {
      BPFW_LOG2: 'powers of two',
      BPFW_LINEAR: 'equal steps',
      BPFW_PERCENTILES: 'percentiles',
    };
    return {
      ...base,
      shown: 'histogram',
      text: `Shown as a histogram of ${words[scale.macro] ?? ''}${unit ? ` in ${unit}` : ''}${titled}.`,
    };
  }
  if (kind?.shown === 'events') {
    const record = map.record ? ` of ${map.record}` : '';
    return { ...base, shown: 'events', text: `Shown as a live table of events${record}${titled}.` };
  }
  if (kind?.shown === 'stacks')
    return { ...base, shown: 'stacks', text: `Shown as stacks: flame graph and functions${titled}.` };
  const isSlots = value !== null && SLOT_TYPES.test(value);
  if (isSlots || (HISTOGRAM_NAME.test(map.name) && /ARRAY$/.test(type)) || hasSlots(value, types))
    return { ...base, shown: 'histogram', text: `Shown as a histogram${titled}.` };
  if (kind?.shown === 'table')
    return {
      ...base,
      shown: 'table',
      text: `Shown as a live table${titled}, unless it is the program's own bookkeeping.`,
    };
  return { ...base, shown: 'none', text: 'Has no panel of its own; the Maps page lists it.' };
}

function hasSlots(value: string | null, types: Types): boolean {
  const written = value === null ? null : types.parseType(value);
  const aggregate = written && types.aggregateOf(written);
  return aggregate?.members.some(one => one.name === 'slots' && one.type.dimensions.length === 1) ?? false;
}
