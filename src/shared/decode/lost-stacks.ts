/** Ids in tables of stacks that have no stack, and why: bpf_get_stackid() stores its error in the id's place. */
import type { BpfObject, Storage } from '../object/model';
import type { StackTable } from '../object/stack-tables';
import { errnoName } from './kernel-names';
import { isQuantity } from './meaning-class';
import type { FieldValue, MapEntry } from './model';

/** Errors of bpf_get_stackid() (kernel/bpf/stackmap.c). */
const EEXIST = 17;
const EFAULT = 14;
/** The largest errno (MAX_ERRNO, include/linux/err.h). */
const MAX_ERRNO = 4095;
/** Places per stack at which few stacks meet: the kernel chooses the place by a hash. */
const PLACES_PER_STACK = 8;

export type StackId =
  | { readonly kind: 'id'; readonly id: number }
  /** A positive errno. */
  | { readonly kind: 'error'; readonly errno: number };

/** An id as stored, with or without sign: negative numbers are errors, also where the field has no sign. */
export function stackId(value: FieldValue | undefined, storage: Storage): StackId {
  if (typeof value !== 'number' && typeof value !== 'bigint') return { kind: 'error', errno: EFAULT };
  const bits = /64$/.test(storage) ? 64 : 32;
  const signed = Number(BigInt.asIntN(bits, BigInt(value)));
  return signed < 0 && signed >= -MAX_ERRNO
    ? { kind: 'error', errno: -signed }
    : { kind: 'id', id: Number(BigInt.asUintN(32, BigInt(value))) };
}

/** What a lost stack is shown as; null for an id, and where there was no stack to store (a kernel thread's user stack). */
export function lostFrame(id: StackId): string | null {
  if (id.kind === 'id' || id.errno === EFAULT) return null;
  if (id.errno === EEXIST) return '[stack lost: its place was taken]';
  return `[stack lost: ${errnoName(id.errno) ?? `error ${id.errno}`}]`;
}

/** Stacks of a table that were lost for one reason. */
export interface LostStacks {
  /** "EEXIST" ...; "" for ids that their map does not have any more. */
  readonly reason: string;
  /** Entries of the table without their stack, and what they count together. */
  readonly entries: number;
  readonly samples: number;
  /** The maps that the stacks were to be in, usually one, with their sizes. */
  readonly maps: readonly { readonly map: string; readonly maxEntries: number }[];
  /** Places enough for the stacks seen; null where more places are no help. */
  readonly neededEntries: number | null;
}

/** Every reason for which stacks of the table are missing. `stored`: ids in the stack maps. */
export function lostStacks(
  object: Pick<BpfObject, 'maps'>,
  table: StackTable,
  entries: readonly MapEntry[],
  stored: { has(id: number): boolean; readonly size: number },
): LostStacks[] {
  const maps = object.maps
    .filter(({ view }) => view.kind === 'stacks')
    .map(({ name, maxEntries }) => ({ map: name, maxEntries }));
  const counted = table.map.view.kind === 'table' ? table.map.view.value.fields.find(isQuantity) : undefined;
  const byReason = new Map<string, { entries: number; samples: number }>();
  for (const entry of entries) {
    const reasons = new Set<string>();
    for (const { part, field, inline } of table.stacks) {
      if (inline) continue;
      const id = stackId(entry[part][field.name], field.storage);
      if (id.kind === 'id') {
        if (!stored.has(id.id)) reasons.add('');
      } else if (lostFrame(id) !== null) reasons.add(errnoName(id.errno) ?? String(id.errno));
    }
    for (const reason of reasons) {
      const sum = byReason.get(reason) ?? { entries: 0, samples: 0 };
      byReason.set(reason, sum);
      sum.entries++;
      sum.samples += counted ? Number(entry.value[counted.name] ?? 1) : 1;
    }
  }
  return [...byReason].map(([reason, { entries: lost, samples }]) => {
    const places = PLACES_PER_STACK * (stored.size + lost);
    const isFull = reason === '' || reason === errnoName(EEXIST);
    return { reason, entries: lost, samples, maps, neededEntries: isFull ? powerOfTwo(places, maps) : null };
  });
}

function powerOfTwo(least: number, maps: readonly { readonly maxEntries: number }[]): number {
  // More than there are, in any case: they were not enough.
  const more = Math.max(least, ...maps.map(({ maxEntries }) => 2 * maxEntries));
  return 2 ** Math.ceil(Math.log2(more));
}

/** "9 stacks (120 samples) of counts are lost: ..." with what to do. */
export function lostStacksText(table: string, lost: LostStacks): string {
  const { reason, entries, samples, maps, neededEntries } = lost;
  const what = `${entries} ${entries === 1 ? 'stack' : 'stacks'} of ${table}, counted ${samples} ${samples === 1 ? 'time' : 'times'},`;
  const where =
    maps.map(({ map, maxEntries }) => `${map} (max_entries ${maxEntries})`).join(' or ') || 'their map';
  if (reason === errnoName(EEXIST))
    return `${what} did not fit into ${where}: the place was taken (EEXIST). Set max_entries to ${neededEntries} or more.`;
  if (reason === '')
    return `${what} ${entries === 1 ? 'is' : 'are'} no longer in ${where}: others replaced ${entries === 1 ? 'it' : 'them'}. Set max_entries to ${neededEntries} or more.`;
  return `${what} could not be stored in ${where}: ${reason}.`;
}
