/** The stack of one BPF function: 512 bytes (MAX_BPF_STACK, include/linux/filter.h). */

import { lex } from '../../shared/c/lexer';
import type { Body } from '../source/bodies';
import { readDeclarator, readSpecifiers } from '../source/declarations';
import type { SyntaxNode } from '../source/syntax';
import type { Types } from '../source/types';
import type { Check } from './problem';

const STACK_BYTES = 512;

export interface LocalVariable {
  readonly name: string;
  readonly node: SyntaxNode;
  readonly bytes: number | null;
}

export const stackSize: Check = function* ({ source, types }) {
  for (const owner of source.definitions) {
    const body = source.body(owner);
    const locals = localVariables(body, types);
    // Scalars live in registers; what is in memory for certain is arrays and structs.
    const big = locals.filter(one => (one.bytes ?? 0) > 8);
    const sum = big.reduce((total, one) => total + (one.bytes ?? 0), 0);
    if (sum <= STACK_BYTES) continue;
    const largest = big.reduce((a, b) => ((b.bytes ?? 0) > (a.bytes ?? 0) ? b : a));
    const isAlone = (largest.bytes ?? 0) > STACK_BYTES;
    yield {
      code: 'stack-size',
      severity: isAlone ? 'error' : 'warning',
      span: body.span(largest.node),
      message: isAlone
        ? `${largest.name} takes ${largest.bytes} bytes; a BPF function's stack has ${STACK_BYTES}. Keep it in a per-CPU array map, or write into a ring buffer record directly.`
        : `The variables of ${owner.name}() take ${sum} bytes together; a BPF function's stack has ${STACK_BYTES}. The largest is ${largest.name} (${largest.bytes} bytes): keep it in a per-CPU array map, or write into a ring buffer record directly.`,
      fixes: [],
    };
  }
};

/** Variables declared in a function's body, static ones left out. */
export function localVariables(body: Body, types: Types): LocalVariable[] {
  const found: LocalVariable[] = [];
  for (const node of body.declarations) {
    const text = body.text(node);
    if (/\b(static|extern|typedef)\b/.test(text)) continue;
    const tokens = lex(text).tokens;
    const specifiers = readSpecifiers(tokens, 0);
    if (!specifiers) continue;
    for (const child of node.children) {
      if (child.field !== 'declarator') continue;
      const declarator = child.type === 'init_declarator' ? (child.children[0] ?? child) : child;
      const words = lex(body.text(declarator)).tokens;
      const declared = readDeclarator(words, 0, words.length, specifiers);
      if (!declared) continue;
      const isUnsized = declared.type.dimensions[0] === '';
      const bytes = isUnsized ? null : types.sizeOf(declared.type);
      found.push({ name: declared.name, node: nameNode(declarator), bytes });
    }
  }
  return found;
}

function nameNode(declarator: SyntaxNode): SyntaxNode {
  let at = declarator;
  while (at.type !== 'identifier' && at.children[0]) at = at.children[0];
  return at;
}
