/** tree-sitter's tree of one definition, copied to plain objects once, because walking the WebAssembly side is slow. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Language, Parser, type TreeCursor } from 'web-tree-sitter';

export interface SyntaxNode {
  /** Grammar name, e.g. "call_expression"; operators are their own type. */
  readonly type: string;
  /** Offsets in the definition's text. */
  readonly start: number;
  readonly end: number;
  /** Field name within the parent, or ''. */
  readonly field: string;
  readonly children: readonly SyntaxNode[];
}

const KEPT_TREES = 2000;

export class SyntaxParser {
  private readonly trees = new Map<string, SyntaxNode>();

  private constructor(private readonly parser: Parser) {}

  /** Loads the parser and C's grammar from `folder`, where the build puts them. Rejects if they are missing. */
  static async load(folder: string): Promise<SyntaxParser> {
    await Parser.init({ wasmBinary: readFileSync(path.join(folder, 'web-tree-sitter.wasm')) });
    const parser = new Parser();
    parser.setLanguage(await Language.load(readFileSync(path.join(folder, 'tree-sitter-c.wasm'))));
    return new SyntaxParser(parser);
  }

  /** The tree of one definition; the same text is parsed once. */
  parse(text: string): SyntaxNode {
    const known = this.trees.get(text);
    if (known) return known;
    const tree = this.parser.parse(text);
    if (!tree) throw new Error('the parser has no language');
    const cursor = tree.walk();
    const root = copy(cursor);
    cursor.delete();
    tree.delete();
    if (this.trees.size >= KEPT_TREES) this.trees.clear();
    this.trees.set(text, root);
    return root;
  }
}

function copy(cursor: TreeCursor): SyntaxNode {
  const children: SyntaxNode[] = [];
  const node = {
    type: cursor.nodeType,
    start: cursor.startIndex,
    end: cursor.endIndex,
    field: cursor.currentFieldName ?? '',
    children,
  };
  if (cursor.gotoFirstChild()) {
    do {
      if (cursor.nodeIsNamed || cursor.currentFieldName === 'operator') children.push(copy(cursor));
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return node;
}

export function childOf(node: SyntaxNode, field: string): SyntaxNode | null {
  return node.children.find(child => child.field === field) ?? null;
}

export type Parents = ReadonlyMap<SyntaxNode, SyntaxNode>;

/** The closest parent that is neither parentheses nor a cast, and its child that contains the node. */
export function outward(
  node: SyntaxNode,
  parents: Parents,
): { readonly parent: SyntaxNode | undefined; readonly child: SyntaxNode } {
  let child = node;
  let parent = parents.get(child);
  while (parent && (parent.type === 'parenthesized_expression' || parent.type === 'cast_expression')) {
    child = parent;
    parent = parents.get(child);
  }
  return { parent, child };
}

/** The node without parentheses and casts around it. */
export function bare(node: SyntaxNode): SyntaxNode {
  let at = node;
  for (;;) {
    if (at.type === 'parenthesized_expression') {
      const inner = at.children.find(child => child.type !== 'comment');
      if (!inner) return at;
      at = inner;
    } else if (at.type === 'cast_expression') {
      const value = childOf(at, 'value');
      if (!value) return at;
      at = value;
    } else return at;
  }
}
