/** What names in a function stand for, and types of the expressions that people complete and hover. */

import { closingIndex, openingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import { gplOnlyHelper } from '../helpers/helper-rules';
import { readDeclaration } from './declarations';
import type { Declared, SourceFunction, WrittenType } from './model';
import type { CType, Types } from './types';

const STATEMENT_WORDS = new Set([
  'return',
  'goto',
  'else',
  'case',
  'default',
  'if',
  'while',
  'for',
  'do',
  'switch',
  'break',
  'continue',
  'sizeof',
  'asm',
]);
const MAX_STEPS = 24;
/** Macros whose arguments after the first (of _INTO the second) are members on the way. */
const MEMBER_CHAIN =
  /^(BPF_(CORE|PROBE)_READ(_USER)?(_INTO|_STR_INTO|_USER_INTO|_USER_STR_INTO)?|bpf_core_field_(exists|size|offset)|BPF_CORE_READ_BITFIELD(_PROBED)?)$/;

/** Index of the last token that begins before `offset`, or -1. */
export function tokenBefore(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export interface EnclosingCall {
  readonly name: string;
  readonly nameIndex: number;
  readonly openIndex: number;
  readonly argument: number;
  /** First word of the argument the offset is in. */
  readonly argumentFrom: number;
}

/** The innermost call or macro whose parentheses are open at `offset`. */
export function enclosingCall(tokens: readonly Token[], offset: number, from = 0): EnclosingCall | null {
  let depth = 0;
  let argument = 0;
  let argumentFrom = -1;
  for (let index = tokenBefore(tokens, offset); index >= from; index--) {
    const token = tokens[index];
    if (token?.kind !== 'mark' || token.end > offset) continue;
    if (token.text === ')' || token.text === ']') depth++;
    else if (token.text === '[') depth--;
    else if (token.text === '}' && depth <= 0) {
      const open = literalStart(tokens, index, from);
      if (open === null) return null;
      index = open;
    } else if (token.text === ';' || token.text === '{' || token.text === '}') {
      if (depth <= 0) return null;
    } else if (token.text === ',' && depth === 0) {
      if (argument === 0) argumentFrom = index + 1;
      argument++;
    } else if (token.text === '(') {
      if (depth > 0) {
        depth--;
        continue;
      }
      const name = tokens[index - 1];
      if (name?.kind !== 'name' || STATEMENT_WORDS.has(name.text)) {
        argument = 0;
        argumentFrom = -1;
        continue;
      }
      return {
        name: name.text,
        nameIndex: index - 1,
        openIndex: index,
        argument,
        argumentFrom: argument === 0 ? index + 1 : argumentFrom,
      };
    }
  }
  return null;
}

/** Where the braces of a compound literal, `(struct key){ .pid = 1 }`, open; null when `close` ends something else. */
function literalStart(tokens: readonly Token[], close: number, from: number): number | null {
  let depth = 0;
  for (let index = close; index > from; index--) {
    const text = tokens[index]?.kind === 'mark' ? tokens[index]?.text : '';
    if (text === ';') return null;
    if (text === '}') depth++;
    else if (text === '{' && --depth === 0) return tokens[index - 1]?.text === ')' ? index : null;
  }
  return null;
}

/** Variables a function's words declare before `offset`, the innermost last. */
export function localsBefore(owner: SourceFunction, offset: number): Declared[] {
  const found: Declared[] = [...owner.parameters];
  const tokens = owner.item.tokens;
  let begin = 0;
  const bodyStart = owner.bodySpan?.start ?? 0;
  for (let index = 0; index <= tokens.length; index++) {
    const token = tokens[index];
    if (token && token.start < bodyStart) {
      begin = index + 1;
      continue;
    }
    const ends =
      token === undefined ||
      token.text === ';' ||
      token.text === '{' ||
      token.text === '}' ||
      token.text === ':' ||
      token.kind === 'directive';
    if (!ends) continue;
    const first = tokens[begin];
    if (first && first.start < offset) found.push(...declaredBy(tokens.slice(begin, index)));
    begin = index + 1;
    if (token && token.start >= offset) break;
  }
  return found;
}

function declaredBy(statement: readonly Token[]): readonly Declared[] {
  // for (int i = 0;  -- the parenthesis opens a declaration of its own.
  const isLoop = statement[0]?.text === 'for' && statement[1]?.text === '(';
  const words = isLoop ? statement.slice(2) : statement;
  return STATEMENT_WORDS.has(words[0]?.text ?? '') ? [] : readDeclaration(words).declared;
}

export class Scope {
  private readonly locals: Map<string, Declared>;

  constructor(
    private readonly types: Types,
    owner: SourceFunction | null,
    offset: number,
  ) {
    this.locals = new Map(owner ? localsBefore(owner, offset).map(one => [one.name, one]) : []);
  }

  get localNames(): Iterable<Declared> {
    return this.locals.values();
  }

  variable(name: string): WrittenType | null {
    return this.locals.get(name)?.type ?? this.types.source.variable(name)?.type ?? null;
  }

  /** Type of the postfix expression that ends before tokens[end]: "e", "task->mm", "(struct x *)p", "f(a)->b". */
  typeEndingAt(tokens: readonly Token[], end: number): CType | null {
    const from = postfixStart(tokens, end);
    return from === null ? null : this.typeOf(tokens.slice(from, end));
  }

  /** Type of an expression; null when it cannot be told. */
  typeOf(tokens: readonly Token[], depth = 0): CType | null {
    if (depth > MAX_STEPS || tokens.length === 0) return null;
    if (tokens[0]?.text === '&') {
      const inner = this.typeOf(tokens.slice(1), depth + 1);
      return inner?.from === 'source'
        ? { from: 'source', type: { ...inner.type, pointers: inner.type.pointers + 1 } }
        : inner;
    }
    if (tokens[0]?.text === '*') {
      const inner = this.typeOf(tokens.slice(1), depth + 1);
      return inner && this.types.pointee(inner);
    }
    let index = 0;
    let type: CType | null = null;
    if (tokens[0]?.text === '(') {
      const close = closingIndex(tokens, 0);
      if (close < 0) return null;
      const inner = tokens.slice(1, close);
      const rest = tokens[close + 1];
      const isCast = rest !== undefined && rest.text !== '->' && rest.text !== '.' && rest.text !== '[';
      if (isCast) {
        const written = this.types.parseType(textOf(inner, 0, inner.length));
        return written ? { from: 'source', type: written } : null;
      }
      type = this.typeOf(inner, depth + 1);
      index = close + 1;
    } else {
      const name = tokens[0];
      if (name?.kind !== 'name') return null;
      if (tokens[1]?.text === '(') {
        const close = closingIndex(tokens, 1);
        if (close < 0) return null;
        type = this.typeOfCall(name.text, tokens.slice(2, close), depth);
        index = close + 1;
      } else {
        const written = this.variable(name.text);
        type = written ? { from: 'source', type: written } : null;
        index = 1;
      }
    }
    while (type && index < tokens.length) {
      const mark = tokens[index]?.text;
      if (mark === '->' || mark === '.') {
        const name = tokens[index + 1]?.text ?? '';
        type = this.types.member(type, name)?.type ?? null;
        index += 2;
      } else if (mark === '[') {
        const close = closingIndex(tokens, index);
        if (close < 0) return null;
        type = this.types.pointee(type);
        index = close + 1;
      } else {
        // Anything else is not a postfix expression.
        return null;
      }
    }
    return type;
  }

  /** BPF_CORE_READ(base, a, b.c, d[1]): the type after the members of `path`, through every pointer. */
  typeAlong(base: readonly Token[], path: readonly (readonly Token[])[]): CType | null {
    let type = this.typeOf(base) ?? this.namedType(base);
    for (const step of path) {
      for (let index = 0; type && index < step.length; index++) {
        const token = step[index];
        if (token?.kind === 'name') type = this.types.member(type, token.text)?.type ?? null;
        else if (token?.text === '[') {
          const close = closingIndex(step, index);
          type = this.types.pointee(type);
          index = close < 0 ? step.length : close;
        }
      }
    }
    return type;
  }

  /** bpf_core_field_exists(struct sock, member) begins with a type. */
  private namedType(tokens: readonly Token[]): CType | null {
    if (!/^(struct|union)$/.test(tokens[0]?.text ?? '')) return null;
    const written = this.types.parseType(textOf(tokens, 0, tokens.length));
    return written && { from: 'source', type: written };
  }

  /**
   * The type whose member is named at tokens[at], when that stands in the chain of members of BPF_CORE_READ() or its
   * like; undefined when it stands in none.
   */
  chainAt(tokens: readonly Token[], call: EnclosingCall | null, at: number): CType | null | undefined {
    if (!call || !MEMBER_CHAIN.test(call.name)) return undefined;
    const first = call.name.endsWith('_INTO') ? 1 : 0;
    if (call.argument <= first) return undefined;
    const parts = splitByComma(tokens, call.openIndex + 1, at).map(part => tokens.slice(part.from, part.to));
    const base = parts[first];
    return base ? this.typeAlong(base, parts.slice(first + 1)) : null;
  }

  /** `{ .member = ` of an initialiser whose dot is tokens[dot]: the type that is initialised. */
  initialisedAt(tokens: readonly Token[], dot: number): CType | null {
    let depth = 0;
    for (let index = dot - 1; index >= 0; index--) {
      const text = tokens[index]?.kind === 'mark' ? tokens[index]?.text : '';
      if (text === '}' || text === ')' || text === ']') depth++;
      else if (text === ';') return null;
      else if (text === '(' || text === '[') depth--;
      else if (text === '{' && depth-- === 0) {
        const before = tokens[index - 1]?.text;
        if (before === ')') {
          const open = openingIndex(tokens, index - 1);
          const written = open < 0 ? null : this.types.parseType(textOf(tokens, open + 1, index - 1));
          return written && { from: 'source', type: written };
        }
        if (before !== '=') return null;
        const declared = this.variable(tokens[index - 2]?.text ?? '');
        return declared && { from: 'source', type: declared };
      }
    }
    return null;
  }

  private typeOfCall(name: string, list: readonly Token[], depth: number): CType | null {
    const parts = splitByComma(list, 0, list.length).map(part => list.slice(part.from, part.to));
    if (/^BPF_(CORE|PROBE)_READ(_USER)?$/.test(name) && parts[0])
      return this.typeAlong(parts[0], parts.slice(1));
    if (name === 'bpf_map_lookup_elem' || name === 'bpf_map_lookup_percpu_elem') {
      const map = this.types.source.map(parts[0]?.[1]?.text ?? '');
      const value = map?.fields.find(field => field.name === 'value')?.value;
      const written = value === undefined ? null : this.types.parseType(value);
      return written ? { from: 'source', type: { ...written, pointers: written.pointers + 1 } } : null;
    }
    if (name === 'bpf_get_current_task_btf') {
      const written = this.types.parseType('struct task_struct *');
      return written && { from: 'source', type: written };
    }
    const own = this.types.source.function(name);
    if (own) {
      const written = this.types.parseType(own.returnType);
      return written ? { from: 'source', type: written } : null;
    }
    const helper = this.types.helperReturn(name);
    if (helper || gplOnlyHelper(name) || depth > MAX_STEPS) return helper;
    const kernel = this.types.kernel;
    const id = kernel?.find('func', name) ?? null;
    const func = id === null || !kernel ? null : kernel.btf.type(id);
    const proto = func?.kind === 'func' ? kernel?.btf.type(func.type) : null;
    return proto?.kind === 'func_proto' ? { from: 'kernel', id: proto.returnType } : null;
  }
}

/** Where the postfix expression begins that ends before tokens[end]. */
function postfixStart(tokens: readonly Token[], end: number): number | null {
  let index = end - 1;
  for (let step = 0; step < MAX_STEPS; step++) {
    // Back over the indexes and arguments behind a name: a[1](b)
    while (tokens[index]?.text === ')' || tokens[index]?.text === ']') {
      const open = openingIndex(tokens, index);
      if (open < 0) return null;
      const before = tokens[open - 1];
      const continues =
        before?.text === ']' ||
        before?.text === ')' ||
        (before?.kind === 'name' && !STATEMENT_WORDS.has(before.text));
      // Parentheses around an expression begin it.
      if (!continues) return tokens[open]?.text === '(' ? startBehindMember(tokens, open) : null;
      index = open - 1;
    }
    if (tokens[index]?.kind !== 'name') return null;
    const before = tokens[index - 1]?.text;
    if (before !== '->' && before !== '.') return index;
    index -= 2;
  }
  return null;
}

/** `x->(` is not C: what stands in parentheses begins the expression. */
function startBehindMember(tokens: readonly Token[], open: number): number | null {
  const before = tokens[open - 1]?.text;
  return before === '->' || before === '.' ? null : open;
}
