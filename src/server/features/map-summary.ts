/** What a map is for and which panel it will get, by the panels' rule, applied to the source. */
import {
  type MapRole,
  mapRole,
  SLOT_TYPEDEFS,
  SLOTS_MEMBER,
  type SlotFacts,
} from '../../shared/bpf/map-role';
import { fieldOf, type SourceMap, type TagMark, type WrittenType } from '../source/model';
import type { ProgramSource } from '../source/program-source';
import type { Types } from '../source/types';

export interface MapSummary {
  /** "hash", "ringbuf": in lower case, without BPF_MAP_TYPE_. */
  readonly type: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly maxEntries: string | null;
  readonly role: MapRole;
  /** One sentence. */
  readonly text: string;
}

const SCALES: Readonly<Record<string, string>> = {
  BPFW_LOG2: 'powers of two',
  BPFW_LINEAR: 'equal steps',
  BPFW_PERCENTILES: 'percentiles',
};

export function summarizeMap(map: SourceMap, types: Types): MapSummary {
  const { source } = types;
  const field = (name: string) => fieldOf(map, name)?.value ?? null;
  const type = (field('type') ?? '').replace('BPF_MAP_TYPE_', '').toLowerCase();
  const [key, value, maxEntries] = [field('key'), field('value'), field('max_entries')];
  const written = value === null ? null : types.parseType(value);
  const most = maxEntries === null ? null : types.evaluate(maxEntries);
  const scale = map.tags.find(tag => SCALES[tag.macro] !== undefined);
  const role = mapRole(
    {
      name: map.name,
      type,
      maxEntries: most === null ? null : Number(most),
      isHidden: map.tags.some(tag => tag.macro === 'BPFW_HIDDEN'),
      isHistogram: scale !== undefined,
      drops: null,
      isWritten: map.record !== null || (type === 'perf_event_array' && isWritten(source, map.name)),
      slots: written && slotsOf(written, types),
      valueIsPointer: written !== null && written.pointers > 0 && written.dimensions.length === 0,
      hasTypes: key !== null || value !== null || field('key_size') !== null,
    },
    new Set(source.maps.map(one => one.name)),
  );
  return { type, key, value, maxEntries, role, text: textOf(map, role, scale) };
}

function textOf(map: SourceMap, role: MapRole, scale: TagMark | undefined): string {
  const label = map.tags.find(tag => tag.macro === 'BPFW_LABEL')?.arguments[0];
  const titled = label ? ` titled “${label}”` : '';
  switch (role.kind) {
    case 'events':
      return `Shown as a live table of events${map.record ? ` of ${map.record}` : ''}${titled}.`;
    case 'stacks':
      return `Shown as stacks: flame graph and functions${titled}.`;
    case 'histogram': {
      const unit = scale?.arguments.at(-1) ?? '';
      const steps = scale ? ` of ${SCALES[scale.macro] ?? ''}${unit ? ` in ${unit}` : ''}` : '';
      return `Shown as a histogram${steps}${titled}.`;
    }
    case 'table':
      return `Shown as a live table${titled}.`;
    case 'drops':
      return `Counts lost records${role.of === null ? '' : ` of ${role.of}`}: shown beside what was not lost.`;
    case 'internal':
      return `Has no panel of its own (${role.why}); the Maps page lists it.`;
  }
}

/** True if a call that does more than read counters gets the map's address. */
function isWritten(source: ProgramSource, name: string): boolean {
  const address = new RegExp(`^&\\s*${name}$`);
  return source.definitions.some(owner => {
    const body = source.body(owner);
    return body.calls.some(
      call =>
        !/^bpf_perf_event_read(_value)?$/.test(call.name) &&
        call.arguments.some(argument => address.test(body.text(argument))),
    );
  });
}

/** The value itself if it is a counter, an array of counters, or the struct member that is the best such array. */
function slotsOf(value: WrittenType, types: Types): SlotFacts | null {
  const own = countersOf(value, types, false);
  if (own) return own;
  const aggregate = types.aggregateOf(value);
  if (aggregate?.kind !== 'struct') return null;
  const candidates = aggregate.members
    .filter(member => member.bits === null)
    .flatMap(member => countersOf(member.type, types, SLOTS_MEMBER.test(member.name)) ?? [])
    .filter(slots => slots.inValue);
  return candidates.find(slots => slots.convention !== null) ?? candidates.find(slots => slots.named) ?? null;
}

function countersOf(type: WrittenType, types: Types, named: boolean): SlotFacts | null {
  const { name, dimensions, pointers, names } = types.withoutTypedefs(type);
  if (pointers > 0 || dimensions.length > 1 || !types.isUnsigned(name)) return null;
  const typedef = names.find(one => SLOT_TYPEDEFS[one] !== undefined) ?? '';
  return { inValue: dimensions.length === 1, convention: SLOT_TYPEDEFS[typedef] ?? null, named };
}
