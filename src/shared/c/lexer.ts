/**
 * The tokens of C text with their places; the one lexer written by hand. tree-sitter reads whole definitions, in the language
 * server. This stays beside it because it runs where no WebAssembly is loaded (compiling, exporting, explaining a
 * verifier log, the extension), and because half-typed text and macros that C's grammar does not know are made ready for
 * the parser by their tokens. Never fails: what C would refuse becomes a token as well.
 */

export type TokenKind = 'name' | 'number' | 'text' | 'character' | 'mark' | 'directive';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** UTF-16 offsets in the file. */
  readonly start: number;
  readonly end: number;
  /** First token of its line, beginning in column 0. */
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
const LINE_COMMENT = /\/\/(?:\\\r?\n|[^\n])*/y;
const DIRECTIVE = /#(?:[^\n\\/]|\\(?:\r\n|[\s\S])|\/(?![*/])|\/\*[\s\S]*?(?:\*\/|$))*/y;

/** Splits text into tokens; a preprocessor directive is one token up to the end of its (continued) line. */
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
    if (character === 32 || (character >= 9 && character <= 13)) {
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
      const end = text[at + 1] === '/' ? endOf(LINE_COMMENT, text, at) : endOfBlock(text, at);
      comments.push({ start: at, end });
      at = end;
      continue;
    }
    const atLineStart = at === lineStart;
    if (character === 35 && !lineHasWord) {
      const end = endOf(DIRECTIVE, text, at);
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

function endOf(sticky: RegExp, text: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : at + 1;
}

function endOfBlock(text: string, at: number): number {
  const found = text.indexOf('*/', at + 2);
  return found < 0 ? text.length : found + 2;
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

/** Index of the bracket that opens the one at `close`, or -1. */
export function openingIndex(tokens: readonly Token[], close: number): number {
  const closing = tokens[close]?.text ?? '';
  let depth = 0;
  for (let index = close; index >= 0; index--) {
    const token = tokens[index];
    if (token?.kind !== 'mark') continue;
    if (token.text === closing) depth++;
    else if (CLOSING[token.text] === closing && --depth === 0) return index;
  }
  return -1;
}

/** Ranges of tokens between commas at the top level of tokens[from, to). */
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
