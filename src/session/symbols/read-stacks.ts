/** Reads and symbolizes a session's stacks, for the flame graph and `bpfw run`. */
import { decodeEntries } from '../../shared/decode/entries';
import { type LostStacks, lostFrame, lostStacks, stackId } from '../../shared/decode/lost-stacks';
import type { FieldValue, MapEntry } from '../../shared/decode/model';
import { decodeStacks, inlineAddresses, type StackAddress, withoutStacks } from '../../shared/decode/stacks';
import type { StackField, StackTable } from '../../shared/object/stack-tables';
import type { TracingSession } from '../tracing/tracing-session';
import { frameText, type NamedAddress, type Symbolizer } from './symbolizer';

export interface NamedStackFrame extends NamedAddress {
  readonly kind: 'kernel' | 'user';
}

/** One entry of a table: its symbolized stack and the values counted for it. */
export interface StackEntry {
  /** Outermost first; kernel frames follow the user frames that called them. */
  readonly frames: readonly NamedStackFrame[];
  readonly key: Readonly<Record<string, FieldValue>>;
  readonly value: Readonly<Record<string, FieldValue>>;
}

/** A StackEntry with its frames as text. */
export interface NamedStack extends Omit<StackEntry, 'frames'> {
  readonly frames: readonly string[];
  readonly key: Readonly<Record<string, FieldValue>>;
  readonly value: Readonly<Record<string, FieldValue>>;
}

/** A snapshot of a table of stacks, not yet symbolized. */
export interface StackSnapshot {
  readonly table: StackTable;
  readonly entries: readonly MapEntry[];
  /** Stacks kept in stack maps, by id. */
  readonly stored: ReadonlyMap<number, readonly StackAddress[]>;
  readonly lost: readonly LostStacks[];
}

/** Needs the session; symbolizing does not, and may take long. */
export async function readStackSnapshot(session: TracingSession, table: StackTable): Promise<StackSnapshot> {
  const { keys, values, count, cpus } = await session.readMap(table.map);
  const entries = decodeEntries(table.map, keys, values, count, cpus);
  const stored = await storedStacks(session, table);
  return { table, entries, stored, lost: lostStacks(session.object, table, entries, stored) };
}

/** Number of stacks: with 127 frames each, fewer queries than a LineProcess allows to be pending. */
const NAMED_AT_ONCE = 128;

/** Every entry of the snapshot, with its stacks joined and symbolized. */
export async function nameStacks(snapshot: StackSnapshot, symbolizer: Symbolizer): Promise<StackEntry[]> {
  const { table, entries, stored } = snapshot;
  const named: StackEntry[] = [];
  for (let at = 0; at < entries.length; at += NAMED_AT_ONCE) {
    const batch = entries.slice(at, at + NAMED_AT_ONCE).map(async entry => {
      const user = await framesOf(table, entry, 'user', stored, symbolizer);
      const kernel = await framesOf(table, entry, 'kernel', stored, symbolizer);
      return { frames: [...user, ...kernel], ...withoutStacks(table, entry) };
    });
    named.push(...(await Promise.all(batch)));
  }
  return named;
}

/** Like nameStacks(readStackSnapshot()), with frames as text. */
export async function readStacks(
  session: TracingSession,
  table: StackTable,
  symbolizer: Symbolizer,
): Promise<{ readonly stacks: NamedStack[]; readonly lost: readonly LostStacks[] }> {
  const snapshot = await readStackSnapshot(session, table);
  const entries = await nameStacks(snapshot, symbolizer);
  return {
    lost: snapshot.lost,
    stacks: entries.map(entry => ({
      ...entry,
      frames: entry.frames.map(frame => frameText(frame.kind, frame)),
    })),
  };
}

/** The stacks in stack maps, by id; each id is looked up in the map that contains it. */
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
): Promise<NamedStackFrame[]> {
  const pidValue = table.pid ? entry[table.pid.part][table.pid.field.name] : undefined;
  const pid = typeof pidValue === 'number' ? pidValue : 0;
  const frames: NamedStackFrame[] = [];
  for (const stack of table.stacks.filter(candidate => candidate.space === space)) {
    const innermostFirst = await namesOf(stack, entry[stack.part][stack.field.name], pid, stored, symbolizer);
    frames.push(...innermostFirst.reverse().map(frame => ({ ...frame, kind: space })));
  }
  return frames;
}

async function namesOf(
  stack: StackField,
  value: FieldValue | undefined,
  pid: number,
  stored: ReadonlyMap<number, readonly StackAddress[]>,
  symbolizer: Symbolizer,
): Promise<NamedAddress[]> {
  if (stack.inline)
    return symbolizer.namedFrames(
      stack.space,
      pid,
      inlineAddresses(value).map(address => ({ kind: 'address', address })),
    );
  const id = stackId(value, stack.field.storage);
  if (id.kind === 'error') {
    const name = lostFrame(id);
    return name === null ? [] : [{ name, module: '' }];
  }
  const addresses = stored.get(id.id);
  return addresses
    ? symbolizer.namedFrames(stack.space, pid, addresses)
    : [{ name: '[stack lost]', module: '' }];
}
