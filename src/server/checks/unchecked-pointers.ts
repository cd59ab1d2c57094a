/** Pointers used before they are checked. */
import type { Body, Call } from '../source/bodies';
import { childOf, outward, type Parents, type SyntaxNode } from '../source/syntax';
import { alwaysFollows, idleTest } from './null-tests';
import { type Check, replaceFix } from './problem';

/** Helpers that may return NULL: the verifier requires a test before the first use. */
const MAY_BE_NULL = new Set([
  'bpf_map_lookup_elem',
  'bpf_map_lookup_percpu_elem',
  'bpf_ringbuf_reserve',
  'bpf_task_storage_get',
  'bpf_inode_storage_get',
  'bpf_sk_storage_get',
  'bpf_cgrp_storage_get',
  'bpf_per_cpu_ptr',
  'bpf_sk_lookup_tcp',
  'bpf_sk_lookup_udp',
  'bpf_skc_lookup_tcp',
]);
/** The verifier's names for such results (reg_type_str of kernel/bpf/verifier.c); others have names of their own. */
const VERIFIER_NAMES: Readonly<Record<string, string>> = {
  bpf_map_lookup_elem: 'map_value_or_null',
  bpf_map_lookup_percpu_elem: 'map_value_or_null',
  bpf_ringbuf_reserve: 'ringbuf_mem_or_null',
};
/** Helpers whose first argument the verifier accepts only after a test. */
const WANTS_TESTED = /^bpf_(ringbuf_(submit|discard)|get_current_comm|probe_read\w*|spin_(un)?lock)$/;
const ATOMICS = /^__(sync|atomic)_\w+$/;

export const uncheckedPointers: Check = function* ({ source }) {
  for (const owner of source.definitions) {
    const body = source.body(owner);
    const used = body.calls.filter(call => MAY_BE_NULL.has(call.name));
    if (used.length === 0) continue;
    const { parents } = body;
    for (const call of used) {
      const place = uncheckedUse(body, call.node, parents);
      if (!place) continue;
      const { use, variable } = place;
      const span = body.span(use);
      const statement = variable === null ? null : statementOf(use, parents);
      const isArray = isArrayLookup(
        body,
        call,
        map => source.map(map)?.fields.find(field => field.name === 'type')?.value ?? '',
      );
      yield {
        code: 'unchecked-pointer',
        severity: 'error',
        span,
        message: `${call.name}() returns NULL when there is nothing${isArray ? ' (the verifier asks for the test even of an array map)' : ''}, and ${variable ?? 'its result'} is used before anything checks it: the verifier refuses this ("invalid mem access '${VERIFIER_NAMES[call.name] ?? '…_or_null'}'").`,
        fixes:
          variable !== null && statement
            ? [guardFix(source.text, body, statement, variable, owner.returnType)]
            : [],
      };
    }
  }
};

function isArrayLookup(body: Body, call: Call, typeOf: (map: string) => string): boolean {
  const map = call.arguments[0];
  return (
    call.name === 'bpf_map_lookup_elem' &&
    map !== undefined &&
    /ARRAY$/.test(typeOf(body.text(map).replace(/^&/, '')))
  );
}

function guardFix(text: string, body: Body, statement: SyntaxNode, variable: string, returnType: string) {
  const start = body.span(statement).start;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart, start))?.[0] ?? '\t';
  const isVoid = /\bvoid$/.test(returnType);
  return replaceFix(
    `Return when ${variable} is NULL`,
    { start, end: start },
    `if (!${variable})\n${indent}\treturn${isVoid ? '' : ' 0'};\n${indent}`,
    true,
  );
}

/** The first use of the call's result as a pointer without an earlier test; variable null: used directly. */
function uncheckedUse(
  body: Body,
  call: SyntaxNode,
  parents: Parents,
): { readonly use: SyntaxNode; readonly variable: string | null } | null {
  const { parent, child } = outward(call, parents);
  if (!parent) return null;
  if (isDereference(parent, child, body)) return { use: parent, variable: null };
  const target =
    parent.type === 'init_declarator' && child.field === 'value'
      ? childOf(parent, 'declarator')
      : parent.type === 'assignment_expression' && child.field === 'right'
        ? childOf(parent, 'left')
        : null;
  if (!target) return null;
  const written = body.text(target);
  // *place = … stores the result where another name finds it.
  if (parent.type === 'assignment_expression' && written.startsWith('*')) return null;
  const variable = written.replace(/^[*\s]+/, '');
  if (!/^\w+$/.test(variable)) return null;
  // An assignment inside a condition is its own test.
  if (outward(parent, parents).parent !== undefined && isTest(parent, parents)) return null;

  let after = parent.end;
  let idle: SyntaxNode | null = null;
  for (const node of body.variables) {
    if (node.start < after || body.text(node) !== variable) continue;
    const around = outward(node, parents);
    if (!around.parent) return null;
    if (!isDereference(around.parent, around.child, body)) {
      idle = idleTest(body, node, variable);
      if (!idle) return null;
      after = idle.end;
      continue;
    }
    if (idle && !alwaysFollows(node, idle, parents)) return null;
    // &v->x only computes an address; sizeof(*v) reads nothing.
    for (let up: SyntaxNode | undefined = around.parent; up; up = parents.get(up)) {
      if (up.type === 'sizeof_expression') return null;
      if (up.type === 'pointer_expression' && body.text(up).startsWith('&')) {
        const { parent, child } = outward(up, parents);
        if (!parent || !isFirstArgument(parent, child, WANTS_TESTED, body)) return null;
        break;
      }
      if (/statement|declaration$/.test(up.type)) break;
      if (up.type === 'call_expression' && /preserve_access_index|typeof/.test(body.text(up))) return null;
    }
    return { use: around.parent.type === 'argument_list' ? node : around.parent, variable };
  }
  return null;
}

function isTest(node: SyntaxNode, parents: Parents): boolean {
  let child: SyntaxNode = node;
  for (let up = parents.get(node); up; up = parents.get(up)) {
    if (/^(if|while|do|for)_statement$/.test(up.type)) return child.field === 'condition';
    if (up.type === 'conditional_expression') return child.field === 'condition';
    if (up.type === 'unary_expression' || up.type === 'binary_expression') return true;
    if (/statement$/.test(up.type)) return false;
    child = up;
  }
  return false;
}

function isDereference(parent: SyntaxNode, child: SyntaxNode, body: Body): boolean {
  if (parent.type === 'field_expression')
    return (
      child.field === 'argument' &&
      body
        .text(parent)
        .slice(child.end - parent.start)
        .trimStart()
        .startsWith('->')
    );
  if (parent.type === 'pointer_expression') return body.text(parent).startsWith('*');
  if (parent.type === 'subscript_expression') return child.field === 'argument';
  return isFirstArgument(parent, child, ATOMICS, body) || isFirstArgument(parent, child, WANTS_TESTED, body);
}

function isFirstArgument(parent: SyntaxNode, child: SyntaxNode, of: RegExp, body: Body): boolean {
  return (
    parent.type === 'argument_list' &&
    parent.children.find(one => one.type !== 'comment') === child &&
    of.test(body.text(callee(parent, body)))
  );
}

/** The name before an argument list. */
function callee(list: SyntaxNode, body: Body): SyntaxNode {
  const text = body.text({ ...list, start: Math.max(0, list.start - 64), end: list.start });
  const name = /(\w+)\s*$/.exec(text)?.[1] ?? '';
  const end = list.start - (text.length - text.trimEnd().length);
  return { type: 'identifier', start: end - name.length, end, field: '', children: [] };
}

function statementOf(node: SyntaxNode, parents: Parents): SyntaxNode | null {
  for (let at: SyntaxNode | undefined = node; at; at = parents.get(at)) {
    const parent = parents.get(at);
    if (parent?.type === 'compound_statement') return at.type === 'declaration' ? null : at;
    if (/statement$/.test(at.type) && at.type !== 'expression_statement') continue;
  }
  return null;
}
