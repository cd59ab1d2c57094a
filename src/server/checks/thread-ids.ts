/** Thread ids used as process ids. */
import type { Body } from '../source/bodies';
import { bare, childOf, outward, type Parents, type SyntaxNode } from '../source/syntax';
import { type Check, type Problem, replaceFix } from './problem';

/** Names that mean the process in user-space terms. */
const PROCESS_NAME = /^(pid|tgid)$|_tgid$/;

/**
 * Also through one 64-bit copy, unless its high half is used in the same function: code like `tgid = id >> 32, pid =
 * id` uses the kernel's terms, in which pid is the thread. Not if it is used only as a map key: what is in flight
 * belongs to a thread.
 */
export const threadAsProcess: Check = function* ({ source }) {
  for (const owner of source.definitions) {
    const body = source.body(owner);
    if (!body.identifiers.has('bpf_get_current_pid_tgid')) continue;
    const copies = new Set<string>();
    for (const call of body.calls) {
      if (call.name !== 'bpf_get_current_pid_tgid') continue;
      // A cast or a mask states that the low half is meant.
      const to = assignedTo(body, call.node);
      if (!to) continue;
      if (to.isWide) copies.add(to.name);
      else if (isProcessName(to.name) && !isKeyOnly(body, to)) yield threadProblem(body, call.node, to.name);
    }
    for (const copy of copies) {
      if (new RegExp(`\\b${copy}\\s*>>`).test(body.text(body.root))) continue;
      for (const mention of body.variables) {
        const to = body.text(mention) === copy ? assignedTo(body, mention) : null;
        if (to && !to.isWide && isProcessName(to.name) && !isKeyOnly(body, to))
          yield threadProblem(body, mention, to.name);
      }
    }
  }
};

const isProcessName = (name: string): boolean => PROCESS_NAME.test(name) && name !== 'pid_tgid';

/** A variable used only as `&pid` and in tests for zero, where thread and process agree: both are zero for the idle task only. */
function isKeyOnly(body: Body, { name, isVariable }: Assigned): boolean {
  if (!isVariable || name !== 'pid') return false;
  const uses = body.variables
    .filter(mention => body.text(mention) === name)
    .map(mention => ({ mention, ...outward(mention, body.parents) }))
    .filter(({ parent, child }) => !/^(left|declarator)$/.test(child.field) || !isSetting(parent));
  const isAddress = ({ parent }: (typeof uses)[number]): boolean =>
    parent?.type === 'pointer_expression' && body.text(parent).startsWith('&');
  const isTest = ({ parent }: (typeof uses)[number]): boolean =>
    /^(unary_expression|if_statement)$/.test(parent?.type ?? '');
  return uses.length > 0 && uses.every(use => isAddress(use) || isTest(use));
}

const isSetting = (node: SyntaxNode | undefined): boolean =>
  /^(assignment_expression|init_declarator|declaration)$/.test(node?.type ?? '');

interface Assigned {
  readonly name: string;
  /** True if it keeps both halves. */
  readonly isWide: boolean;
  /** False for a member. */
  readonly isVariable: boolean;
}

/** Where a value is stored unchanged. */
function assignedTo(body: Body, value: SyntaxNode): Assigned | null {
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
  const isVariable = target.type === 'identifier';
  return { name, isVariable, isWide: isWide(body, target, parent, parents, name) };
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
