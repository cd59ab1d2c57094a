/** What is done at one probe, from a choice whose expressions are checked: the writer only spells it out. */
import { identifierOf, memberName, variableName } from './c-text';
import { type Checked, checkExpression, type Named, type Scope, TEXT_BYTES } from './check-expression';
import { parseExpression } from './parse-expression';
import type { Offered, Probe } from './probe';
import { TraceError } from './trace-error';
import { U64, type ValueType } from './value-type';

export type Mode =
  | { readonly kind: 'count' | 'latency' | 'events' | 'stacks' }
  /** Of the values of an expression. */
  | { readonly kind: 'hist'; readonly of: string };

export interface TraceChoice {
  readonly probes: readonly Probe[];
  readonly mode: Mode;
  /** An expression for each part of the key. */
  readonly by: readonly string[];
  readonly where: string | null;
}

export interface Column {
  readonly name: string;
  /** Of a member: "bpfw_pid", "char [16]". */
  readonly value: Checked;
}

export interface Plan {
  readonly probe: Probe;
  /** Unique among the probes; names of functions and maps begin with it. */
  readonly name: string;
  readonly keys: readonly Column[];
  /** Of a record; none but with events. */
  readonly columns: readonly Column[];
  /** Of a histogram. */
  readonly value: (Checked & { readonly kind: 'integer' }) | null;
  readonly where: Checked | null;
  /** The condition needs the result or the time: it is tested at the end. */
  readonly whereAtEnd: boolean;
  readonly atEnd: boolean;
  readonly timed: boolean;
  /** Arguments and fields that the handlers need, in their order. */
  readonly used: readonly Offered[];
  /** Those that are kept from the beginning to the end. */
  readonly kept: readonly Offered[];
  readonly usesResult: boolean;
}

/** Throws TraceError. */
export function planOf(choice: TraceChoice): Plan[] {
  const { probes, mode } = choice;
  if (probes.length === 0) throw new TraceError('bad-choice', 'No probe was named.');
  const files = new Set(probes.flatMap(({ place }) => (place.kind === 'user-function' ? [place.file] : [])));
  if (files.size > 1)
    throw new TraceError(
      'bad-choice',
      `Functions of one file can be traced at a time, not of ${[...files].join(' and ')}.`,
    );
  const names = new Set<string>();
  const plans = probes.map(probe => planOne(probe, uniqueName(nameOf(probe), names), choice));
  if (mode.kind === 'stacks') requireStacks(plans);
  const [first, ...others] = plans;
  for (const { keys, probe } of others)
    keys.forEach((key, index) => {
      const own = first?.keys[index];
      if (own && shapeOf(own) !== shapeOf(key))
        throw new TraceError(
          'bad-choice',
          `'${key.name}' of ${probe.label} is of another type than that of ${first.probe.label}.`,
        );
    });
  for (const { keys, probe } of plans)
    if (keys.reduce((sum, key) => sum + bytesOf(key), 0) > MOST_KEY_BYTES)
      throw new TraceError(
        'bad-choice',
        `The key of ${probe.label} is larger than ${MOST_KEY_BYTES} bytes: a program's stack has 512.`,
      );
  return plans;
}

/** What is left of a program's 512 bytes of stack beside a stack of 32 frames. */
const MOST_KEY_BYTES = 160;

const shapeOf = (key: Column): string => `${key.value.kind} ${bytesOf(key)}`;

const bytesOf = ({ value }: Column): number =>
  value.kind === 'text' ? value.bytes : value.kind === 'integer' ? value.type.size : 8;

function requireStacks(plans: readonly Plan[]): void {
  if (plans.some(plan => plan.atEnd))
    throw new TraceError(
      'bad-choice',
      'Stacks are taken where a function begins: its result and latency are not known there.',
    );
  if (new Set(plans.map(({ probe }) => hasUserStacks(probe))).size > 1)
    throw new TraceError('bad-choice', 'Stacks of the kernel and of user programs cannot be in one table.');
}

function planOne(probe: Probe, name: string, choice: TraceChoice): Plan {
  try {
    return planFor(probe, name, choice);
  } catch (error) {
    if (!(error instanceof TraceError) || !probe.instead) throw error;
    try {
      return planFor(probe.instead, name, choice);
    } catch {
      throw error;
    }
  }
}

function planFor(probe: Probe, name: string, { mode, by, where }: TraceChoice): Plan {
  const scope = scopeOf(probe);
  const check = (text: string): Checked => checkExpression(parseExpression(text), scope);
  const taken = new Set<string>();
  const column = (text: string): Column => ({
    name: uniqueName(columnName(text), taken),
    value: check(text),
  });
  // An argument may be called pid as well; it is what the name then means in an expression.
  const current = (name: keyof typeof CURRENT): Column => ({
    name: uniqueName(probe.offers.some(offer => offer.name === name) ? CURRENT[name] : name, taken),
    // It needs nothing of the probe: an argument of this name is another.
    value: { ...checkExpression({ kind: 'name', name }, scopeOf({ ...probe, offers: [] })), uses: new Set() },
  });
  // A user address can only be named with its process.
  const process = mode.kind === 'stacks' && hasUserStacks(probe) ? [current('pid')] : [];
  const others = by.filter(text => process.every(each => each.name !== text));
  const keys = mode.kind === 'events' ? [] : [...process, ...others.map(column)];
  const columns =
    mode.kind === 'events'
      ? [current('pid'), current('tid'), current('comm'), ...eventNames(probe, by).map(column)]
      : [];
  const value =
    mode.kind === 'hist'
      ? histValue(mode.of, check(mode.of))
      : mode.kind === 'latency'
        ? histValue('latency', check('latency'))
        : null;
  const condition = where === null ? null : conditionOf(where, check(where));
  const needed = [...keys, ...columns].map(each => each.value).concat(value ?? []);
  // A tracepoint's field may have such a name.
  const isLate = ({ uses }: Checked) => probe.returns && (uses.has('result') || uses.has('latency'));
  const uses = new Set([...needed, ...(condition ? [condition] : [])].flatMap(each => [...each.uses]));
  const atEnd = [...needed, ...(condition ? [condition] : [])].some(isLate);
  const timed = probe.returns && uses.has('latency');
  // Where nothing is kept from the beginning of a call, what is tested there would be forgotten.
  const isKept = timed || needed.some(each => probe.offers.some(offer => each.uses.has(offer.name)));
  const whereAtEnd = condition !== null && (isLate(condition) || (atEnd && !isKept));
  const lateUses = new Set([...needed, ...(whereAtEnd ? [condition] : [])].flatMap(each => [...each.uses]));
  return {
    probe,
    name,
    keys,
    columns,
    value,
    where: condition,
    whereAtEnd,
    atEnd,
    timed,
    used: probe.offers.filter(offer => uses.has(offer.name)),
    kept: atEnd ? probe.offers.filter(offer => lateUses.has(offer.name)) : [],
    usesResult: probe.result !== null && uses.has('result'),
  };
}

/** What of the current task is in every event, and what its columns are called where an argument has the name. */
const CURRENT = { pid: 'process', tid: 'thread', comm: 'command' } as const;

/** The user's stack is what led to a user function or a system call. */
export const hasUserStacks = ({ place }: Probe): boolean =>
  place.kind === 'user-function' || place.kind === 'syscall';

function scopeOf(probe: Probe): Scope {
  const names = new Map<string, Named>();
  const add = (name: string, c: string, type: ValueType, column?: string) =>
    names.set(name, { name, c, type, memory: 'kernel', ...(column === undefined ? {} : { column }) });
  const u32 = { ...U64, size: 4, c: '__u32' };
  add('pid', 'id >> 32', u32, 'bpfw_pid');
  add('tid', '(__u32)id', u32, 'bpfw_tid');
  add('uid', '(__u32)bpf_get_current_uid_gid()', u32, 'bpfw_uid');
  add('cpu', 'bpf_get_smp_processor_id()', u32);
  add('comm', 'comm', { kind: 'text', bytes: 16 });
  if (probe.returns) add('latency', 'latency', U64, 'bpfw_ns');
  if (probe.result) add('result', 'result', probe.result);
  // "retval", as bpftrace calls it, is the same name for what it needs.
  const result = names.get('result');
  if (result) names.set('retval', result);
  for (const offer of probe.offers) {
    if (offer.type === null || offer.type.kind === 'struct') continue;
    // The end of a call cannot be told from its beginning otherwise.
    if (names.has(offer.name) && (offer.name === 'result' || offer.name === 'latency')) continue;
    const type: ValueType = offer.isText ? { kind: 'text', bytes: TEXT_BYTES } : offer.type;
    names.set(offer.name, { name: offer.name, c: variableName(offer.name), type, memory: offer.memory });
  }
  return { types: probe.types, names, probe: probe.label };
}

/** An event's columns besides its task: what was asked for, then everything that the probe offers and its result. */
function eventNames(probe: Probe, by: readonly string[]): string[] {
  const offered = probe.offers.filter(
    ({ type, isText }) => isText || (type !== null && type.kind !== 'struct'),
  );
  // Of a user function nothing says how many arguments it has.
  const own = probe.place.kind === 'user-function' ? [] : offered.map(({ name }) => name);
  const isOwn = (text: string) => own.includes(text) || !Object.hasOwn(CURRENT, text);
  return [...new Set([...by.filter(isOwn), ...own, ...(probe.result ? ['result'] : [])])];
}

function histValue(text: string, checked: Checked): Checked & { kind: 'integer' } {
  if (checked.kind === 'integer') return checked;
  throw new TraceError('bad-expression', `'${text}' is a ${checked.kind}: a histogram needs a number.`);
}

function conditionOf(text: string, checked: Checked): Checked {
  if (checked.kind !== 'text') return checked;
  throw new TraceError('bad-expression', `'${text}' is a text, not a condition.`);
}

function nameOf({ place }: Probe): string {
  return variableName(identifierOf(place.kind === 'syscall' ? `sys_${place.name}` : place.name));
}

/** The last name of an expression: "i_mode" of file->f_inode->i_mode; "value" of one that computes. */
function columnName(text: string): string {
  const last =
    /^[\w\s.>-]*?(\w+)\s*$/.exec(text)?.[1] ?? /^str\(.*?(\w+)\s*\)\s*$/.exec(text)?.[1] ?? 'value';
  return memberName(/^\d/.test(last) ? 'value' : last);
}

function uniqueName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
  taken.add(name);
  return name;
}
