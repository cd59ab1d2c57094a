/** Reads declarations out of words: enough of C's grammar for the declarations that BPF programs have. */
import { closingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import type { Aggregate, Declared, MapField, SectionMark, Span, TagMark, WrittenType } from './model';

const STORAGE = new Set([
  'static',
  'extern',
  'const',
  'volatile',
  'inline',
  '__inline',
  '__always_inline',
  '__noinline',
  '__weak',
  '__hidden',
  '__ksym',
  '__kconfig',
  'register',
  'restrict',
  '__restrict',
  '_Noreturn',
  'typedef',
  '__kptr',
  '__kptr_untrusted',
  '__percpu_kptr',
  '__arena',
  '__arg_ctx',
  '__arg_nonnull',
  '__arg_nullable',
  '__arg_trusted',
  '__arg_arena',
  '__uptr',
  '__unused',
  '__maybe_unused',
  '__user',
  '__percpu',
  '__rcu',
  '__inline__',
  '__used',
]);
const BASIC = new Set([
  'unsigned',
  'signed',
  'long',
  'short',
  'int',
  'char',
  'float',
  'double',
  '_Bool',
  'void',
]);
/** Macros of bpfw.h that are attributes. */
export const TAG_MACROS = new Set([
  'BPFW_TAG',
  'BPFW_LABEL',
  'BPFW_HELP',
  'BPFW_UNIT',
  'BPFW_RANGE',
  'BPFW_HIDDEN',
  'BPFW_LENGTH',
  'BPFW_ROLE',
  'BPFW_ASK',
  'BPFW_LOG2',
  'BPFW_LINEAR',
  'BPFW_PERCENTILES',
  'BPFW_CHOICE',
  'BPFW_NEEDS',
  'BPFW_TARGET',
  'BPFW_IFUNC',
  'BPFW_IFUNC_RESOLVER',
  'BPFW_PERF',
  'BPFW_PERF_BRANCHES',
]);
const ATTRIBUTES = new Set(['__attribute__', '__attribute', '__aligned', '_Alignas', '__packed']);
const MAP_FIELDS = new Set(['__uint', '__type', '__array', '__ulong']);

/** Words without attributes, and the attributes that say something to us. */
export interface Stripped {
  readonly tokens: readonly Token[];
  readonly sections: readonly SectionMark[];
  readonly tags: readonly TagMark[];
  readonly isStatic: boolean;
  readonly isExtern: boolean;
  readonly isTypedef: boolean;
  readonly isConstVolatile: boolean;
}

/** Takes SEC(), tags, __attribute__ and storage words out; of the words between braces nothing. */
export function strip(tokens: readonly Token[]): Stripped {
  const kept: Token[] = [];
  const sections: SectionMark[] = [];
  const tags: TagMark[] = [];
  const words = new Set<string>();
  let depth = 0;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token || token.kind === 'directive') continue;
    if (token.text === '{' || token.text === '(') depth++;
    else if (token.text === '}' || token.text === ')') depth--;
    if (token.kind === 'name' && depth === 0) {
      const opens = tokens[index + 1]?.text === '(';
      const close = opens ? closingIndex(tokens, index + 1) : -1;
      const end = close < 0 ? index : close;
      if ((token.text === 'SEC' || token.text === '__section') && opens) {
        const section = sectionMark(tokens, index, end);
        if (section) sections.push(section);
        index = end;
        continue;
      }
      if (TAG_MACROS.has(token.text)) {
        tags.push(tagMark(tokens, index, end));
        index = end;
        continue;
      }
      if (ATTRIBUTES.has(token.text)) {
        const at = tokens.findIndex((one, inner) => inner > index && inner < end && one.text === 'section');
        const section =
          at > 0 && tokens[at + 1]?.text === '('
            ? sectionMark(tokens, at, closingIndex(tokens, at + 1))
            : null;
        if (section) sections.push(section);
        index = end;
        continue;
      }
      if (STORAGE.has(token.text)) {
        words.add(token.text);
        continue;
      }
    }
    kept.push(token);
  }
  return {
    tokens: kept,
    sections,
    tags,
    isStatic: words.has('static'),
    isExtern: words.has('extern'),
    isTypedef: words.has('typedef'),
    isConstVolatile: words.has('const') && words.has('volatile'),
  };
}

/** SEC("name") at `index`, closing (or last) word at `end`. */
export function sectionMark(tokens: readonly Token[], index: number, end: number): SectionMark | null {
  const literal = tokens[index + 2];
  const macro = tokens[index];
  if (literal?.kind !== 'text' || !macro) return null;
  const closed = literal.text.length > 1 && literal.text.endsWith('"');
  const next = tokens[index + 3];
  const nameSpan = { start: literal.start + 1, end: closed ? literal.end - 1 : literal.end };
  return {
    name: literal.text.slice(1, closed ? -1 : undefined),
    isPartial: next?.kind === 'name' || next?.kind === 'text',
    span: { start: macro.start, end: tokens[Math.max(end, index + 2)]?.end ?? literal.end },
    nameSpan,
  };
}

function tagMark(tokens: readonly Token[], index: number, end: number): TagMark {
  const first = tokens[index];
  const parts = end > index ? splitByComma(tokens, index + 2, end) : [];
  return {
    macro: first?.text ?? '',
    arguments: parts.map(part => textOf(tokens, part.from, part.to).replace(/^"(.*)"$/s, '$1')),
    span: { start: first?.start ?? 0, end: tokens[end]?.end ?? first?.end ?? 0 },
  };
}

const spanOf = (token: Token | undefined): Span => ({ start: token?.start ?? 0, end: token?.end ?? 0 });

/** Specifiers at the beginning of `tokens`: the type, and where its declarators begin. null when there is no type. */
export function readSpecifiers(
  tokens: readonly Token[],
  from: number,
): { readonly name: string; readonly inline: Aggregate | null; readonly next: number } | null {
  let index = from;
  while (STORAGE.has(tokens[index]?.text ?? '')) index++;
  const first = tokens[index];
  if (first?.kind !== 'name') return null;
  if (first.text === 'struct' || first.text === 'union' || first.text === 'enum') {
    const tag = tokens[index + 1]?.kind === 'name' ? tokens[index + 1] : undefined;
    const brace = index + (tag ? 2 : 1);
    if (tokens[brace]?.text === '{') {
      const close = closingIndex(tokens, brace);
      const end = close < 0 ? tokens.length : close;
      const inline = readAggregate(first.text, tokens, tag, index, brace, end);
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

/** `*name[2]`, `(*name)(...)`, `name : 3`: one declarator of tokens[from, to). null when it declares nothing. */
export function readDeclarator(
  tokens: readonly Token[],
  from: number,
  to: number,
  base: { readonly name: string; readonly inline: Aggregate | null },
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

/** Structs nested deeper than this do not come from a real program: their members are not read. */
const MAX_NESTING = 64;
let nesting = 0;

function readAggregate(
  kind: Aggregate['kind'],
  tokens: readonly Token[],
  tag: Token | undefined,
  start: number,
  open: number,
  close: number,
): Aggregate {
  const span = {
    start: tokens[start]?.start ?? 0,
    end: (tokens[close] ?? tokens[tokens.length - 1])?.end ?? 0,
  };
  const name = tag?.text ?? '';
  const nameSpan = spanOf(tag ?? tokens[start]);
  if (kind === 'enum') {
    const enumerators = splitByComma(tokens, open + 1, close).flatMap(part => {
      const first = tokens[part.from];
      if (first?.kind !== 'name') return [];
      const value = tokens[part.from + 1]?.text === '=' ? textOf(tokens, part.from + 2, part.to) : null;
      return [{ name: first.text, value, span: spanOf(first) }];
    });
    return { kind, name, nameSpan, span, members: [], enumerators };
  }
  if (nesting >= MAX_NESTING) return { kind, name, nameSpan, span, members: [], enumerators: [] };
  nesting++;
  try {
    return { kind, name, nameSpan, span, members: readMembers(tokens, open + 1, close), enumerators: [] };
  } finally {
    nesting--;
  }
}

/** Members of a struct: declarations up to each ';' of tokens[from, to). */
export function readMembers(tokens: readonly Token[], from: number, to: number): Declared[] {
  const members: Declared[] = [];
  let begin = from;
  let depth = 0;
  for (let index = from; index <= to; index++) {
    const text = tokens[index]?.text;
    if (text === '{' || text === '(') depth++;
    else if ((text === '}' || text === ')') && index < to) depth--;
    if (index !== to && (text !== ';' || depth !== 0)) continue;
    members.push(...readDeclaration(tokens.slice(begin, index)));
    begin = index + 1;
  }
  return members;
}

/** Everything one declaration declares; the words are without the ';'. */
export function readDeclaration(all: readonly Token[]): Declared[] {
  const tokens = all.filter(token => token.kind !== 'directive');
  if (MAP_FIELDS.has(tokens[0]?.text ?? '')) return [];
  const specifiers = readSpecifiers(tokens, 0);
  if (!specifiers) return [];
  if (specifiers.next >= tokens.length) {
    // An anonymous struct or union: its members count as the outer's.
    if (specifiers.inline && specifiers.inline.kind !== 'enum' && specifiers.inline.name === '')
      return [
        {
          name: '',
          nameSpan: specifiers.inline.nameSpan,
          type: {
            name: specifiers.name,
            pointers: 0,
            dimensions: [],
            inline: specifiers.inline,
            isFunctionPointer: false,
          },
          tags: [],
          bits: null,
        },
      ];
    return [];
  }
  const declared: Declared[] = [];
  for (const part of splitByComma(tokens, specifiers.next, tokens.length)) {
    const one = readDeclarator(tokens, part.from, part.to, specifiers);
    if (one) declared.push(one);
  }
  return declared;
}

/** Parameters between the parentheses tokens[from, to). */
export function readParameters(tokens: readonly Token[], from: number, to: number): Declared[] {
  return splitByComma(tokens, from, to).flatMap(part => {
    const words = tokens.slice(part.from, part.to);
    const specifiers = readSpecifiers(words, 0);
    if (!specifiers) return [];
    const one = readDeclarator(words, specifiers.next, words.length, specifiers);
    return one ? [one] : [];
  });
}

/** __uint(type, X); and its like between the braces of a map. */
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

function isMapField(text: string): text is MapField['macro'] {
  return MAP_FIELDS.has(text);
}

export const TYPE_OF_NOTHING: WrittenType = {
  name: 'void',
  pointers: 0,
  dimensions: [],
  inline: null,
  isFunctionPointer: false,
};
