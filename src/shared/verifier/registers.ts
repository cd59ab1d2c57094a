/** Parses register states printed by the kernel: "R1_w=map_value(off=0,ks=4,vs=8,imm=0) R2=scalar(umax=63) fp-8=mmmm????". */

export interface RegisterState {
  /** "scalar" (older kernels: "inv"), "map_value_or_null", "ctx", "fp"; a known number is "scalar" with `value`. */
  readonly type: string;
  readonly value: bigint | null;
  /** "umax" → "63"; older kernels' "umax_value" under the same name. */
  readonly attributes: ReadonlyMap<string, string>;
}

const ENTRY = /\b(R\d+|fp-\d+)(?:_[a-zA-Z]+)?=(?:([^\s(]*)\(((?:[^()]|\([^()]*\))*)\)|(\S*))/g;

/** State of one register ("R1") in a printed state; null when it is not included. */
export function registerState(state: string, register: string): RegisterState | null {
  for (const match of state.matchAll(ENTRY)) {
    if (match[1] === register) return readState(match[2] ?? match[4] ?? '', match[3] ?? '');
  }
  return null;
}

function readState(type: string, inside: string): RegisterState {
  const number = /^(?:P|inv|invP)?(-?(?:0x[0-9a-f]+|\d+))$/.exec(type)?.[1];
  const attributes = new Map<string, string>();
  for (const part of splitAttributes(inside)) {
    const [names, value] = splitLast(part);
    // Equal bounds are printed together: "smin=umin=1", "smax=umax=umax32=63".
    for (const name of names) attributes.set(name.trim().replace(/_value$/, ''), value);
  }
  const stackOffset = /^fp(-?\d+)$/.exec(type)?.[1];
  if (stackOffset !== undefined) {
    attributes.set('off', stackOffset);
    return { type: 'fp', value: null, attributes };
  }
  const isScalar = number !== undefined || /^(?:scalar|inv|invP|P)$/.test(type);
  return {
    type: isScalar ? 'scalar' : type,
    value: number === undefined ? null : toBigInt(number),
    attributes,
  };
}

/** Commas inside "(0x0; 0x3f)" do not occur, but nested parentheses do. */
const splitAttributes = (inside: string): string[] => (inside === '' ? [] : inside.split(','));

function splitLast(part: string): [string[], string] {
  const pieces = part.split('=');
  const value = pieces.pop() ?? '';
  return [pieces, value];
}

function toBigInt(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}
