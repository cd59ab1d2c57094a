/** A function's body for the checks: its calls, and its syntax tree with access to the text. */
import { maskItem } from './mask';
import type { SourceFunction, Span } from './model';
import { bare, childOf, type SyntaxNode, type SyntaxParser } from './syntax';

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
  /** Every name in it. */
  readonly identifiers: ReadonlySet<string>;
  /** Uses of variables and functions, in text order. */
  readonly variables: readonly SyntaxNode[];
  /** Declarations of local variables. */
  readonly declarations: readonly SyntaxNode[];
  readonly loops: readonly SyntaxNode[];
  /** The parent of each node. */
  readonly parents: ReadonlyMap<SyntaxNode, SyntaxNode>;
  /** Add to a node's offset to get the file's. */
  readonly offset: number;
  text(node: SyntaxNode): string;
  /** Of a node, or of a part of the body's text, in the file. */
  span(node: Span): Span;
}

/** Results that depend only on a body's text. */
interface Parsed {
  readonly calls: readonly Omit<Call, 'nameSpan'>[];
  readonly identifiers: ReadonlySet<string>;
  readonly variables: readonly SyntaxNode[];
  readonly declarations: readonly SyntaxNode[];
  readonly loops: readonly SyntaxNode[];
  readonly parents: ReadonlyMap<SyntaxNode, SyntaxNode>;
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
    ...known,
    owner,
    root,
    calls: known.calls.map(call => {
      const callee = bare(childOf(call.node, 'function') ?? call.node);
      return { ...call, nameSpan: { start: callee.start + start, end: callee.end + start } };
    }),
    offset: start,
    text: node => masked.slice(node.start, node.end),
    span: node => ({ start: node.start + start, end: node.end + start }),
  };
}

/** One pass, top-down and left to right; cached as long as the tree. */
function analyse(root: SyntaxNode, text: string): Parsed {
  const calls: Omit<Call, 'nameSpan'>[] = [];
  const identifiers = new Set<string>();
  const variables: SyntaxNode[] = [];
  const declarations: SyntaxNode[] = [];
  const loops: SyntaxNode[] = [];
  const parents = new Map<SyntaxNode, SyntaxNode>();
  const visit = (node: SyntaxNode, isInBlock: boolean) => {
    switch (node.type) {
      case 'identifier':
        variables.push(node);
        identifiers.add(text.slice(node.start, node.end));
        break;
      case 'field_identifier':
      case 'type_identifier':
        identifiers.add(text.slice(node.start, node.end));
        break;
      case 'declaration':
        if (isInBlock) declarations.push(node);
        break;
      case 'for_statement':
      case 'while_statement':
      case 'do_statement':
        loops.push(node);
        break;
      case 'call_expression': {
        const callee = bare(childOf(node, 'function') ?? node);
        const list = childOf(node, 'arguments');
        calls.push({
          name: callee.type === 'call_expression' ? '' : text.slice(callee.start, callee.end),
          node,
          arguments: list?.children.filter(child => child.type !== 'comment') ?? [],
        });
      }
    }
    const inBlock = isInBlock || node.type === 'compound_statement';
    for (const child of node.children) {
      parents.set(child, node);
      visit(child, inBlock);
    }
  };
  visit(root, false);
  return { calls, identifiers, variables, declarations, loops, parents };
}
