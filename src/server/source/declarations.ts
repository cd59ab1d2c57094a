/**
 * Reads declarations out of tokens: enough of C's grammar for those that BPF programs have.
 *
 * tree-sitter does not do this, as measured: a declaration that is half typed, or has a macro nobody knows, is an error to it
 * (4 % of the declarations of programs, 18 % of /usr/include's), and headers take it five times as long.
 */
import { closingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import { isMapField, STORAGE, strip } from './attributes';
import type { Aggregate, Declared, MapField, Span } from './model';

const BASIC = new Set('unsigned signed long short int char float double _Bool void'.split(' '));

const spanOf = (token: Token | undefined): Span => ({ start: token?.start ?? 0, end: token?.end ?? 0 });

interface Specifiers {
  readonly name: string;
  readonly inline: Aggregate | null;
  /** Index of the first declarator's first token. */
  readonly next: number;
}

/** Specifiers at the start of `tokens`; null if there is no type. */
function readSpecifiers(tokens: readonly Token[], depth: number): Specifiers | null {
  let index = 0;
  while (STORAGE.has(tokens[index]?.text ?? '')) index++;
  const first = tokens[index];
  if (first?.kind !== 'name') return null;
  if (first.text === 'struct' || first.text === 'union' || first.text === 'enum') {
    const tag = tokens[index + 1]?.kind === 'name' ? tokens[index + 1] : undefined;
    const brace = index + (tag ? 2 : 1);
    if (tokens[brace]?.text === '{') {
      const close = closingIndex(tokens, brace);
      const end = close < 0 ? tokens.length : close;
      const inline = readAggregate(first.text, tag ?? first, tokens.slice(index, end + 1), depth);
      return { name: tag ? `${first.text} ${tag.text}` : first.text, inline, next: end + 1 };
    }
    if (!tag) return null;
    return { name: `${first.text} ${tag.text}`, inline: null, next: brace };
  }
  if (BASIC.has(first.text)) {
    const words: string[] = [];
    while (BASIC.has(tokens[index]?.text ?? '') || STORAGE.has(tokens[index]?.text ?? '')) {
      const word = tokens[index]?.text ?? '';
      if (BASIC.has(word)) words.push(word);
      index++;
    }
    return { name: words.join(' '), inline: null, next: index };
  }
  if ((first.text === 'typeof' || first.text === '__typeof__') && tokens[index + 1]?.text === '(') {
    const close = closingIndex(tokens, index + 1);
    if (close < 0) return null;
    return { name: textOf(tokens, index, close + 1), inline: null, next: close + 1 };
  }
  index++;
  while (STORAGE.has(tokens[index]?.text ?? '')) index++;
  return { name: first.text, inline: null, next: index };
}

/** `*name[2]`, `(*name)(...)`, `name : 3`: one declarator of tokens[from, to). Null if it declares nothing. */
function readDeclarator(
  tokens: readonly Token[],
  from: number,
  to: number,
  base: Specifiers,
): Declared | null {
  let pointers = 0;
  let index = from;
  let isFunctionPointer = false;
  for (; index < to; index++) {
    const text = tokens[index]?.text ?? '';
    if (text === '*') pointers++;
    else if (text === '(' && tokens[index + 1]?.text === '*') {
      pointers++;
      index++;
      isFunctionPointer = true;
    } else if (!STORAGE.has(text)) break;
  }
  const name = tokens[index];
  if (name?.kind !== 'name') return null;
  const dimensions: string[] = [];
  let bits: string | null = null;
  let at = index + 1;
  if (isFunctionPointer) {
    if (tokens[at]?.text === ')') at++;
    isFunctionPointer = tokens[at]?.text === '(';
  }
  while (at < to && tokens[at]?.text === '[') {
    const close = closingIndex(tokens, at);
    if (close < 0 || close > to) break;
    dimensions.push(textOf(tokens, at + 1, close));
    at = close + 1;
  }
  if (tokens[at]?.text === ':') bits = textOf(tokens, at + 1, to);
  const attributes = strip(tokens.slice(index + 1, to));
  return {
    name: name.text,
    nameSpan: spanOf(name),
    type: { name: base.name, pointers, dimensions, inline: base.inline, isFunctionPointer },
    tags: attributes.tags,
    bits,
  };
}

/** Real programs do not nest structs deeper: members below are not read. */
const MAX_NESTING = 64;

/** `struct tag { ... }`: `named` is the tag, or the keyword if there is none. */
function readAggregate(
  kind: Aggregate['kind'],
  named: Token,
  tokens: readonly Token[],
  depth: number,
): Aggregate {
  const open = tokens.findIndex(token => token.text === '{');
  const close = closingIndex(tokens, open);
  const end = close < 0 ? tokens.length : close;
  const last = tokens[tokens.length - 1];
  return {
    kind,
    name: named.text === kind ? '' : named.text,
    nameSpan: spanOf(named),
    span: { start: tokens[0]?.start ?? 0, end: last?.end ?? 0 },
    members:
      kind === 'enum' || depth >= MAX_NESTING ? [] : readMembers(tokens.slice(open + 1, end), depth + 1),
    enumerators: kind === 'enum' ? readEnumerators(tokens, open + 1, end) : [],
  };
}

function readEnumerators(tokens: readonly Token[], from: number, to: number): Aggregate['enumerators'] {
  return splitByComma(tokens, from, to).flatMap(part => {
    const first = tokens[part.from];
    if (first?.kind !== 'name') return [];
    const value = tokens[part.from + 1]?.text === '=' ? textOf(tokens, part.from + 2, part.to) : null;
    return [{ name: first.text, value, span: spanOf(first) }];
  });
}

/** Members of a struct: declarations up to each ';'. */
function readMembers(tokens: readonly Token[], nesting: number): Declared[] {
  const members: Declared[] = [];
  let begin = 0;
  let depth = 0;
  for (let index = 0; index <= tokens.length; index++) {
    const text = tokens[index]?.text;
    if (text === '{' || text === '(') depth++;
    else if (text === '}' || text === ')') depth--;
    if (index !== tokens.length && (text !== ';' || depth !== 0)) continue;
    const { inline, declared } = readDeclaration(tokens.slice(begin, index), nesting);
    begin = index + 1;
    members.push(...declared);
    // An anonymous struct or union: its members count as the outer's.
    if (declared.length === 0 && inline?.name === '' && inline.kind !== 'enum') {
      const type = { name: inline.kind, pointers: 0, dimensions: [], inline, isFunctionPointer: false };
      members.push({ name: '', nameSpan: inline.nameSpan, type, tags: [], bits: null });
    }
  }
  return members;
}

export interface Declaration {
  /** The struct, union or enum that it defines. */
  readonly inline: Aggregate | null;
  readonly declared: readonly Declared[];
}

/** Everything one declaration declares, without initialisers; the tokens exclude the ';'. */
export function readDeclaration(all: readonly Token[], nesting = 0): Declaration {
  const tokens = all.some(token => token.kind === 'directive')
    ? all.filter(token => token.kind !== 'directive')
    : all;
  const specifiers = isMapField(tokens[0]?.text ?? '') ? null : readSpecifiers(tokens, nesting);
  if (!specifiers) return { inline: null, declared: [] };
  const declared: Declared[] = [];
  for (const part of splitByComma(tokens, specifiers.next, tokens.length)) {
    const one = readDeclarator(tokens, part.from, beforeInitialiser(tokens, part), specifiers);
    if (one) declared.push(one);
    // Only a bit field may have no name: anything else without one is not a declaration.
    else if (tokens[part.from]?.text !== ':') break;
  }
  return { inline: specifiers.inline, declared };
}

function beforeInitialiser(
  tokens: readonly Token[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  for (let index = from; index < to; index++) if (tokens[index]?.text === '=') return index;
  return to;
}

/** Parameters between the parentheses tokens[from, to). */
export function readParameters(tokens: readonly Token[], from: number, to: number): Declared[] {
  return splitByComma(tokens, from, to).flatMap(
    part => readDeclaration(tokens.slice(part.from, part.to)).declared,
  );
}

/** __uint(type, X); and the like between the braces of a map. */
export function readMapFields(tokens: readonly Token[]): MapField[] {
  const fields: MapField[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const macro = tokens[index];
    if (!macro || !isMapField(macro.text) || tokens[index + 1]?.text !== '(') continue;
    const close = closingIndex(tokens, index + 1);
    if (close < 0) continue;
    const [name, ...value] = splitByComma(tokens, index + 2, close);
    const last = value[value.length - 1];
    if (name) {
      const first = value[0];
      fields.push({
        macro: macro.text,
        name: textOf(tokens, name.from, name.to),
        value: first && last ? textOf(tokens, first.from, last.to) : '',
        span: { start: macro.start, end: tokens[close]?.end ?? macro.end },
        valueSpan: {
          start: first ? (tokens[first.from]?.start ?? 0) : (tokens[close]?.start ?? 0),
          end: tokens[close]?.start ?? macro.end,
        },
      });
    }
    index = close;
  }
  return fields;
}

/** Members of struct bpf_map_def that describe a map, and what they are called in SEC(".maps"). */
const LEGACY_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'key_size',
  'value_size',
  'max_entries',
  'map_flags',
]);

/** The initialiser of a map in SEC("maps"), as the fields that describe it in SEC(".maps"): `sizeof(T)` is the type T. */
export function readLegacyMapFields(tokens: readonly Token[]): MapField[] {
  const equals = tokens.findIndex(token => token.text === '=');
  const open = tokens.findIndex((token, index) => index > equals && token.text === '{');
  const close = equals < 0 || open < 0 ? -1 : closingIndex(tokens, open);
  if (close < 0) return [];
  return splitByComma(tokens, open + 1, close).flatMap(({ from, to }): MapField[] => {
    const [dot, member, assigned, first] = tokens.slice(from, from + 4);
    const last = tokens[to - 1];
    if (dot?.text !== '.' || !member || assigned?.text !== '=' || !first || !last) return [];
    if (!LEGACY_FIELDS.has(member.text)) return [];
    const written = textOf(tokens, from + 3, to);
    const type = /_size$/.test(member.text) ? /^sizeof\s*\((.+)\)$/.exec(written)?.[1] : undefined;
    return [
      {
        macro: type === undefined ? '__uint' : '__type',
        name: type === undefined ? member.text : member.text.replace(/_size$/, ''),
        value: type ?? written,
        span: { start: dot.start, end: last.end },
        valueSpan: { start: first.start, end: last.end },
      },
    ];
  });
}
