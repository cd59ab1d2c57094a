/** Completion: decides what is being written, and calls the file that completes it. */
import type { CompletionItem, CompletionList } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { lex, type Token } from '../../shared/c/lexer';
import type { Analysis } from '../analysis/analysis';
import { isMapField } from '../source/attributes';
import { enclosingCall, tokenBefore } from '../source/cursor';
import { Scope } from '../source/scope';
import { completeCode, completeFileLevel } from './complete-code';
import { completeMapField, missingMapFields } from './complete-map-field';
import { completeLicense, completeSection } from './complete-section';
import { completeAggregates, completeMembers, completeTypes } from './complete-types';

const NOTHING: CompletionList = { isIncomplete: false, items: [] };
const TYPE_WORDS = new Set(['struct', 'union', 'enum']);
/** Completions at the position. Never throws: an unfinished file is the normal case. */
export async function complete(
  analysis: Analysis,
  document: TextDocument,
  offset: number,
  wasAsked: boolean,
): Promise<CompletionList> {
  const { source } = analysis;
  const { comments } = source.lexed;
  const isComment = comments.some(
    one =>
      one.start < offset &&
      (offset < one.end || (offset === one.end && !source.text.endsWith('*/', one.end))),
  );
  if (isComment) return NOTHING;
  const definition = macroBodyAt(source.lexed.tokens, offset);
  const { tokens } = definition ?? source.lexed;
  const index = tokenBefore(tokens, offset);
  const token = tokens[index];
  const isInside = token !== undefined && offset <= token.end;

  if (token?.kind === 'text' && isInside) {
    const isSection = tokens[index - 1]?.text === '(' && tokens[index - 2]?.text === 'SEC';
    const isOpen = token.text.length < 2 || !token.text.endsWith('"');
    if (offset <= token.start || !(isOpen || offset < token.end)) return NOTHING;
    if (isSection) return completeSection(analysis, document, token, offset, isOpen);
    return isLicenseText(tokens, index) ? list(completeLicense(document, token, isOpen)) : NOTHING;
  }
  if (token?.kind === 'directive' && isInside) return NOTHING;
  if (token?.kind === 'number' && isInside) return NOTHING;

  // The token being typed, if any; the tokens before it decide.
  const word = token?.kind === 'name' && isInside ? token : null;
  const before = word ? index - 1 : index;
  const owner = source.definitionAt(offset);
  const scope = new Scope(analysis.types, owner, word?.start ?? offset);
  const mark = tokens[before]?.text;

  const call = enclosingCall(tokens, word?.start ?? offset);
  const chained = mark === '->' ? undefined : scope.chainAt(tokens, call, before + 1);
  if (chained !== undefined) return list(chained ? completeMembers(analysis.types, chained) : []);
  if (mark === '->' || mark === '.') {
    const isDesignator = mark === '.' && /^[{,]$/.test(tokens[before - 1]?.text ?? '');
    const type = isDesignator ? scope.initialisedAt(tokens, before) : scope.typeEndingAt(tokens, before);
    return list(type ? completeMembers(analysis.types, type) : []);
  }
  if (mark !== undefined && TYPE_WORDS.has(mark)) return completeAggregates(analysis, mark, word?.text ?? '');

  if (call && isMapField(call.name)) return list(completeMapField(analysis, call, tokens, word?.text ?? ''));
  if (!wasAsked && !word) return NOTHING;
  const isInBody = definition || (owner?.bodySpan && offset > owner.bodySpan.start);
  if (isInBody) return completeCode(analysis, scope, word?.text ?? '', offset, mark === '&');
  const fields = owner ? null : missingMapFields(tokens, before);
  if (fields) return list([...fields, ...completeTypes(analysis, word?.text ?? '')]);
  // Only identifiers are between a section and the program about to be written.
  const section = source.model.sections.filter(one => one.span.end <= offset).at(-1) ?? null;
  const followed = section && /^[\w\s]*$/.test(source.text.slice(section.span.end, word?.start ?? offset));
  const items = completeFileLevel(analysis, document, followed ? section : null, offset);
  return list([...items, ...completeTypes(analysis, word?.text ?? '')]);
}

/** The words that a `#define` stands for, when the offset is among them; the purpose of a macro is unknown before its use. */
function macroBodyAt(tokens: readonly Token[], offset: number): { readonly tokens: readonly Token[] } | null {
  const directive = tokens[tokenBefore(tokens, offset)];
  if (directive?.kind !== 'directive') return null;
  const head = /^#\s*define\s+\w+(\([^)]*\))?(?=[\s\\])/.exec(directive.text)?.[0];
  const start = directive.start + (head?.length ?? 0);
  if (head === undefined || offset <= start || offset > directive.end) return null;
  const body = lex(directive.text.slice(head.length)).tokens;
  return { tokens: body.map(word => ({ ...word, start: word.start + start, end: word.end + start })) };
}

/** char LICENSE[] SEC("license") = "..." */
function isLicenseText(tokens: readonly Token[], index: number): boolean {
  return (
    tokens[index - 1]?.text === '=' &&
    tokens[index - 2]?.text === ')' &&
    tokens[index - 3]?.text === '"license"'
  );
}

function list(items: CompletionItem[]): CompletionList {
  return { isIncomplete: false, items };
}
