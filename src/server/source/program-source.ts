/** One open file with everything known about it; recreated for each version, which is cheap because its parts are cached. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCInteger } from '../../shared/c/integer';
import { type Lexed, lex } from '../../shared/c/lexer';
import { type Body, readBody } from './bodies';
import type { Header, Headers } from './headers';
import type {
  Aggregate,
  MacroDefinition,
  SourceFunction,
  SourceMap,
  SourceModel,
  SourceVariable,
  WrittenType,
} from './model';
import { type ItemCache, readSource } from './read-source';
import type { SyntaxNode, SyntaxParser } from './syntax';

export class ProgramSource {
  readonly lexed: Lexed;
  readonly model: SourceModel;
  readonly headers: readonly Header[];
  private readonly bodyOf = new Map<SourceFunction, Body>();

  constructor(
    readonly uri: string,
    readonly version: number,
    readonly text: string,
    private readonly parser: SyntaxParser,
    headers: Headers,
    items: ItemCache,
  ) {
    this.lexed = lex(text);
    this.model = readSource(text, this.lexed, items);
    this.headers = headers.ownHeaders(this.model, folderOf(uri));
  }

  /** Named x.bpf.c, as libbpf's skeletons expect; other files may be meant for other loaders. */
  get isNamedForLibbpf(): boolean {
    return /\.bpf\.[ch]$/.test(this.uri);
  }

  /** Function definitions of this file. */
  get definitions(): SourceFunction[] {
    return this.model.functions.filter(one => one.bodySpan !== null);
  }

  /** Definitions with a program's section. */
  get programs(): (SourceFunction & { readonly section: NonNullable<SourceFunction['section']> })[] {
    return this.definitions.filter(isProgram);
  }

  body(owner: SourceFunction): Body {
    let body = this.bodyOf.get(owner);
    if (!body) {
      body = readBody(this.parser, this.text, owner);
      this.bodyOf.set(owner, body);
    }
    return body;
  }

  /** The tree of C text that is not part of the file. */
  parse(text: string): SyntaxNode {
    return this.parser.parse(text);
  }

  /** The definition whose text contains the offset. */
  definitionAt(offset: number): SourceFunction | null {
    return this.definitions.find(one => one.span.start <= offset && offset <= one.span.end) ?? null;
  }

  private get models(): SourceModel[] {
    return [this.model, ...this.headers.map(header => header.model)];
  }

  map(name: string): SourceMap | null {
    return firstOf(this.models, model => model.maps.find(one => one.name === name));
  }
  get maps(): SourceMap[] {
    return this.models.flatMap(model => model.maps);
  }
  aggregate(kind: string, name: string): Aggregate | null {
    return firstOf(this.models, model =>
      model.aggregates.find(one => one.kind === kind && one.name === name && name !== ''),
    );
  }
  get aggregates(): Aggregate[] {
    return this.models.flatMap(model => model.aggregates);
  }
  typedef(name: string): WrittenType | null {
    return firstOf(this.models, model => model.typedefs.get(name)?.type);
  }
  get typedefNames(): string[] {
    return this.models.flatMap(model => [...model.typedefs.keys()]);
  }
  macro(name: string): MacroDefinition | null {
    return firstOf(this.models, model => model.macros.get(name));
  }
  get macros(): MacroDefinition[] {
    return this.models.flatMap(model => [...model.macros.values()]);
  }
  function(name: string): SourceFunction | null {
    return firstOf(this.models, model => model.functions.find(one => one.name === name));
  }
  variable(name: string): SourceVariable | null {
    return firstOf(this.models, model => model.variables.find(one => one.name === name));
  }
  /** Whether the file or a header it includes has a function, macro or variable of the name. */
  declares(name: string): boolean {
    return this.function(name) !== null || this.macro(name) !== null || this.variable(name) !== null;
  }
  get variables(): SourceVariable[] {
    return this.models.flatMap(model => model.variables);
  }
  /** An enumerator's value text, or null. */
  enumerator(name: string): { readonly value: bigint } | null {
    for (const aggregate of this.aggregates) {
      let next = 0n;
      for (const one of aggregate.enumerators) {
        const written = one.value === null ? null : parseCInteger(one.value);
        if (one.value !== null && written === null) break;
        next = written ?? next;
        if (one.name === name) return { value: next };
        next++;
      }
    }
    return null;
  }
  /** Where an enumerator of this program is defined; `written`: its value as in the source. */
  enumeratorOwner(name: string): { readonly tag: string; readonly written: string } | null {
    for (const aggregate of this.aggregates) {
      const found = aggregate.enumerators.find(one => one.name === name);
      if (found) return { tag: aggregate.name, written: found.value ?? '?' };
    }
    return null;
  }
  /** The text of LICENSE with its place; null without one. A header's licence counts, but has no place here. */
  get license(): {
    readonly text: string;
    readonly variable: SourceVariable;
    readonly isHere: boolean;
  } | null {
    for (const model of this.models) {
      const variable = model.variables.find(one => one.section?.name === 'license');
      if (variable?.literal) return { text: variable.literal.text, variable, isHere: model === this.model };
    }
    return null;
  }
  /** bpf2go's sources start with a Go build tag: another library loads them, with its own grammar. */
  get isForGo(): boolean {
    return /^\s*(\/\*[\s\S]*?\*\/\s*|\/\/(?!go:build).*\n\s*)*\/\/go:build\b/.test(this.text.slice(0, 4096));
  }
  includes(name: RegExp): boolean {
    return this.models.some(model => model.includes.some(include => name.test(include.name)));
  }
  /** True if some #include "..." could not be read: its definitions are unknown. */
  get hasUnreadHeaders(): boolean {
    const read = new Set(this.headers.map(header => path.basename(header.path)));
    return this.models.some(model =>
      model.includes.some(
        include =>
          !include.angled &&
          !read.has(path.basename(include.name)) &&
          path.basename(include.name) !== 'vmlinux.h' &&
          !include.name.startsWith('bpf/'),
      ),
    );
  }

  get folder(): string {
    return folderOf(this.uri);
  }
}

function isProgram(
  one: SourceFunction,
): one is SourceFunction & { readonly section: NonNullable<SourceFunction['section']> } {
  return one.section !== null;
}

function firstOf<T>(models: readonly SourceModel[], pick: (model: SourceModel) => T | undefined): T | null {
  for (const model of models) {
    const found = pick(model);
    if (found !== undefined) return found;
  }
  return null;
}

function folderOf(uri: string): string {
  try {
    return path.dirname(fileURLToPath(uri));
  } catch {
    // untitled: and other documents without a file.
    return '/nonexistent';
  }
}
