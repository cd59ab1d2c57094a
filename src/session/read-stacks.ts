/** The stacks of a session by name, read now: what the flame graph and `bpfw run` show. */
import { decodeEntries } from '../shared/decode/entries';
import type { FieldValue, MapEntry } from '../shared/decode/model';
import {
  inlineAddresses,
  type StackField,
  type StackTable,
  withoutStacks,
} from '../shared/decode/stack-tables';
import { decodeStacks, type StackAddress } from '../shared/decode/stacks';
import type { Symbolizer } from './symbols/symbolizer';
import type { TracingSession } from './tracing-session';

export interface NamedStack {
  /** Outermost first; kernel frames after (inside) the user frames that led to them. */
  readonly frames: readonly string[];
  readonly key: Readonly<Record<string, FieldValue>>;
  readonly value: Readonly<Record<string, FieldValue>>;
}

/** Every entry of one table, its stacks joined and named. */
export async function readStacks(
  session: TracingSession,
  table: StackTable,
  symbolizer: Symbolizer,
): Promise<NamedStack[]> {
  const { keys, values, count, cpus } = await session.readMap(table.map);
  const entries = decodeEntries(table.map, keys, values, count, cpus);
  const stored = await storedStacks(session, table);
  return Promise.all(
    entries.map(async entry => {
      const user = await framesOf(table, entry, 'user', stored, symbolizer);
      const kernel = await framesOf(table, entry, 'kernel', stored, symbolizer);
      return { frames: [...user, ...kernel], ...withoutStacks(table, entry) };
    }),
  );
}

/** Stacks kept in stack maps, by id; ids are looked up in whichever map holds them. */
async function storedStacks(
  session: TracingSession,
  table: StackTable,
): Promise<ReadonlyMap<number, readonly StackAddress[]>> {
  const all = new Map<number, readonly StackAddress[]>();
  if (table.stacks.every(stack => stack.inline)) return all;
  for (const map of session.object.maps) {
    if (map.view.kind !== 'stacks') continue;
    const { keys, values, count } = await session.readMap(map);
    for (const [id, frames] of decodeStacks(map, keys, values, count)) all.set(id, frames);
  }
  return all;
}

async function framesOf(
  table: StackTable,
  entry: MapEntry,
  space: 'kernel' | 'user',
  stored: ReadonlyMap<number, readonly StackAddress[]>,
  symbolizer: Symbolizer,
): Promise<string[]> {
  const pidValue = table.pid ? entry[table.pid.part][table.pid.field.name] : undefined;
  const pid = typeof pidValue === 'number' ? pidValue : 0;
  const frames: string[] = [];
  for (const stack of table.stacks.filter(candidate => candidate.space === space)) {
    const innermostFirst = await namesOf(stack, entry[stack.part][stack.field.name], pid, stored, symbolizer);
    frames.push(...innermostFirst.reverse());
  }
  return frames;
}

async function namesOf(
  stack: StackField,
  value: FieldValue | undefined,
  pid: number,
  stored: ReadonlyMap<number, readonly StackAddress[]>,
  symbolizer: Symbolizer,
): Promise<string[]> {
  if (stack.inline)
    return symbolizer.frames(
      stack.space,
      pid,
      inlineAddresses(value).map(address => ({ kind: 'address', address })),
    );
  const id = typeof value === 'number' ? value : -1;
  // bpf_get_stackid: -EFAULT without a stack of that kind, -EEXIST when another stack took the bucket.
  if (id < 0) return id === -17 ? ['[stack lost: its place was taken]'] : [];
  const addresses = stored.get(id);
  return addresses ? symbolizer.frames(stack.space, pid, addresses) : ['[stack lost]'];
}
