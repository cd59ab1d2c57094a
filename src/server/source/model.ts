/** The declarations of one C file of a BPF program. Offsets are UTF-16 offsets in the file. */
import type { Token } from '../../shared/c/lexer';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** SEC("..."): `span` of the whole macro, `nameSpan` between the quotes. */
export interface SectionMark {
  readonly name: string;
  /** More follows the first literal, e.g. a macro: `name` is only the beginning of the name. Or a macro produced it all. */
  readonly isPartial: boolean;
  readonly span: Span;
  readonly nameSpan: Span;
}

/** A BPFW_ tag with its arguments as written, without quotes. */
export interface TagMark {
  readonly macro: string;
  readonly arguments: readonly string[];
  readonly span: Span;
}

/** A type as written in declarations: "struct file", with pointers and array dimensions. */
export interface WrittenType {
  /** "struct file", "__u64", "unsigned long"; an inline definition's own Aggregate is in `inline`. */
  readonly name: string;
  readonly pointers: number;
  /** Text of each dimension, outermost first. */
  readonly dimensions: readonly string[];
  readonly inline: Aggregate | null;
  readonly isFunctionPointer: boolean;
}

export interface Declared {
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: WrittenType;
  readonly tags: readonly TagMark[];
  /** Bit fields only. */
  readonly bits: string | null;
}

export interface Aggregate {
  readonly kind: 'struct' | 'union' | 'enum';
  /** Tag, or '' without one. */
  readonly name: string;
  readonly nameSpan: Span;
  readonly span: Span;
  readonly members: readonly Declared[];
  readonly enumerators: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly span: Span;
  }[];
}

export interface MapField {
  readonly macro: '__uint' | '__type' | '__array' | '__ulong';
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  readonly valueSpan: Span;
}

export interface SourceMap {
  readonly name: string;
  readonly nameSpan: Span;
  readonly span: Span;
  readonly fields: readonly MapField[];
  readonly tags: readonly TagMark[];
  /** BPFW_RINGBUF's record type. */
  readonly record: string | null;
}

export function fieldOf(map: SourceMap, name: string): MapField | null {
  return map.fields.find(field => field.name === name) ?? null;
}

export interface SourceFunction {
  readonly name: string;
  readonly nameSpan: Span;
  readonly span: Span;
  /** Of the braces; null for a declaration. */
  readonly bodySpan: Span | null;
  readonly returnType: string;
  /** BPF_PROG, BPF_KPROBE ... if the function is defined through it. */
  readonly macro: string | null;
  readonly parameters: readonly Declared[];
  readonly section: SectionMark | null;
  readonly tags: readonly TagMark[];
  readonly isStatic: boolean;
  readonly item: Item;
}

export interface SourceVariable extends Declared {
  readonly span: Span;
  readonly section: SectionMark | null;
  readonly isParameter: boolean;
  readonly isExtern: boolean;
  /** Text of its string literal initialiser, without quotes; null for any other. */
  readonly literal: { readonly text: string; readonly span: Span } | null;
}

export interface Include {
  readonly name: string;
  readonly angled: boolean;
  readonly span: Span;
}

export interface MacroDefinition {
  readonly name: string;
  readonly span: Span;
  /** Null: an object-like macro. */
  readonly parameters: readonly string[] | null;
  readonly body: string;
}

/** One declaration or definition at file level. */
export interface Item {
  readonly kind: 'function' | 'declaration';
  readonly span: Span;
  /** Its tokens, including macros. */
  readonly tokens: readonly Token[];
}

export interface SourceModel {
  readonly includes: readonly Include[];
  readonly macros: ReadonlyMap<string, MacroDefinition>;
  readonly functions: readonly SourceFunction[];
  readonly maps: readonly SourceMap[];
  readonly variables: readonly SourceVariable[];
  readonly aggregates: readonly Aggregate[];
  readonly typedefs: ReadonlyMap<string, { readonly type: WrittenType; readonly span: Span }>;
  readonly sections: readonly SectionMark[];
  /** Sections whose function or variable has not been written yet. */
  readonly danglingSections: readonly SectionMark[];
}
