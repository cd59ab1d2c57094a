/** Values of constant expressions, from this file and the kernel's types. */
import { parseCInteger } from '../../shared/c/integer';
import { lex, type Token } from '../../shared/c/lexer';
import type { ProgramSource } from './program-source';

type Operator = readonly [precedence: number, apply: (left: bigint, right: bigint) => bigint | null];

const isShift = (right: bigint): boolean => right >= 0n && right < 64n;
const OPERATORS: Readonly<Record<string, Operator>> = {
  '|': [1, (left, right) => left | right],
  '^': [2, (left, right) => left ^ right],
  '&': [3, (left, right) => left & right],
  '<<': [4, (left, right) => (isShift(right) ? left << right : null)],
  '>>': [4, (left, right) => (isShift(right) ? left >> right : null)],
  '+': [5, (left, right) => left + right],
  '-': [5, (left, right) => left - right],
  '*': [6, (left, right) => left * right],
  '/': [6, (left, right) => (right === 0n ? null : left / right)],
  '%': [6, (left, right) => (right === 0n ? null : left % right)],
};
const UNARY: Readonly<Record<string, (value: bigint) => bigint>> = {
  '-': value => -value,
  '+': value => value,
  '~': value => ~value,
  '!': value => BigInt(value === 0n),
};
const MAX_DEPTH = 16;

export interface ConstantContext {
  readonly source: ProgramSource;
  /** sizeof of a written type, or null. */
  sizeOf(type: string): number | null;
  /** The value of a kernel enumerator, or null. */
  enumerator(name: string): bigint | null;
}

/** The value of an expression of literals, macros, enumerators and sizeof; null when unknown. */
export function evaluate(text: string, context: ConstantContext, depth = 0): bigint | null {
  if (depth > MAX_DEPTH) return null;
  const tokens = lex(text).tokens;
  let at = 0;
  const peek = (): Token | undefined => tokens[at];

  const primary = (): bigint | null => {
    const token = tokens[at++];
    if (!token) return null;
    const unary = UNARY[token.text];
    if (unary) {
      const value = primary();
      return value === null ? null : unary(value);
    }
    if (token.kind === 'number') return parseCInteger(token.text);
    if (token.text === '(') {
      const cast =
        /^(?:__)?[us]\d+$|^(unsigned|long|int|size_t)$/.test(peek()?.text ?? '') &&
        tokens[at + 1]?.text === ')';
      if (cast) {
        at += 2;
        return primary();
      }
      const value = binary(1);
      if (peek()?.text !== ')') return null;
      at++;
      return value;
    }
    if (token.text === 'sizeof' && peek()?.text === '(') {
      const from = ++at;
      while (at < tokens.length && tokens[at]?.text !== ')') at++;
      const inner = tokens.slice(from, at++).map(one => one.text);
      const size = context.sizeOf(inner.join(' '));
      return size === null ? null : BigInt(size);
    }
    if (token.kind !== 'name' || peek()?.text === '(') return null;
    const macro = context.source.macro(token.text);
    if (macro?.parameters === null && macro.body !== '') return evaluate(macro.body, context, depth + 1);
    return context.source.enumerator(token.text)?.value ?? context.enumerator(token.text);
  };

  const binary = (least: number): bigint | null => {
    let left = primary();
    for (;;) {
      const [precedence = 0, apply = null] = OPERATORS[peek()?.text ?? ''] ?? [];
      if (left === null || apply === null || precedence < least) return left;
      at++;
      const right = binary(precedence + 1);
      if (right === null) return null;
      left = apply(left, right);
    }
  };

  const value = binary(1);
  return at === tokens.length ? value : null;
}
