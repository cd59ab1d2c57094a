/** Names from lines of C: what a line assigns, which map it names. Lines come from line information, one at a time. */
import { closingIndex, lex, openingIndex, splitByComma, type Token, textOf } from './lexer';

const ASSIGNMENT = /^([-+*/&|^%]|<<|>>)?=$/;

/** The variable or field a line gives a value ("event->pid"): the last assignment of the line; null without one. */
export function assignedName(line: string): string | null {
  const { tokens } = lex(line);
  for (let index = tokens.length - 1; index > 0; index--) {
    if (!ASSIGNMENT.test(tokens[index]?.text ?? '')) continue;
    const from = placeStart(tokens, index);
    if (from !== null) return textOf(tokens, from, index);
  }
  return null;
}

/** Where "a->b[c].d" begins that ends before tokens[end]; null when something else ends there. */
function placeStart(tokens: readonly Token[], end: number): number | null {
  for (let index = end - 1; ; index -= 2) {
    while (tokens[index]?.text === ']') index = openingIndex(tokens, index) - 1;
    if (tokens[index]?.kind !== 'name') return null;
    const before = tokens[index - 1]?.text;
    if (before !== '->' && before !== '.') return index;
  }
}

/** Argument `number` (from 1) of a call of `helper` on the line, when it is the address of something: "&counts" → "counts". */
export function addressArgument(line: string, helper: string, number = 1): string | null {
  const argument = argumentTokens(line, helper, number);
  return argument?.[0]?.text === '&' ? nameOf(argument.slice(1)) : null;
}

/**
 * The variable passed as argument `number` (from 1) of `helper` on the line, without casts and &: of
 * "f(&map, (void *)tid)" the second is "tid". Null for anything but a name, and where the line ends in the argument.
 */
export function argumentOf(line: string, helper: string, number: number): string | null {
  let argument = argumentTokens(line, helper, number) ?? [];
  while (argument[0]?.text === '(')
    argument = argument.slice(closingIndex(argument, 0) + 1 || argument.length);
  return nameOf(argument[0]?.text === '&' ? argument.slice(1) : argument);
}

function argumentTokens(line: string, helper: string, number: number): readonly Token[] | null {
  const { tokens } = lex(line);
  const open = tokens.findIndex((token, index) => token.text === '(' && tokens[index - 1]?.text === helper);
  if (open < 0) return null;
  const close = closingIndex(tokens, open);
  const parts = splitByComma(tokens, open + 1, close < 0 ? tokens.length : close);
  const part = parts[number - 1];
  if (!part || (close < 0 && number === parts.length)) return null;
  return tokens.slice(part.from, part.to);
}

function nameOf(tokens: readonly Token[]): string | null {
  return placeStart(tokens, tokens.length) === 0 && !tokens.some(token => token.text === '[')
    ? textOf(tokens, 0, tokens.length)
    : null;
}

/** The expression inside the last [] of a line: "slots[slot]++" → "slot". */
export function indexExpression(line: string): string | null {
  return /\[([^[\]]+)\](?!.*\[)/.exec(line)?.[1]?.trim() ?? null;
}

/** "`name`" for messages. */
export const quoted = (name: string): string => `\`${name}\``;

/** "CONFIG_HZ" of `extern unsigned int CONFIG_HZ __kconfig;`: the variable that libbpf fills in; null on any other line. */
export function kconfigName(line: string): string | null {
  return /^\s*extern\b[^;]*?\b(\w+)(?:\[\w*\])?(?:\s+__\w+)*?\s+__kconfig\b/.exec(line)?.[1] ?? null;
}
