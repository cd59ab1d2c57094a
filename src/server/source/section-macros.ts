/** Sections written by a macro of the file: `#define ON_ENTRY(function) SEC("fentry/" #function)`. */
import { closingIndex, lex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import type { MacroDefinition } from './model';

/** Nesting limit of such macros; C allows more, programs do not use it. */
const MOST_NESTED = 4;
const WRITES_SECTION = /\b(SEC|__section|section)\s*\(/;

/** The file's macros that write a section, directly or through one another; empty in most files. */
export function sectionMacros(
  macros: ReadonlyMap<string, MacroDefinition>,
): ReadonlyMap<string, MacroDefinition> {
  const found = new Map<string, MacroDefinition>();
  for (let round = 0; round < MOST_NESTED; round++) {
    for (const [name, macro] of macros) {
      if (KNOWN.has(name) || found.has(name)) continue;
      const uses = [...found.keys()].some(other => new RegExp(`\\b${other}\\b`).test(macro.body));
      if (uses || WRITES_SECTION.test(macro.body)) found.set(name, macro);
    }
  }
  return found;
}
/** What strip() of ./attributes reads as a section without its definition. */
const KNOWN = new Set(['SEC', '__section', '__attribute__']);

/**
 * The words with what those macros stand for, outside of bodies. Each word of an expansion has the place of the whole
 * use, as the file has no other; the section it writes counts as partial, so that no fix is offered for text that is not there.
 */
export function expandSectionMacros(
  tokens: readonly Token[],
  macros: ReadonlyMap<string, MacroDefinition>,
): readonly Token[] {
  if (macros.size === 0) return tokens;
  const expanded: Token[] = [];
  let depth = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token) continue;
    if (token.text === '{' && token.kind === 'mark') depth++;
    else if (token.text === '}' && token.kind === 'mark') depth--;
    const macro = depth === 0 && token.kind === 'name' ? macros.get(token.text) : undefined;
    const use = macro && useAt(tokens, index, macro);
    if (!macro || !use) {
      expanded.push(token);
      continue;
    }
    expanded.push(...placed(expansion(macro, use.given, macros, 0), token, tokens[use.last] ?? token));
    index = use.last;
  }
  return expanded;
}

/** The arguments as written, and the last token of the use; null if a macro with parameters is used without any. */
function useAt(
  tokens: readonly Token[],
  index: number,
  macro: MacroDefinition,
): { readonly given: readonly string[]; readonly last: number } | null {
  if (macro.parameters === null) return { given: [], last: index };
  const close = tokens[index + 1]?.text === '(' ? closingIndex(tokens, index + 1) : -1;
  if (close < 0) return null;
  const given = splitByComma(tokens, index + 2, close).map(part => textOf(tokens, part.from, part.to));
  return { given, last: close };
}

/** C's macro rules as far as these macros need them: `#x`, `x##y`, `...`, adjacent literals. */
function expansion(
  macro: MacroDefinition,
  given: readonly string[],
  macros: ReadonlyMap<string, MacroDefinition>,
  depth: number,
): string {
  const parameters = macro.parameters ?? [];
  const argumentFor = (name: string): string | null => {
    const at = parameters.indexOf(name);
    if (at >= 0) return given[at] ?? '';
    return name === '__VA_ARGS__' ? given.slice(parameters.length - 1).join(', ') : null;
  };
  let text = '';
  let isGlued = false;
  let isQuoted = false;
  for (const token of lex(macro.body).tokens) {
    if (token.text === '##') isGlued = true;
    else if (token.text === '#') isQuoted = true;
    else {
      const value = token.kind === 'name' ? argumentFor(token.text) : null;
      const quoted = isQuoted && value !== null ? `"${value.replace(/["\\]/g, '\\$&')}"` : value;
      text += `${isGlued ? '' : ' '}${quoted ?? token.text}`;
      isGlued = false;
      isQuoted = false;
    }
  }
  if (depth === MOST_NESTED) return text;
  const { tokens } = lex(text);
  let result = '';
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    const inner = token?.kind === 'name' && token.text !== macro.name ? macros.get(token.text) : undefined;
    const use = inner && useAt(tokens, index, inner);
    result += ` ${inner && use ? expansion(inner, use.given, macros, depth + 1) : (token?.text ?? '')}`;
    if (use) index = use.last;
  }
  return result;
}

function placed(text: string, first: Token, last: Token): Token[] {
  const words: Token[] = [];
  const { start } = first;
  const { end } = last;
  for (const word of lex(text).tokens) {
    const before = words.at(-1);
    if (before?.kind === 'text' && word.kind === 'text') {
      words[words.length - 1] = { ...before, text: before.text.slice(0, -1) + word.text.slice(1) };
      continue;
    }
    if (before?.kind === 'text' && isSection(words))
      words.push({ kind: 'name', text: first.text, start, end, atLineStart: false });
    const atLineStart = words.length === 0 && first.atLineStart;
    words.push({ ...word, start, end, atLineStart });
  }
  return words;
}

/** `SEC ( "name"` at the end. */
function isSection(words: readonly Token[]): boolean {
  const [macro, open] = words.slice(-3);
  return open?.text === '(' && macro !== undefined && /^(SEC|__section|section)$/.test(macro.text);
}
