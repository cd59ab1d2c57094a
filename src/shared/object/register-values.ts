/** What registers and the stack hold while a function's instructions are read in order. */
import { HELPER } from '../bpf/helper-ids';
import { OPERATION } from '../bpf/opcodes';

/** BPF_F_USER_STACK of bpf_get_stackid(), include/uapi/linux/bpf.h. */
const USER_STACK = 1 << 8;
/** Frame pointer. */
const R10 = 10;
/** Bytes of a key or value in which stack ids are looked for. */
const MOST_ENTRY_BYTES = 256;

/** A stack's id, as bpf_get_stackid() returned it, in the key or value of another map's entry. */
export interface StackIdPlace {
  readonly map: string;
  readonly part: 'key' | 'value';
  /** Bytes from the start of the key or value. */
  readonly offset: number;
  readonly space: 'kernel' | 'user';
}

/** What a program stored in a part of a map's key before it passed the key to a helper; null: not a constant. */
export interface KeyPart {
  readonly map: string;
  /** Bytes from the start of the key. */
  readonly offset: number;
  readonly value: number | null;
}

/** A register's known value: a constant, the address of the named map, a place on the stack, a stack's id, or null. */
export type Value =
  | number
  | string
  | { readonly frame: number }
  | { readonly stackId: StackIdPlace['space'] }
  | null;
export type Registers = Value[];
/** What the function stored on its stack, by its place relative to the frame pointer. */
export type Frame = Map<number, Value>;

export function unknownRegisters(): Registers {
  const registers = new Array<Value>(16).fill(null);
  registers[R10] = { frame: 0 };
  return registers;
}

export const isFrame = (value: Value | undefined): value is { readonly frame: number } =>
  typeof value === 'object' && value !== null && 'frame' in value;
const isStackId = (value: Value): value is { readonly stackId: StackIdPlace['space'] } =>
  typeof value === 'object' && value !== null && 'stackId' in value;

/** Of arithmetic: moves keep everything, shifts (sign extension of an int) keep a stack's id; other results are unknown. */
export function computed(operation: number, value: Value, operand: Value): Value {
  if (operation === OPERATION.mov) return operand;
  if (operation === OPERATION.add && isFrame(value) && typeof operand === 'number')
    return { frame: value.frame + operand };
  const isShift = operation === OPERATION.lsh || operation === OPERATION.rsh || operation === OPERATION.arsh;
  return isShift && isStackId(value) ? value : null;
}

/** The stack ids in the key and value on the stack that a call passes to a map. */
export function storedStackIds(helperId: number | null, registers: Registers, frame: Frame): StackIdPlace[] {
  const map = registers[1];
  if (typeof map !== 'string') return [];
  const passed: readonly (readonly ['key' | 'value', Value | undefined])[] =
    helperId === HELPER.mapUpdate
      ? [
          ['key', registers[2]],
          ['value', registers[3]],
        ]
      : helperId === HELPER.mapLookup || helperId === HELPER.mapDelete
        ? [['key', registers[2]]]
        : [];
  return passed.flatMap(([part, start]) =>
    isFrame(start)
      ? [...frame].flatMap(([place, value]) => {
          const offset = place - start.frame;
          return isStackId(value) && offset >= 0 && offset < MOST_ENTRY_BYTES
            ? [{ map, part, offset, space: value.stackId }]
            : [];
        })
      : [],
  );
}

/** Where on the stack the key is that a call passes to a map; null for other calls. */
export function passedKey(
  helperId: number | null,
  [, map, key]: Registers,
): { readonly map: string; readonly frame: number } | null {
  const takesKey = helperId === HELPER.mapUpdate || helperId === HELPER.mapLookup;
  return takesKey && typeof map === 'string' && isFrame(key) ? { map, frame: key.frame } : null;
}

/** What a function stores anywhere in the keys that it passes, by the places of both on its stack. */
export function keyPartsOf(
  keys: readonly { readonly map: string; readonly frame: number }[],
  stores: ReadonlyMap<number, ReadonlySet<number | null>>,
): KeyPart[] {
  const distinct = new Map(keys.map(key => [`${key.frame} ${key.map}`, key]));
  return [...distinct.values()].flatMap(({ map, frame }) =>
    [...stores].flatMap(([place, values]) => {
      const offset = place - frame;
      if (offset < 0 || offset >= MOST_ENTRY_BYTES) return [];
      return [...values].map(value => ({ map, offset, value }));
    }),
  );
}

function isSame(a: Value, b: Value): boolean {
  if (isFrame(a) && isFrame(b)) return a.frame === b.frame;
  return a === b || (isStackId(a) && isStackId(b) && a.stackId === b.stackId);
}

export function join(a: Registers, b: Registers): Registers {
  return a.map((value, index) => (isSame(value, b[index] ?? null) ? value : null));
}

/** What bpf_get_stackid() returns for these arguments; null where its flags are unknown. */
export function stackIdOf(registers: Registers): Value {
  const flags = registers[3];
  if (typeof flags !== 'number') return null;
  return { stackId: (flags & USER_STACK) !== 0 ? 'user' : 'kernel' };
}
