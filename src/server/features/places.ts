/** Converts our offsets to the protocol's positions. */
import type { Range } from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Span } from '../source/model';

export function rangeOf(document: TextDocument, span: Span): Range {
  return { start: document.positionAt(span.start), end: document.positionAt(span.end) };
}

export function rangeIn(text: string, span: Span): Range {
  return { start: positionIn(text, span.start), end: positionIn(text, span.end) };
}

/** Position in a file that is not open. */
function positionIn(text: string, offset: number) {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 0;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, character: offset - lineStart };
}
