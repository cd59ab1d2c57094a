/** Values taken the wrong way: pointers used before they are checked, and process ids that are thread ids. */
import type { Body, Call } from '../source/bodies';
import { bare, childOf, type SyntaxNode } from '../source/syntax';
import { type Check, type Problem, replaceFix } from './problem';

/** Helpers whose result is NULL when there is nothing: the verifier wants a test before the first use. */
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
/** What the verifier calls such a result (reg_type_str of kernel/bpf/verifier.c); others have a name of their own. */
const VERIFIER_NAMES: Readonly<Record<string, string>> = {
  bpf_map_lookup_elem: 'map_value_or_null',
  bpf_map_lookup_percpu_elem: 'map_value_or_null',
  bpf_ringbuf_reserve: 'ringbuf_mem_or_null',
};
/** Helpers that the verifier lets write or end only what was tested: their first argument. */
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
        message: `${call.name}() gives NULL when there is nothing${isArray ? ' (the verifier asks for the test even of an array map)' : ''}, and ${variable ?? 'its result'} is used before anything checks it: the verifier refuses this ("invalid mem access '${VERIFIER_NAMES[call.name] ?? '…_or_null'}'").`,
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

type Parents = ReadonlyMap<SyntaxNode, SyntaxNode>;

/** The parent that is neither parentheses nor a cast, and the child of it that leads here. */
function outward(node: SyntaxNode, parents: Parents): { parent: SyntaxNode | undefined; child: SyntaxNode } {
  let child = node;
  let parent = parents.get(child);
  while (parent && (parent.type === 'parenthesized_expression' || parent.type === 'cast_expression')) {
    child = parent;
    parent = parents.get(child);
  }
  return { parent, child };
}

/** The first use of the call's result as a pointer that nothing tested before; variable null: used on the spot. */
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
  // *place = … keeps the result where another name finds it.
  if (parent.type === 'assignment_expression' && written.startsWith('*')) return null;
  const variable = written.replace(/^[*\s]+/, '');
  if (!/^\w+$/.test(variable)) return null;
  // An assignment inside a condition is its own test.
  if (outward(parent, parents).parent !== undefined && isTest(parent, parents)) return null;

  const after = parent.end;
  for (const node of body.variables) {
    if (node.start < after || body.text(node) !== variable) continue;
    const around = outward(node, parents);
    if (!around.parent) return null;
    if (!isDereference(around.parent, around.child, body)) return null;
    // &v->x computes an address only; sizeof(*v) reads nothing.
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

/** Names that mean the process in user space's words. */
const PROCESS_NAME = /^(pid|tgid)$|_tgid$/;

/**
 * Also through one 64-bit copy, unless its high half is taken somewhere in the same function: who writes
 * `tgid = id >> 32, pid = id` uses the kernel's words, in which pid is the thread.
 */
export const threadAsProcess: Check = function* ({ source }) {
  for (const owner of source.definitions) {
    const body = source.body(owner);
    if (!body.identifiers.has('bpf_get_current_pid_tgid')) continue;
    const copies = new Set<string>();
    for (const call of body.calls) {
      if (call.name !== 'bpf_get_current_pid_tgid') continue;
      // A cast or a mask says that the low half is meant.
      const to = assignedTo(body, call.node);
      if (!to) continue;
      if (to.isWide) copies.add(to.name);
      else if (isProcessName(to.name)) yield threadProblem(body, call.node, to.name);
    }
    for (const copy of copies) {
      if (new RegExp(`\\b${copy}\\s*>>`).test(body.text(body.root))) continue;
      for (const mention of body.variables) {
        const to = body.text(mention) === copy ? assignedTo(body, mention) : null;
        if (to && !to.isWide && isProcessName(to.name)) yield threadProblem(body, mention, to.name);
      }
    }
  }
};

const isProcessName = (name: string): boolean => PROCESS_NAME.test(name) && name !== 'pid_tgid';

/** Where a value goes as it is: the variable or member, and whether that keeps both halves. */
function assignedTo(
  body: Body,
  value: SyntaxNode,
): { readonly name: string; readonly isWide: boolean } | null {
  const { parents } = body;
  const parent = parents.get(value);
  const target =
    parent?.type === 'init_declarator'
      ? childOf(parent, 'declarator')
      : parent?.type === 'assignment_expression'
        ? childOf(parent, 'left')
        : null;
  if (!target || !parent || target === value) return null;
  const name = /(\w+)\s*$/.exec(body.text(target))?.[1] ?? '';
  return { name, isWide: isWide(body, target, parent, parents, name) };
}

function threadProblem(body: Body, value: SyntaxNode, name: string): Problem {
  const span = body.span(value);
  const text = body.text(value);
  return {
    code: 'pid-without-shift',
    severity: 'warning',
    span,
    message: `The low half of bpf_get_current_pid_tgid() is the thread; the process, which user space calls pid, is in the high half. ${name} gets the thread here.`,
    fixes: [
      replaceFix('Take the process: >> 32', { start: span.end, end: span.end }, ' >> 32', true),
      replaceFix('Keep the thread: (__u32)', span, `(__u32)${text}`),
    ],
  };
}

/** A 64-bit variable keeps both halves: it may be split later. */
function isWide(body: Body, target: SyntaxNode, parent: SyntaxNode, parents: Parents, name: string): boolean {
  if (target.type === 'field_expression') return false;
  const declared =
    parent.type === 'init_declarator' ? body.text(parents.get(parent) ?? parent) : declarationOf(body, name);
  return (
    declared === null ||
    /^\s*(const\s+)?(__u64|u64|__s64|s64|uint64_t|unsigned long|long|size_t)\b/.test(declared)
  );
}

function declarationOf(body: Body, name: string): string | null {
  for (const node of body.declarations) {
    for (const child of node.children) {
      const declarator = bare(child.type === 'init_declarator' ? (child.children[0] ?? child) : child);
      if (child.field === 'declarator' && body.text(declarator).replace(/[*\s]+/, '') === name)
        return body.text(node);
    }
  }
  return null;
}
