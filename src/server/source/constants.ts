/** Values of constant expressions, as far as this file and the kernel's types tell them. */
import { lex, type Token } from '../../shared/c/lexer';
import { type ProgramSource, parseInteger } from './program-source';

const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};
const MAX_DEPTH = 16;

export interface ConstantContext {
  readonly source: ProgramSource;
  /** sizeof of a written type, or null. */
  sizeOf(type: string): number | null;
  /** The value of a kernel enumerator, or null. */
  enumerator(name: string): bigint | null;
}

/** The value of an expression of literals, macros, enumerators and sizeof; null when it cannot be told. */
export function evaluate(text: string, context: ConstantContext, depth = 0): bigint | null {
  if (depth > MAX_DEPTH) return null;
  const tokens = lex(text).tokens;
  let at = 0;
  const peek = (): Token | undefined => tokens[at];

  const primary = (): bigint | null => {
    const token = tokens[at++];
    if (!token) return null;
    if (token.text === '-' || token.text === '+' || token.text === '~' || token.text === '!') {
      const value = primary();
      if (value === null) return null;
      return token.text === '-'
        ? -value
        : token.text === '~'
          ? ~value
          : token.text === '!'
            ? BigInt(value === 0n)
            : value;
    }
    if (token.kind === 'number') return parseInteger(token.text);
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
      const operator = peek()?.text ?? '';
      const precedence = PRECEDENCE[operator];
      if (left === null || precedence === undefined || precedence < least) return left;
      at++;
      const right = binary(precedence + 1);
      if (right === null) return null;
      left = apply(operator, left, right);
    }
  };

  const value = binary(1);
  return at === tokens.length ? value : null;
}

function apply(operator: string, left: bigint, right: bigint): bigint | null {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0n ? null : left / right;
    case '%':
      return right === 0n ? null : left % right;
    case '<<':
      return right >= 0n && right < 64n ? left << right : null;
    case '>>':
      return right >= 0n && right < 64n ? left >> right : null;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    default:
      return null;
  }
}
