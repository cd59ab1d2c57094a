/**
 * An expression with every name looked up: in what the probe offers, then in the kernel's types. What comes out is C made
 * of checked names and literals only; no text of the user's is in it.
 */
import type { KernelTypes } from '../server/kernel/kernel-types';
import type { BtfTypeId } from '../shared/btf/btf-model';
import { nearest } from '../shared/text/nearest';
import { characterLiteral, identifier } from './c-text';
import type { Expression } from './parse-expression';
import { TraceError } from './trace-error';
import { type Memory, S64, U64, type ValueType, valueTypeOf } from './value-type';

/** What a name stands for at a probe. */
export interface Named {
  readonly name: string;
  /** C that has its value within the handler. */
  readonly c: string;
  readonly type: ValueType;
  readonly memory: Memory;
  /** The type of a column of it, where that says more than the value's own. */
  readonly column?: string;
}

export interface Scope {
  readonly types: KernelTypes;
  readonly names: ReadonlyMap<string, Named>;
  /** For messages: "vfs_read". */
  readonly probe: string;
}

interface Common {
  /** The names of the scope that it needs. */
  readonly uses: ReadonlySet<string>;
}
export type Checked =
  | (Common & {
      readonly kind: 'integer';
      readonly c: string;
      readonly type: ValueType & { kind: 'integer' };
      /** A single word or call, which needs no parentheses. */
      readonly simple: boolean;
      readonly constant: bigint | null;
      readonly column: string;
    })
  | (Common & {
      readonly kind: 'pointer';
      readonly c: string;
      readonly type: ValueType & { kind: 'pointer' };
    })
  | (Common & {
      readonly kind: 'text';
      readonly bytes: number;
      /** The statement that fills an array with it. */
      readonly read: (destination: string) => string;
      readonly isComm: boolean;
    });

/** Bytes kept of a text behind a pointer, with its NUL. */
export const TEXT_BYTES = 128;
/** BPF_CORE_READ() takes so many steps (libbpf's bpf_core_read.h). */
const MOST_STEPS = 8;
const COMM_BYTES = 16;
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** Throws TraceError 'bad-expression' that says which name is unknown and what there is. */
export function checkExpression(expression: Expression, scope: Scope): Checked {
  return new Checker(scope).check(expression);
}

/** A member chain on its way: what it starts from, and the steps so far. */
interface Chain {
  readonly base: Named;
  /** Members between arrows, joined by dots; the first follows the base's own arrow. */
  readonly steps: readonly string[];
  readonly type: ValueType;
  readonly isBitField: boolean;
}

class Checker {
  constructor(private readonly scope: Scope) {}

  check(expression: Expression): Checked {
    switch (expression.kind) {
      case 'number':
        return number(expression.value);
      case 'text':
        throw fail(`"${expression.value}" can only be compared with comm, by == or !=`);
      case 'name':
        return this.scope.names.has(expression.name)
          ? this.value(this.chain(expression))
          : this.enumerator(expression.name);
      case 'member':
        return this.value(this.chain(expression));
      case 'str':
        return this.str(expression.of);
      case 'unary':
        return this.unary(expression);
      case 'binary':
        return this.binary(expression);
    }
  }

  private unary({ operator, of }: Expression & { kind: 'unary' }): Checked {
    if (operator === '!') {
      const condition = this.condition(of);
      return { ...computed(`!${inner(condition)}`, U64), uses: condition.uses };
    }
    const value = this.number(of, `'${operator}'`);
    if (operator === '-' && value.constant !== null) return number(-value.constant);
    const signed = operator === '-' || isSigned(value);
    return { ...computed(`${operator}${wide(value, signed)}`, signed ? S64 : U64), uses: value.uses };
  }

  private binary({ operator, left, right }: Expression & { kind: 'binary' }): Checked {
    if (left.kind === 'text' || right.kind === 'text') return this.compareText(operator, left, right);
    if (operator === '&&' || operator === '||') {
      const [a, b] = [this.condition(left), this.condition(right)];
      return { ...computed(`${inner(a)} ${operator} ${inner(b)}`, U64), uses: union(a, b) };
    }
    const [a, b] = [this.number(left, `'${operator}'`), this.number(right, `'${operator}'`)];
    const uses = union(a, b);
    const signed = isSigned(a) || isSigned(b);
    if (COMPARISONS.has(operator)) {
      // C would take both for unsigned, and -1 for more than anything.
      const mixed = isSigned(a) !== isSigned(b) && !isNatural(a) && !isNatural(b);
      const [x, y] = mixed ? [wide(a, true), wide(b, true)] : [inner(a), inner(b)];
      return { ...computed(`${x} ${operator} ${y}`, U64), uses };
    }
    if ((operator === '/' || operator === '%') && signed)
      throw fail(
        `'${operator}' divides a value that has a sign, which BPF cannot do; use >> for powers of two`,
      );
    return {
      ...computed(`${wide(a, signed)} ${operator} ${inner(b)}`, signed ? S64 : U64),
      uses,
    };
  }

  private compareText(operator: string, left: Expression, right: Expression): Checked {
    const [value, text] =
      right.kind === 'text' ? [left, right.value] : [right, left.kind === 'text' ? left.value : ''];
    if (value.kind === 'text' || (operator !== '==' && operator !== '!='))
      throw fail('a text can only be compared with comm, by == or !=');
    const of = this.check(value);
    if (of.kind !== 'text' || !of.isComm) throw fail('a text can only be compared with comm');
    const bytes = [...new TextEncoder().encode(text)];
    if (bytes.length >= COMM_BYTES)
      throw fail(`comm has at most ${COMM_BYTES - 1} bytes, "${text}" has ${bytes.length}`);
    // Byte by byte: clang would call memcmp(), which no kernel has for programs.
    const same = [
      ...bytes.map((byte, at) => `comm[${at}] == ${characterLiteral(byte)}`),
      `!comm[${bytes.length}]`,
    ];
    const c = `${operator === '!=' ? '!' : ''}(${same.join(' && ')})`;
    return { ...computed(c, U64), simple: true, uses: new Set([...of.uses, 'comm']) };
  }

  /** What && and || take: pointers too, as in C. */
  private condition(expression: Expression): Checked & { kind: 'integer' } {
    const checked = this.check(expression);
    if (checked.kind === 'pointer') return { ...computed(checked.c, U64), simple: true, uses: checked.uses };
    if (checked.kind === 'integer') return checked;
    throw fail('a text is not a condition');
  }

  private number(expression: Expression, what: string): Checked & { kind: 'integer' } {
    const checked = this.check(expression);
    if (checked.kind === 'integer') return checked;
    if (checked.kind === 'pointer')
      return { ...computed(`(__u64)${checked.c}`, U64), simple: true, uses: checked.uses };
    throw fail(`${what} needs numbers, and a text is none`);
  }

  private str(of: Expression): Checked {
    const pointer = this.check(of);
    const address = pointer.kind === 'pointer' ? pointer : null;
    if (!address && !(pointer.kind === 'integer' && pointer.type.size === 8))
      throw fail('str() needs a pointer');
    const memory = address ? address.type.memory : 'user';
    const c = pointer.kind === 'text' ? '' : pointer.c;
    const source = address ? c : `(const void *)${pointer.kind === 'integer' ? inner(pointer) : c}`;
    return textAt(source, memory, pointer.uses);
  }

  private enumerator(name: string): Checked {
    const { types } = this.scope;
    const found = types.enumerator(name);
    if (!found) throw this.unknown(name);
    return { ...number(found.value), c: identifier(name) };
  }

  private unknown(name: string): TraceError {
    const { names, probe } = this.scope;
    const near = nearest(name, names.keys());
    return fail(
      `${probe} has no '${name}'`,
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${[...names.keys()].join(', ')}.`,
    );
  }

  private chain(expression: Expression): Chain {
    if (expression.kind === 'name') {
      const base = this.scope.names.get(expression.name);
      if (!base) throw this.unknown(expression.name);
      return { base, steps: [], type: base.type, isBitField: false };
    }
    if (expression.kind !== 'member')
      throw fail('-> and . need the name of an argument, a field or a member before them');
    const of = this.chain(expression.of);
    const struct = of.type.kind === 'pointer' ? of.type.to : of.type.kind === 'struct' ? of.type.id : null;
    const what = [of.base.name, ...of.steps].join('->');
    if (struct === null) throw fail(`'${what}' is not a struct whose members are known`);
    if ((of.type.kind === 'pointer') !== expression.arrow)
      throw fail(`'${what}' is ${expression.arrow ? 'a struct: use .' : 'a pointer: use ->'}`);
    const { type, isBitField } = this.member(struct, expression.name, of.base.memory, what);
    const name = identifier(expression.name);
    const last = of.steps.at(-1);
    const steps =
      expression.arrow || last === undefined
        ? [...of.steps, name]
        : [...of.steps.slice(0, -1), `${last}.${name}`];
    if (steps.length > MOST_STEPS) throw fail(`'${what}->${name}' follows more than ${MOST_STEPS} pointers`);
    return { base: of.base, steps, type, isBitField };
  }

  private member(struct: BtfTypeId, name: string, memory: Memory, what: string) {
    const { types } = this.scope;
    const members = types.members(struct);
    const member = members.find(each => each.name === name);
    if (!member) {
      const near = nearest(
        name,
        members.map(each => each.name),
      );
      throw fail(
        `'${what}' (struct ${types.btf.name(struct)}) has no member '${name}' on this kernel`,
        near.length > 0 ? `Did you mean ${near.join(' or ')}?` : null,
      );
    }
    const type = valueTypeOf(types, member.type, memory);
    if (!type) throw fail(`'${what}->${name}' is neither a number, a pointer, a struct nor a text`);
    return { type, isBitField: member.bitSize > 0 };
  }

  private value({ base, steps, type, isBitField }: Chain): Checked {
    const uses = new Set([base.name]);
    const what = [base.name, ...steps].join('->');
    if (isBitField) throw fail(`'${what}' is a bit-field, which cannot be read here`);
    const macro = base.memory === 'kernel' ? 'BPF_CORE_READ' : 'BPF_CORE_READ_USER';
    const read = (name: string): string => `${name}(${[base.c, ...steps].join(', ')})`;
    const c = steps.length === 0 ? base.c : read(macro);
    switch (type.kind) {
      case 'integer':
        return {
          kind: 'integer',
          c,
          type,
          simple: steps.length > 0 || /^\w+$/.test(c),
          constant: null,
          column: base.column && steps.length === 0 ? base.column : type.c,
          uses,
        };
      case 'pointer':
        return { kind: 'pointer', c, type, uses };
      case 'text': {
        if (base.name === 'comm' && steps.length === 0 && base.c === 'comm')
          return {
            kind: 'text',
            bytes: type.bytes,
            isComm: true,
            uses: new Set(),
            read: to => `bpf_get_current_comm(${to}, sizeof(${to}));`,
          };
        if (steps.length === 0) return textAt(base.c, base.memory, uses, type.bytes);
        const into = base.memory === 'kernel' ? 'BPF_CORE_READ_STR_INTO' : 'BPF_CORE_READ_USER_STR_INTO';
        return {
          kind: 'text',
          bytes: type.bytes,
          isComm: false,
          uses,
          read: to => `${into}(&${to}, ${[base.c, ...steps].join(', ')});`,
        };
      }
      case 'struct':
        throw fail(`'${what}' is a struct: name one of its members`);
    }
  }
}

/** A text read from an address. */
export function textAt(c: string, memory: Memory, uses: ReadonlySet<string>, bytes = TEXT_BYTES): Checked {
  return {
    kind: 'text',
    bytes,
    uses,
    isComm: false,
    read: to => `bpf_probe_read_${memory}_str(${to}, sizeof(${to}), ${c});`,
  };
}

const computed = (c: string, type: ValueType & { kind: 'integer' }) =>
  ({ kind: 'integer', c, type, simple: false, constant: null, column: type.c }) as const;

function number(value: bigint): Checked & { kind: 'integer' } {
  const suffix = value > 0xffffffffn ? 'ULL' : '';
  return {
    ...computed(`${value}${suffix}`, value < 0n ? S64 : U64),
    simple: true,
    constant: value,
    uses: new Set(),
  };
}

const isSigned = ({ type, constant }: Checked & { kind: 'integer' }): boolean =>
  constant === null ? type.signed : constant < 0n;

/** A constant that is the same with and without a sign. */
const isNatural = ({ constant }: Checked & { kind: 'integer' }): boolean =>
  constant !== null && constant >= 0n;

const inner = ({ c, simple }: Checked & { kind: 'integer' }): string => (simple ? c : `(${c})`);

/** With 64 bits: C would compute with the 32 of an int. */
function wide(of: Checked & { kind: 'integer' }, signed: boolean): string {
  const { type, simple, c, constant } = of;
  if (type.size === 8 && type.signed === signed && constant === null) return inner(of);
  return `(__${signed ? 's' : 'u'}64)${simple ? c : `(${c})`}`;
}

const union = (a: Common, b: Common): ReadonlySet<string> => new Set([...a.uses, ...b.uses]);

const fail = (why: string, fix: string | null = null): TraceError =>
  new TraceError('bad-expression', `${why}.`, fix === null ? null : { text: fix });
