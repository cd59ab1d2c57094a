/** The words of a C file with their places. Never fails: what C would refuse becomes a word as well. */

export type TokenKind = 'name' | 'number' | 'text' | 'character' | 'mark' | 'directive';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** UTF-16 offsets in the file. */
  readonly start: number;
  readonly end: number;
  /** First word of its line, beginning in column 0. */
  readonly atLineStart: boolean;
}

export interface Comment {
  readonly start: number;
  readonly end: number;
}

export interface Lexed {
  readonly tokens: readonly Token[];
  readonly comments: readonly Comment[];
}

const WORD =
  /([A-Za-z_$][\w$]*)|((?:\d|\.\d)(?:[eEpP][+-]|[\w.])*)|("(?:[^"\\\n]|\\[\s\S])*(?:"|(?=\n)|$))|('(?:[^'\\\n]|\\[\s\S])*(?:'|(?=\n)|$))|(->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|##|\.\.\.|[^\s\w])/y;
const SPACE = /(?:\s|\\\r?\n)+/y;
const DIRECTIVE = /#(?:[^\n\\/]|\\[\s\S]|\/(?![*/])|\/\*[\s\S]*?(?:\*\/|$))*/y;

/** Splits a file into words; a preprocessor directive is one word up to the end of its (continued) line. */
export function lex(text: string): Lexed {
  const tokens: Token[] = [];
  const comments: Comment[] = [];
  let at = 0;
  let lineHasWord = false;
  let lineStart = 0;
  while (at < text.length) {
    const character = text.charCodeAt(at);
    if (character === 10) {
      at++;
      lineHasWord = false;
      lineStart = at;
      continue;
    }
    if (character === 32 || character === 9 || character === 13) {
      at++;
      continue;
    }
    if (character === 92) {
      SPACE.lastIndex = at;
      if (SPACE.test(text)) {
        at = SPACE.lastIndex;
        continue;
      }
    }
    if (character === 47 && (text[at + 1] === '/' || text[at + 1] === '*')) {
      const isLine = text[at + 1] === '/';
      const found = isLine ? text.indexOf('\n', at) : text.indexOf('*/', at + 2);
      const end = found < 0 ? text.length : isLine ? found : found + 2;
      comments.push({ start: at, end });
      at = end;
      continue;
    }
    const atLineStart = at === lineStart;
    if (character === 35 && !lineHasWord) {
      DIRECTIVE.lastIndex = at;
      DIRECTIVE.test(text);
      const end = Math.max(DIRECTIVE.lastIndex, at + 1);
      tokens.push({ kind: 'directive', text: text.slice(at, end), start: at, end, atLineStart });
      at = end;
      continue;
    }
    lineHasWord = true;
    WORD.lastIndex = at;
    const match = WORD.exec(text);
    const word = match?.[0] || text[at] || ' ';
    const kind: TokenKind =
      match?.[1] !== undefined
        ? 'name'
        : match?.[2] !== undefined
          ? 'number'
          : match?.[3] !== undefined
            ? 'text'
            : match?.[4] !== undefined
              ? 'character'
              : 'mark';
    tokens.push({ kind, text: word, start: at, end: at + word.length, atLineStart });
    at += word.length;
  }
  return { tokens, comments };
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Index of the bracket that closes the one at `open`, or -1. */
export function closingIndex(tokens: readonly Token[], open: number): number {
  const opening = tokens[open]?.text ?? '';
  const closing = CLOSING[opening];
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind !== 'mark') continue;
    if (token.text === opening) depth++;
    else if (token.text === closing && --depth === 0) return index;
  }
  return -1;
}

/** Ranges of words between commas at the top level of tokens[from, to). */
export function splitByComma(
  tokens: readonly Token[],
  from: number,
  to: number,
): { readonly from: number; readonly to: number }[] {
  const parts: { from: number; to: number }[] = [];
  let depth = 0;
  let begin = from;
  for (let index = from; index < to; index++) {
    const token = tokens[index];
    if (token?.kind !== 'mark') continue;
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
    else if (token.text === ',' && depth === 0) {
      parts.push({ from: begin, to: index });
      begin = index + 1;
    }
  }
  if (begin < to || parts.length > 0) parts.push({ from: begin, to });
  return parts;
}

/** The text of tokens[from, to) with single blanks where the source has any space. */
export function textOf(tokens: readonly Token[], from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index++) {
    const token = tokens[index];
    if (!token) continue;
    const previous = tokens[index - 1];
    if (index > from && previous && previous.end < token.start) text += ' ';
    text += token.text;
  }
  return text;
}
