/** From a file's tokens to its declarations. */

import { readDirective } from '../../shared/c/directives';
import { closingIndex, type Lexed, lex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import { type Stripped, strip } from './attributes';
import { liveTokens } from './conditionals';
import { readDeclaration, readLegacyMapFields, readMapFields, readParameters } from './declarations';
import type {
  Aggregate,
  Declared,
  Include,
  Item,
  MacroDefinition,
  SectionMark,
  SourceFunction,
  SourceMap,
  SourceModel,
  SourceVariable,
  Span,
  WrittenType,
} from './model';
import { expandSectionMacros, sectionMacros } from './section-macros';

/** libbpf's bpf_tracing.h and usdt.bpf.h: macros that define a program and name its arguments. */
export const PROGRAM_MACROS = new Set(
  'PROG PROG2 KPROBE KRETPROBE UPROBE URETPROBE KSYSCALL KPROBE_SYSCALL USDT'
    .split(' ')
    .map(name => `BPF_${name}`),
);

/** Splits tokens at file level into declarations and function definitions. */
function splitItems(tokens: readonly Token[]): Item[] {
  const balance = tokens.reduce(
    (depth, token) =>
      depth + (token.kind === 'mark' ? (token.text === '{' ? 1 : token.text === '}' ? -1 : 0) : 0),
    0,
  );
  // While a user types, braces do not match: a closing brace in column one then ends a definition (kernel style).
  const isBroken = balance !== 0;
  const items: Item[] = [];
  let current: Token[] = [];
  let depth = 0;
  let parens = 0;
  let isFunction = false;
  const finish = () => {
    const [first] = current;
    const last = current[current.length - 1];
    if (first && last)
      items.push({
        kind: isFunction ? 'function' : 'declaration',
        span: { start: first.start, end: last.end },
        tokens: current,
      });
    current = [];
    depth = 0;
    parens = 0;
    isFunction = false;
  };
  for (const token of tokens) {
    if (token.kind === 'directive') {
      if (depth > 0 || current.length > 0) current.push(token);
      continue;
    }
    const startsSection = token.text === 'SEC' && token.atLineStart;
    if (
      startsSection &&
      current.some(one => one.kind !== 'directive') &&
      (depth === 0 ? !endsInTag(current) : isBroken)
    )
      finish();
    current.push(token);
    if (token.kind !== 'mark') continue;
    if (token.text === '(') parens++;
    else if (token.text === ')') parens = Math.max(0, parens - 1);
    else if (token.text === '{') {
      if (depth === 0) {
        parens = 0;
        isFunction = opensBody(current);
      }
      depth++;
    } else if (token.text === '}') {
      depth = isBroken && token.atLineStart ? 0 : Math.max(0, depth - 1);
      if (depth === 0 && isFunction) finish();
    } else if (token.text === ';' && depth === 0 && parens === 0) finish();
  }
  finish();
  return items;
}

/** A section may follow another attribute line: SEC("...") after BPFW_CHOICE(...) belongs to the same item. */
function endsInTag(current: readonly Token[]): boolean {
  return strip(current).tokens.length === 0;
}

/** The '{' after `current` begins a function's body: it follows a parameter list. */
function opensBody(current: readonly Token[]): boolean {
  const { tokens } = strip(current.slice(0, -1));
  return tokens[tokens.length - 1]?.text === ')';
}

/** The declarations in one item at file level. */
interface Contents {
  readonly functions: SourceFunction[];
  readonly maps: SourceMap[];
  readonly variables: SourceVariable[];
  readonly aggregates: Aggregate[];
  readonly typedefs: (readonly [name: string, { readonly type: WrittenType; readonly span: Span }])[];
  readonly sections: readonly SectionMark[];
  readonly dangling: readonly SectionMark[];
}

/** Cache of parsed items, by position and text: typing changes one item, and moves those after it. */
export class ItemCache {
  private readonly known = new Map<string, Contents>();
  private macros = '';

  /** Set the macros that were expanded before asking for contents: different macros give different items. */
  expandedWith(macros: ReadonlyMap<string, MacroDefinition>): void {
    const written = [...macros.values()]
      .map(macro => `${macro.name}(${macro.parameters}) ${macro.body}`)
      .join('\n');
    if (written !== this.macros) this.known.clear();
    this.macros = written;
  }

  /** The contents of an item with this text at this place, read if they are not cached. */
  contents(text: string, item: Item): Contents {
    const key = `${item.span.start} ${text.slice(item.span.start, item.span.end)}`;
    let found = this.known.get(key);
    if (!found) {
      found = readItem(item);
      if (this.known.size >= KEPT_ITEMS) this.known.clear();
      this.known.set(key, found);
    }
    return found;
  }
}
const KEPT_ITEMS = 4000;

/** Reads one file. `text` may be half typed; pass the same `cache` for the next version of the file. */
export function readSource(
  text: string,
  lexed: Lexed = lex(text),
  cache: ItemCache | null = null,
): SourceModel {
  const { includes, macros } = readDirectives(lexed.tokens);
  const writers = sectionMacros(macros);
  const tokens = expandSectionMacros(liveTokens(lexed.tokens), writers);
  cache?.expandedWith(writers);
  const contents = splitItems(tokens).map(item => cache?.contents(text, item) ?? readItem(item));
  return {
    includes,
    macros,
    functions: contents.flatMap(one => one.functions),
    maps: contents.flatMap(one => one.maps),
    variables: contents.flatMap(one => one.variables),
    aggregates: contents.flatMap(one => one.aggregates),
    typedefs: new Map(contents.flatMap(one => one.typedefs)),
    sections: contents.flatMap(one => one.sections),
    danglingSections: contents.flatMap(one => one.dangling),
  };
}

function readItem(item: Item): Contents {
  const stripped = strip(item.tokens);
  const { sections } = stripped;
  const nothing: Contents = {
    functions: [],
    maps: [],
    variables: [],
    aggregates: [],
    typedefs: [],
    sections,
    dangling: [],
  };
  if (stripped.tokens.length === 0) return { ...nothing, dangling: sections };
  const macroMap = item.kind === 'declaration' ? ringbufMacro(item, stripped) : null;
  if (macroMap) return { ...nothing, maps: [macroMap] };
  const one = item.kind === 'function' || isPrototype(stripped.tokens) ? readFunction(item, stripped) : null;
  if (one) return { ...nothing, functions: [one] };
  const end = stripped.tokens[stripped.tokens.length - 1]?.text === ';' ? -1 : undefined;
  const words = stripped.tokens.slice(0, end);
  const { inline, declared } = readDeclaration(words);
  const aggregates: Aggregate[] = [];
  if (inline) collectAggregates(inline, aggregates);
  if (stripped.isTypedef)
    return {
      ...nothing,
      aggregates,
      typedefs: declared.map(({ name, type, nameSpan }) => [name, { type, span: nameSpan }]),
    };
  const section = sections[0] ?? null;
  const fields = inline && declared.length > 0 ? readMapFields(item.tokens) : [];
  if (section?.name === '.maps' || section?.name === 'maps' || fields.length > 0) {
    const maps = declared.map(variable => ({
      name: variable.name,
      nameSpan: variable.nameSpan,
      span: item.span,
      fields: section?.name === 'maps' ? readLegacyMapFields(item.tokens) : fields,
      tags: stripped.tags,
      record: null,
    }));
    return {
      ...nothing,
      aggregates,
      maps,
      dangling: maps.length === 0 && section && !inline ? [section] : [],
    };
  }
  return {
    ...nothing,
    aggregates,
    variables: declared.map(variable => readVariable(variable, item, stripped, section)),
    dangling: declared.length === 0 && section && !inline ? [section] : [],
  };
}

/** `int f(...);`: the last token before ';' closes a parameter list after a name. */
function isPrototype(tokens: readonly Token[]): boolean {
  const last = tokens.length - (tokens[tokens.length - 1]?.text === ';' ? 2 : 1);
  if (tokens[last]?.text !== ')' || tokens.some(token => token.text === '=')) return false;
  const open = tokens.findIndex(token => token.text === '(');
  return open > 1 && tokens[open - 1]?.kind === 'name' && tokens[open + 1]?.text !== '*';
}

function readFunction(item: Item, { tokens, tags, sections, isStatic }: Stripped): SourceFunction | null {
  const brace = item.kind === 'function' ? tokens.findIndex(token => token.text === '{') : tokens.length;
  const open = tokens.findIndex((token, index) => token.text === '(' && tokens[index - 1]?.kind === 'name');
  if (open < 0 || (brace >= 0 && open > brace)) return null;
  const close = closingIndex(tokens, open);
  if (close < 0) return null;
  const outer = tokens[open - 1];
  if (!outer) return null;
  const macro = PROGRAM_MACROS.has(outer.text) ? outer.text : null;
  const parts = splitByComma(tokens, open + 1, close);
  const inner = macro ? tokens[parts[0]?.from ?? -1] : outer;
  const parametersFrom = macro ? (parts[1]?.from ?? close) : open + 1;
  const body = item.kind === 'function' ? tokens[brace] : undefined;
  return {
    name: inner?.text ?? '',
    nameSpan: { start: inner?.start ?? outer.start, end: inner?.end ?? outer.end },
    span: item.span,
    bodySpan: body ? { start: body.start, end: item.span.end } : null,
    returnType: textOf(tokens, 0, open - 1),
    macro,
    parameters: readParameters(tokens, parametersFrom, close),
    section: sections[0] ?? null,
    tags,
    isStatic,
    item,
  };
}

function readVariable(
  declared: Declared,
  item: Item,
  stripped: Stripped,
  section: SectionMark | null,
): SourceVariable {
  const after = stripped.tokens.findIndex(token => token.start === declared.nameSpan.start);
  const equals = stripped.tokens.findIndex((token, index) => index > after && token.text === '=');
  const value = equals < 0 ? undefined : stripped.tokens[equals + 1];
  return {
    ...declared,
    tags: stripped.tags.length > 0 ? stripped.tags : declared.tags,
    span: item.span,
    section,
    isParameter: stripped.isConstVolatile && !stripped.isExtern,
    isExtern: stripped.isExtern,
    literal:
      value?.kind === 'text'
        ? { text: value.text.replace(/^"|"$/g, ''), span: { start: value.start, end: value.end } }
        : null,
  };
}

function collectAggregates(aggregate: Aggregate, into: Aggregate[]): void {
  if (aggregate.name !== '' || aggregate.kind === 'enum') into.push(aggregate);
  for (const member of aggregate.members) if (member.type.inline) collectAggregates(member.type.inline, into);
}

/** BPFW_RINGBUF(map, record, bytes); and BPFW_DROPS(map); of bpfw.h. */
function ringbufMacro(item: Item, { tokens, tags }: Stripped): SourceMap | null {
  if (tokens[0]?.text !== 'BPFW_RINGBUF' || tokens[1]?.text !== '(') return null;
  const close = closingIndex(tokens, 1);
  if (close < 0) return null;
  const [map, record, bytes] = splitByComma(tokens, 2, close);
  const name = tokens[map?.from ?? -1];
  if (name?.kind !== 'name') return null;
  const size = bytes ? textOf(tokens, bytes.from, bytes.to) : '';
  const span = { start: tokens[0].start, end: tokens[close]?.end ?? item.span.end };
  const valueSpan = bytes
    ? { start: tokens[bytes.from]?.start ?? 0, end: tokens[close]?.start ?? 0 }
    : { start: span.end, end: span.end };
  return {
    name: name.text,
    nameSpan: { start: name.start, end: name.end },
    span: item.span,
    fields: [
      { macro: '__uint', name: 'type', value: 'BPF_MAP_TYPE_RINGBUF', span, valueSpan: span },
      { macro: '__uint', name: 'max_entries', value: size, span, valueSpan },
    ],
    tags,
    record: record ? textOf(tokens, record.from, record.to) : null,
  };
}

function readDirectives(tokens: readonly Token[]): {
  includes: Include[];
  macros: Map<string, MacroDefinition>;
} {
  const includes: Include[] = [];
  const macros = new Map<string, MacroDefinition>();
  for (const token of tokens) {
    if (token.kind !== 'directive') continue;
    const span = { start: token.start, end: token.end };
    const directive = readDirective(token.text);
    if (directive?.kind === 'include')
      includes.push({ name: directive.name, angled: directive.angled, span });
    else if (directive?.kind === 'define') {
      const { name, parameters, body } = directive;
      macros.set(name, { name, span, parameters, body });
    }
  }
  return { includes, macros };
}
