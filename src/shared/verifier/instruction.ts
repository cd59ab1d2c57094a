/** Parses the verifier's disassembly of an instruction (kernel/bpf/disasm.c), as far as needed to trace values. */

export type Operation =
  /** dst = src */
  | { readonly kind: 'move'; readonly to: string; readonly from: string }
  /** dst = number, or the address of a map or variable */
  | { readonly kind: 'constant'; readonly to: string; readonly value: string }
  | { readonly kind: 'load'; readonly to: string; readonly base: string; readonly offset: number }
  | { readonly kind: 'store'; readonly base: string; readonly offset: number; readonly from: string }
  /** dst op= operand; the operand is a register or a number; '' for negation and byte swaps */
  | { readonly kind: 'arithmetic'; readonly to: string; readonly operator: string; readonly operand: string }
  | { readonly kind: 'call'; readonly function: string; readonly isLocal: boolean }
  /** if left op right goto */
  | {
      readonly kind: 'branch';
      readonly left: string;
      readonly operator: string;
      readonly right: string;
      readonly distance: number;
    }
  | { readonly kind: 'goto' | 'exit' | 'other' };

const REGISTER = '[rw]\\d+';
const MOVE = new RegExp(`^(${REGISTER}) = (?:\\(s\\d+\\))?(${REGISTER})$`);
const LOAD = new RegExp(`^(${REGISTER}) = \\*\\([us]\\d+ \\*\\)\\((r\\d+) ?([+-]\\d+)\\)$`);
const STORE = new RegExp(`^\\*\\(u\\d+ \\*\\)\\((r\\d+) ?([+-]\\d+)\\) = (${REGISTER}|-?\\w+)$`);
const ATOMIC_FETCH = new RegExp(`^(${REGISTER}) = atomic\\w*\\(.*\\((r\\d+) ?([+-]\\d+)\\)`);
const ARITHMETIC = new RegExp(`^(${REGISTER}) (s?[-+*/%&|^]|s?<<|s?>>)= (.+)$`);
const BRANCH = new RegExp(`^if (${REGISTER}) (\\S+) (${REGISTER}|-?\\w+) goto pc([+-]\\d+)$`);
const CONSTANT = new RegExp(`^(${REGISTER}) = (.+)$`);
const CALL = /^call (?:pc([+-]\d+)|(\S+?)(?:#-?\d+)?)$/;

export function parseInstruction(text: string): Operation {
  const call = CALL.exec(text);
  if (call) return { kind: 'call', function: call[2] ?? '', isLocal: call[1] !== undefined };
  if (text === 'exit') return { kind: 'exit' };
  if (/^(?:goto|gotol) pc/.test(text)) return { kind: 'goto' };
  const branch = BRANCH.exec(text);
  if (branch) {
    const [, left = '', operator = '', right = '', distance] = branch;
    return {
      kind: 'branch',
      left: wide(left),
      operator,
      right: wide(right),
      distance: Number(distance),
    };
  }
  const load = LOAD.exec(text) ?? ATOMIC_FETCH.exec(text);
  if (load) return { kind: 'load', to: wide(load[1] ?? ''), base: load[2] ?? '', offset: Number(load[3]) };
  const store = STORE.exec(text);
  if (store)
    return { kind: 'store', base: store[1] ?? '', offset: Number(store[2]), from: wide(store[3] ?? '') };
  const move = MOVE.exec(text);
  if (move) return { kind: 'move', to: wide(move[1] ?? ''), from: wide(move[2] ?? '') };
  const arithmetic = ARITHMETIC.exec(text);
  if (arithmetic) {
    const [, to = '', operator = '', operand = ''] = arithmetic;
    return { kind: 'arithmetic', to: wide(to), operator, operand: wide(operand) };
  }
  const constant = CONSTANT.exec(text);
  if (!constant) return { kind: 'other' };
  const [, to = '', value = ''] = constant;
  // "r1 = -r1", "r1 = be16 r1": the same value, changed.
  return /^-r|^(?:be|le|bswap)\d+ /.test(value)
    ? { kind: 'arithmetic', to: wide(to), operator: '', operand: '' }
    : { kind: 'constant', to: wide(to), value };
}

/** w3 is the lower half of r3: the same register for the data flow. */
function wide(register: string): string {
  return /^w\d+$/.test(register) ? `r${register.slice(1)}` : register;
}
export const isRegister = (operand: string): boolean => /^r\d+$/.test(operand);
