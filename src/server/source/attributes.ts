/** Parts of BPF C declarations outside C's grammar: sections, tags, attributes. */
import { closingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import type { MapField, SectionMark, TagMark } from './model';

/** Macros of libbpf, the kernel and compilers that stand alone and are attributes. */
export const ATTRIBUTE_WORDS: ReadonlySet<string> = new Set(
  (
    '__inline __inline__ __always_inline __noinline __weak __hidden __ksym __kconfig __kptr __kptr_untrusted ' +
    '__percpu_kptr __arena __arg_ctx __arg_nonnull __arg_nullable __arg_trusted __arg_arena __uptr __unused ' +
    '__maybe_unused __user __percpu __rcu __used'
  ).split(' '),
);
/** The same with C's storage classes and qualifiers. */
export const STORAGE: ReadonlySet<string> = new Set([
  ...'static extern const volatile inline register restrict __restrict _Noreturn typedef'.split(' '),
  ...ATTRIBUTE_WORDS,
]);
/** Macros of bpfw.h that are attributes. */
export const TAG_MACROS: ReadonlySet<string> = new Set(
  (
    'TAG LABEL HELP UNIT RANGE HIDDEN LENGTH ROLE ASK LOG2 LINEAR PERCENTILES CHOICE NEEDS TARGET IFUNC ' +
    'IFUNC_RESOLVER PERF PERF_BRANCHES'
  )
    .split(' ')
    .map(name => `BPFW_${name}`),
);
/** Attributes that may have arguments. */
export const ATTRIBUTES: ReadonlySet<string> = new Set([
  '__attribute__',
  '__attribute',
  '__aligned',
  '_Alignas',
  '__packed',
]);
const SECTION_MACROS: ReadonlySet<string> = new Set(['SEC', '__section']);

/** bpf_helpers.h's macros for the members of a map's definition. */
export function isMapField(text: string): text is MapField['macro'] {
  return text === '__uint' || text === '__type' || text === '__array' || text === '__ulong';
}

/** Tokens without attributes, and the attributes that have a meaning here. */
export interface Stripped {
  readonly tokens: readonly Token[];
  readonly sections: readonly SectionMark[];
  readonly tags: readonly TagMark[];
  readonly isStatic: boolean;
  readonly isExtern: boolean;
  readonly isTypedef: boolean;
  readonly isConstVolatile: boolean;
}

/** Removes SEC(), tags, __attribute__ and storage classes, but nothing between braces. */
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
      if (SECTION_MACROS.has(token.text) && opens) {
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

/** SEC("name") at `index`, closing (or last) token at `end`. */
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
