/** Tests for NULL without effect: `if (!value) bpf_printk("none");`, after which the code continues. */
import type { Body } from '../source/bodies';
import { childOf, outward, type Parents, type SyntaxNode } from '../source/syntax';

/** Calls that return. Any other may be a macro that leaves the function. */
const COMES_BACK = /^(bpf_(?!throw$|tail_call)\w+|__sync_\w+|__atomic_\w+)$/;
const LEAVES = /^(return|goto|break|continue|labeled|case|switch|while|do|for)_statement$|^gnu_asm|^ERROR$/;
const BRANCHES = /^(if|while|do|for|switch|case|labeled)_statement$|^conditional_expression$/;

/** The `if` around a use of a variable that tests it for NULL and continues after it either way; else null. */
export function idleTest(body: Body, mention: SyntaxNode, variable: string): SyntaxNode | null {
  const { parents } = body;
  const { parent: test } = outward(mention, parents);
  if (!test || !asksForNull(body, test)) return null;
  const { parent: statement, child } = outward(test, parents);
  if (statement?.type !== 'if_statement' || child.field !== 'condition') return null;
  const consequence = childOf(statement, 'consequence');
  if (!consequence || childOf(statement, 'alternative')) return null;
  return goesOn(body, consequence, variable) ? statement : null;
}

function asksForNull(body: Body, test: SyntaxNode): boolean {
  if (test.type === 'unary_expression') return body.text(test).startsWith('!');
  return test.type === 'binary_expression' && /[^=!<>]==\s*(NULL|0)$|^(NULL|0)\s*==/.test(body.text(test));
}

function goesOn(body: Body, node: SyntaxNode, variable: string): boolean {
  if (LEAVES.test(node.type)) return false;
  if (node.type === 'identifier' && body.text(node) === variable) return false;
  const [only] = node.children;
  // An identifier alone is a macro: it may return.
  if (node.type === 'expression_statement' && only?.type === 'identifier') return false;
  const called = node.type === 'call_expression' ? childOf(node, 'function') : null;
  if (called && !COMES_BACK.test(body.text(called))) return false;
  return node.children.every(child => goesOn(body, child, variable));
}

/** Whether every path to a use goes through the `if`, judged by the statements. */
export function alwaysFollows(use: SyntaxNode, statement: SyntaxNode, parents: Parents): boolean {
  const block = parents.get(statement);
  if (block?.type !== 'compound_statement') return false;
  for (let at = parents.get(use); at; at = parents.get(at)) {
    if (at === block) return true;
    if (BRANCHES.test(at.type) || at.type === 'binary_expression') return false;
  }
  return false;
}
