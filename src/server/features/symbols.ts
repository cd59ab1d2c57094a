/** Document symbols, definitions and references. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type DocumentSymbol, type Location, SymbolKind } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { readUntrustedFileSync } from '../../system/untrusted-file';
import type { Analysis } from '../analysis/analysis';
import { tokenBefore } from '../source/cursor';
import type { Headers } from '../source/headers';
import type { Aggregate, SourceModel, Span } from '../source/model';
import { readSource } from '../source/read-source';
import { Scope } from '../source/scope';
import { rangeIn, rangeOf } from './places';

/** Programs, maps, parameters, records and functions, in the file's order. */
export function documentSymbols(analysis: Analysis, document: TextDocument): DocumentSymbol[] {
  const { model } = analysis.source;
  const found: { readonly at: number; readonly symbol: DocumentSymbol }[] = [];
  const add = (
    name: string,
    detail: string,
    kind: SymbolKind,
    span: Span,
    nameSpan: Span,
    children: DocumentSymbol[] = [],
  ) => {
    if (name === '' || nameSpan.start < span.start || nameSpan.end > span.end) return;
    const symbol = {
      name,
      detail,
      kind,
      range: rangeOf(document, span),
      selectionRange: rangeOf(document, nameSpan),
      children,
    };
    found.push({ at: span.start, symbol });
  };
  for (const one of model.functions) {
    if (!one.bodySpan) continue;
    add(
      one.name,
      one.section ? one.section.name : 'function',
      one.section ? SymbolKind.Event : SymbolKind.Function,
      one.span,
      one.nameSpan,
    );
  }
  for (const map of model.maps) {
    const type = map.fields.find(field => field.name === 'type')?.value ?? '';
    add(
      map.name,
      `map ${type.replace('BPF_MAP_TYPE_', '').toLowerCase()}`,
      SymbolKind.Object,
      map.span,
      map.nameSpan,
    );
  }
  for (const variable of model.variables) {
    if (variable.section?.name === 'license') continue;
    const detail = variable.isParameter ? 'parameter' : variable.isExtern ? 'extern' : 'global';
    add(
      variable.name,
      detail,
      variable.isParameter ? SymbolKind.Constant : SymbolKind.Variable,
      variable.span,
      variable.nameSpan,
    );
  }
  for (const aggregate of model.aggregates) {
    const members = aggregate.members
      .filter(one => one.name !== '')
      .map(one => ({
        name: one.name,
        detail: analysis.types.write({ from: 'source', type: one.type }),
        kind: SymbolKind.Field,
        range: rangeOf(document, one.nameSpan),
        selectionRange: rangeOf(document, one.nameSpan),
      }));
    const kind = aggregate.kind === 'enum' ? SymbolKind.Enum : SymbolKind.Struct;
    add(aggregate.name, aggregate.kind, kind, aggregate.span, aggregate.nameSpan, members);
  }
  return found.sort((a, b) => a.at - b.at).map(({ symbol }) => symbol);
}

/** The name at an offset, and whether it follows struct, union or enum. */
export function nameAt(
  text: string,
  offset: number,
): { readonly name: string; readonly start: number } | null {
  const start = /\w*$/.exec(text.slice(Math.max(0, offset - 128), offset))?.[0].length ?? 0;
  const name = /^\w+/.exec(text.slice(offset - start))?.[0];
  return name && !/^\d/.test(name) ? { name, start: offset - start } : null;
}

function definitionIn(model: SourceModel, name: string): Span | null {
  return (
    model.functions.find(one => one.name === name && one.bodySpan)?.nameSpan ??
    model.maps.find(one => one.name === name)?.nameSpan ??
    model.variables.find(one => one.name === name)?.nameSpan ??
    model.aggregates.find(one => one.name === name)?.nameSpan ??
    model.aggregates.flatMap(one => one.enumerators).find(one => one.name === name)?.span ??
    model.typedefs.get(name)?.span ??
    model.macros.get(name)?.span ??
    model.functions.find(one => one.name === name)?.nameSpan ??
    null
  );
}

/** Where a name is defined: this file or its own headers; for an #include "..." the header, for a member its struct's line. */
export function definitions(analysis: Analysis, document: TextDocument, offset: number): Location[] {
  const { source } = analysis;
  const included = source.model.includes.find(one => one.span.start <= offset && offset <= one.span.end);
  if (included) {
    const header = source.headers.find(one => one.path.endsWith(path.normalize(`/${included.name}`)));
    return header ? [{ uri: pathToFileURL(header.path).href, range: rangeIn('', { start: 0, end: 0 }) }] : [];
  }
  const word = nameAt(source.text, offset);
  if (!word) return [];
  const { tokens } = source.lexed;
  const at = tokenBefore(tokens, word.start);
  if (tokens[at]?.text === '->' || tokens[at]?.text === '.')
    return memberDefinition(analysis, document, word, at);
  const here = definitionIn(source.model, word.name);
  if (here) return [{ uri: document.uri, range: rangeOf(document, here) }];
  for (const header of source.headers) {
    const there = definitionIn(header.model, word.name);
    if (there) return [{ uri: pathToFileURL(header.path).href, range: rangeIn(header.text, there) }];
  }
  return [];
}

/** A member of one of the program's own structs; the kernel's have no source here. */
function memberDefinition(
  analysis: Analysis,
  document: TextDocument,
  word: { readonly name: string; readonly start: number },
  at: number,
): Location[] {
  const { source, types } = analysis;
  const scope = new Scope(types, source.definitionAt(word.start), word.start);
  const type = scope.typeEndingAt(source.lexed.tokens, at);
  const aggregate = type?.from === 'source' ? types.aggregateOf(type.type) : null;
  const member = aggregate && findMember(aggregate, word.name);
  if (!aggregate || !member) return [];
  if (holds(source.model, aggregate)) return [{ uri: document.uri, range: rangeOf(document, member) }];
  const header = source.headers.find(one => holds(one.model, aggregate));
  return header ? [{ uri: pathToFileURL(header.path).href, range: rangeIn(header.text, member) }] : [];
}

/** The place of a member, including those of unnamed structs and unions. */
function findMember(aggregate: Aggregate, name: string): Span | null {
  for (const member of aggregate.members) {
    if (member.name === name) return member.nameSpan;
    const inner = member.name === '' && member.type.inline ? findMember(member.type.inline, name) : null;
    if (inner) return inner;
  }
  return null;
}

function holds(model: SourceModel, aggregate: Aggregate): boolean {
  const isWithin = (outer: Aggregate): boolean =>
    outer === aggregate || outer.members.some(one => one.type.inline !== null && isWithin(one.type.inline));
  return (
    model.aggregates.some(isWithin) || [...model.typedefs.values()].some(one => one.type.inline === aggregate)
  );
}

const MOST_SIBLINGS = 64;

/**
 * From user-space code: skel->maps.events, skel->progs.x, skel->rodata->target_pid, bpf_object__find_map_by_name(obj,
 * "events"). Searches the .bpf.c files beside the file and their headers.
 */
export function definitionsFromUserSpace(
  text: string,
  offset: number,
  folder: string,
  headers: Headers,
): Location[] {
  const word = nameAt(text, offset);
  if (!word) return [];
  const before = text.slice(Math.max(0, word.start - 80), word.start);
  const names =
    /(?:(?:->|\.)(?:maps|progs|links|struct_ops)\.|->(?:rodata|bss|data|kconfig)(?:_\w+)?->|bpf_object__find_(?:map|program)(?:_fd)?_by_name\s*\(\s*[\w.>-]+\s*,\s*"|bpf_(?:map|program)__\w+\([^()]*")$/;
  if (!names.test(before)) return [];
  const found: Location[] = [];
  for (const file of siblings(folder)) {
    const source = readOrNull(file);
    if (source === null) continue;
    const model = readSource(source);
    for (const one of [{ path: file, text: source, model }, ...headers.ownHeaders(model, folder)]) {
      const span = definitionIn(one.model, word.name);
      const uri = pathToFileURL(one.path).href;
      if (span && !found.some(known => known.uri === uri))
        found.push({ uri, range: rangeIn(one.text, span) });
    }
  }
  return found;
}

/** Global functions of the other BPF programs in the file's folder, which freplace may replace. */
export function functionsBeside(
  uri: string,
  own: SourceModel,
): { readonly name: string; readonly file: string }[] {
  if (!uri.startsWith('file:')) return [];
  const here = fileURLToPath(uri);
  const mine = new Set(own.functions.map(one => one.name));
  return siblings(path.dirname(here))
    .filter(file => file !== here)
    .flatMap(file => {
      const source = readOrNull(file);
      if (source === null) return [];
      return readSource(source)
        .functions.filter(one => one.bodySpan !== null && !one.isStatic && !mine.has(one.name))
        .map(one => ({ name: one.name, file: path.basename(file) }));
    });
}

const MOST_SIBLING_BYTES = 1024 * 1024;

/** Null if the file is missing by now, larger than a program, or not a regular file. */
function readOrNull(file: string): string | null {
  try {
    return readUntrustedFileSync(file, MOST_SIBLING_BYTES).toString();
  } catch {
    return null;
  }
}

function siblings(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => name.endsWith('.bpf.c'))
      .slice(0, MOST_SIBLINGS)
      .map(name => path.join(folder, name));
  } catch {
    return [];
  }
}

/** Every place in this file where the name at `offset` occurs, if this file or its headers declare it. */
export function references(
  analysis: Analysis,
  document: TextDocument,
  offset: number,
  withDeclaration: boolean,
): Location[] {
  const { source } = analysis;
  const word = nameAt(source.text, offset);
  if (!word) return [];
  const here = definitionIn(source.model, word.name);
  if (!here && !source.headers.some(header => definitionIn(header.model, word.name))) return [];
  return source.lexed.tokens
    .filter(token => token.kind === 'name' && token.text === word.name)
    .filter(token => withDeclaration || token.start !== here?.start)
    .map(token => ({ uri: document.uri, range: rangeOf(document, token) }));
}
