/** Completion: decides what is being written, and asks the part that knows it. */
import type { CompletionItem, CompletionList } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Analysis } from '../analysis';
import { enclosingCall, Scope, tokenBefore } from '../source/expressions';
import { splitByComma } from '../source/lexer';
import { completeCode, completeFileLevel } from './complete-code';
import { completeMapField } from './complete-map-field';
import { completeSection } from './complete-section';
import { completeAggregates, completeMembers, completeTypes } from './complete-types';

const NOTHING: CompletionList = { isIncomplete: false, items: [] };
const TYPE_WORDS = new Set(['struct', 'union', 'enum']);
/** Macros whose arguments after the first are members on the way. */
const MEMBER_CHAIN = /^BPF_(CORE|PROBE)_READ(_USER)?(_INTO|_STR_INTO|_USER_INTO|_USER_STR_INTO)?$/;

/** What may stand at the position. Never throws: an unfinished file is the ordinary case. */
export async function complete(
  analysis: Analysis,
  document: TextDocument,
  offset: number,
  wasAsked: boolean,
): Promise<CompletionList> {
  const { source } = analysis;
  const { tokens, comments } = source.lexed;
  const isComment = comments.some(
    one =>
      one.start < offset &&
      (offset < one.end || (offset === one.end && !source.text.endsWith('*/', one.end))),
  );
  if (isComment) return NOTHING;
  const index = tokenBefore(tokens, offset);
  const token = tokens[index];
  const isInside = token !== undefined && offset <= token.end;

  if (token?.kind === 'text' && isInside) {
    const isSection = tokens[index - 1]?.text === '(' && tokens[index - 2]?.text === 'SEC';
    const isOpen = token.text.length < 2 || !token.text.endsWith('"');
    if (isSection && offset > token.start && (isOpen || offset < token.end))
      return completeSection(analysis, document, token, offset, isOpen);
    return NOTHING;
  }
  if (token?.kind === 'directive' && isInside) return NOTHING;
  if (token?.kind === 'number' && isInside) return NOTHING;

  // The word being written, if any; what counts is what stands before it.
  const word = token?.kind === 'name' && isInside ? token : null;
  const before = word ? index - 1 : index;
  const owner = source.definitionAt(offset);
  const scope = new Scope(analysis.types, owner, word?.start ?? offset);
  const mark = tokens[before]?.text;

  if (mark === '->' || mark === '.') {
    const type = scope.typeEndingAt(tokens, before);
    return list(type ? completeMembers(analysis.types, type) : []);
  }
  if (mark !== undefined && TYPE_WORDS.has(mark)) return completeAggregates(analysis, mark, word?.text ?? '');

  const call = enclosingCall(tokens, word?.start ?? offset);
  if (call && /^__(uint|type|array|ulong)$/.test(call.name))
    return list(completeMapField(analysis, call, tokens, word?.text ?? ''));
  if (call && MEMBER_CHAIN.test(call.name)) {
    const isInto = call.name.endsWith('_INTO');
    const first = isInto ? 1 : 0;
    if (call.argument > first) {
      const parts = splitByComma(tokens, call.openIndex + 1, before + 1).map(part =>
        tokens.slice(part.from, part.to),
      );
      const base = parts[first];
      const type = base && scope.typeAlong(base, parts.slice(first + 1, call.argument));
      return list(type ? completeMembers(analysis.types, type) : []);
    }
  }
  if (!wasAsked && !word) return NOTHING;
  const isInBody = owner?.bodySpan && offset > owner.bodySpan.start;
  if (isInBody) return completeCode(analysis, scope, word?.text ?? '', offset, mark === '&');
  const section = source.model.danglingSections.filter(one => one.span.end <= offset).at(-1) ?? null;
  const followed =
    section && /^\s*(\w*\s*)*$/.test(source.text.slice(section.span.end, word?.start ?? offset));
  const items = completeFileLevel(analysis, document, followed ? section : null, word ?? null, offset);
  return list([...items, ...completeTypes(analysis, word?.text ?? '')]);
}

function list(items: CompletionItem[]): CompletionList {
  return { isIncomplete: false, items };
}
