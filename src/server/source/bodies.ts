/** What a function's body does, as the checks need it: calls, and its tree with a way to its text. */
import { maskItem } from './mask';
import type { SourceFunction, Span } from './model';
import { bare, childOf, type SyntaxNode, type SyntaxParser, walk } from './syntax';

export interface Call {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly nameSpan: Span;
  readonly arguments: readonly SyntaxNode[];
}

export interface Body {
  readonly owner: SourceFunction;
  readonly root: SyntaxNode;
  readonly calls: readonly Call[];
  /** Every identifier in it. */
  readonly identifiers: ReadonlySet<string>;
  /** Adds to a node's offset to get the file's. */
  readonly offset: number;
  text(node: SyntaxNode): string;
  span(node: SyntaxNode): Span;
}

interface Parsed {
  readonly root: SyntaxNode;
  readonly calls: readonly Omit<Call, 'nameSpan'>[];
  readonly identifiers: ReadonlySet<string>;
}

const parsed = new WeakMap<SyntaxNode, Parsed>();

export function readBody(parser: SyntaxParser, text: string, owner: SourceFunction): Body {
  const { start, end } = owner.span;
  const masked = maskItem(text, start, end, owner.item.tokens);
  const root = parser.parse(masked);
  let known = parsed.get(root);
  if (!known) {
    known = analyse(root, masked);
    parsed.set(root, known);
  }
  return {
    owner,
    root,
    calls: known.calls.map(call => {
      const callee = bare(childOf(call.node, 'function') ?? call.node);
      return { ...call, nameSpan: { start: callee.start + start, end: callee.end + start } };
    }),
    identifiers: known.identifiers,
    offset: start,
    text: node => masked.slice(node.start, node.end),
    span: node => ({ start: node.start + start, end: node.end + start }),
  };
}

function analyse(root: SyntaxNode, text: string): Parsed {
  const calls: Omit<Call, 'nameSpan'>[] = [];
  const identifiers = new Set<string>();
  for (const { node } of walk(root)) {
    if (node.type === 'identifier' || node.type === 'field_identifier' || node.type === 'type_identifier')
      identifiers.add(text.slice(node.start, node.end));
    if (node.type !== 'call_expression') continue;
    const callee = bare(childOf(node, 'function') ?? node);
    const list = childOf(node, 'arguments');
    calls.push({
      name: callee.type === 'call_expression' ? '' : text.slice(callee.start, callee.end),
      node,
      arguments: list?.children.filter(child => child.type !== 'comment') ?? [],
    });
  }
  return { root, calls, identifiers };
}
