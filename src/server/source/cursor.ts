/** The code around the cursor. Its statement is usually half typed, which the parser misreads: this uses tokens. */
import { openingIndex, type Token } from '../../shared/c/lexer';

export const STATEMENT_WORDS = new Set(
  'return goto else case default if while for do switch break continue sizeof asm'.split(' '),
);
const MAX_STEPS = 24;

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
  /** First token of the argument that contains the offset. */
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

/** Where the braces of a compound literal, `(struct key){ .pid = 1 }`, open; null if `close` ends something else. */
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

/** Start of the postfix expression that ends before tokens[end]. */
export function postfixStart(tokens: readonly Token[], end: number): number | null {
  let index = end - 1;
  for (let step = 0; step < MAX_STEPS; step++) {
    // Skip indexes and arguments after a name: a[1](b)
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

/** `x->(` is not C: the parenthesis begins the expression. */
function startBehindMember(tokens: readonly Token[], open: number): number | null {
  const before = tokens[open - 1]?.text;
  return before === '->' || before === '.' ? null : open;
}
