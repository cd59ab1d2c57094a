/** The stack of one BPF function: 512 bytes (MAX_BPF_STACK, include/linux/filter.h). */

import { lex } from '../../shared/c/lexer';
import type { Body } from '../source/bodies';
import { readDeclaration } from '../source/declarations';
import type { Span } from '../source/model';
import type { Types } from '../source/types';
import type { Check } from './problem';

const STACK_BYTES = 512;

interface LocalVariable {
  readonly name: string;
  readonly span: Span;
  readonly bytes: number | null;
}

export const stackSize: Check = function* ({ source, types }) {
  for (const owner of source.definitions) {
    const body = source.body(owner);
    const locals = localVariables(body, types);
    // Scalars may be kept in registers; only arrays and structs are certainly in memory.
    const big = locals.filter(one => (one.bytes ?? 0) > 8);
    const sum = big.reduce((total, one) => total + (one.bytes ?? 0), 0);
    if (sum <= STACK_BYTES) continue;
    const largest = big.reduce((a, b) => ((b.bytes ?? 0) > (a.bytes ?? 0) ? b : a));
    const isAlone = (largest.bytes ?? 0) > STACK_BYTES;
    yield {
      code: 'stack-size',
      severity: isAlone ? 'error' : 'warning',
      span: largest.span,
      message: isAlone
        ? `${largest.name} takes ${largest.bytes} bytes; a BPF function's stack has ${STACK_BYTES}. Keep it in a per-CPU array map, or write into a ring buffer record directly.`
        : `The variables of ${owner.name}() take ${sum} bytes together; a BPF function's stack has ${STACK_BYTES}. The largest is ${largest.name} (${largest.bytes} bytes): keep it in a per-CPU array map, or write into a ring buffer record directly.`,
      fixes: [],
    };
  }
};

/** Variables declared in a function's body, except static ones. */
function localVariables(body: Body, types: Types): LocalVariable[] {
  return body.declarations.flatMap(node => {
    const text = body.text(node);
    if (/\b(static|extern|typedef)\b/.test(text)) return [];
    const { tokens } = lex(text.replace(/;\s*$/, ''));
    return readDeclaration(tokens).declared.map(({ name, nameSpan, type }) => ({
      name,
      span: body.span({ start: node.start + nameSpan.start, end: node.start + nameSpan.end }),
      bytes: type.dimensions[0] === '' ? null : types.sizeOf(type),
    }));
  });
}
