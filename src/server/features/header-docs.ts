/** The author's comment on a macro or a declaration: before it, or after it on its line. */
import { lex } from '../../shared/c/lexer';
import type { MacroDefinition, Span } from '../source/model';

export function macroDocumentation(header: { readonly text: string }, macro: MacroDefinition): string {
  const head = macro.parameters ? `${macro.name}(${macro.parameters.join(', ')})` : macro.name;
  return `\`\`\`c\n#define ${head} ${shorten(macro.body)}\n\`\`\`\n${commentAt(header.text, macro.span)}`;
}

function shorten(body: string): string {
  const line = body.replace(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

const comments = new Map<string, ReturnType<typeof lex>['comments']>();

/** The comment that ends right before the span (at most one line between), or follows it on the same line. */
export function commentAt(text: string, span: Span): string {
  let known = comments.get(text);
  if (!known) {
    if (comments.size > 16) comments.clear();
    known = lex(text).comments;
    comments.set(text, known);
  }
  const before = known.findLast(
    one =>
      one.end <= span.start &&
      /^[ \t]*\r?\n?[ \t]*$/.test(text.slice(one.end, span.start)) &&
      startsLine(text, one.start),
  );
  const lineEnd = text.indexOf('\n', span.end);
  const behind = known.find(
    one =>
      one.start >= span.start && (one.start < (lineEnd < 0 ? text.length : lineEnd) || one.start < span.end),
  );
  return [before, behind]
    .filter(one => one !== undefined)
    .map(one => plain(text.slice(one.start, one.end)))
    .join('\n\n');
}

function startsLine(text: string, offset: number): boolean {
  return /^[ \t]*$/.test(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset));
}

function plain(comment: string): string {
  return comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .split('\n')
    .map(line => line.replace(/^\s*(\*(?!\/)|\/\/+)? ?/, '').trimEnd())
    .filter(line => !/^-{3}.*-{3}$/.test(line))
    .join('\n')
    .trim();
}
