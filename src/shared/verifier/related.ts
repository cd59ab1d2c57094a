/** The locations that led to a rejection, as C positions with a message each. */

import { assignedName, quoted } from '../c/line-names';
import type { Facts, Related } from './catalogue/entry';
import type { Dataflow, Decision, Definition } from './dataflow';
import { isRegister } from './instruction';
import type { PositionOf } from './positions';

export interface RelatedPlace {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface RelatedRequest {
  readonly kinds: readonly Related[];
  readonly flow: Dataflow;
  readonly positionOf: PositionOf;
  /** Definitions of the value that the error is about and of its index, latest first. */
  readonly value: readonly Definition[];
  readonly index: readonly Definition[];
  /** Instruction that acquired the reference; -1 for none. */
  readonly acquired: number;
  /** The error's own position, which is not repeated. */
  readonly position: { readonly file: string; readonly line: number | null };
  readonly facts: Facts;
}

/** Enough to show the path, few enough to read. */
const MAX_BRANCHES = 3;
const MAX_TESTS = 2;

/** One per line, in execution order. */
export function relatedPlaces(request: RelatedRequest): RelatedPlace[] {
  const found = new Map<string, { at: number; place: RelatedPlace }>();
  const add = (definition: Definition | undefined, message: string | null) => {
    const position = definition && message !== null ? request.positionOf(definition.step) : null;
    if (!definition || !position || message === null) return;
    const { file, line, column } = position;
    if (line === request.position.line && file === request.position.file) return;
    const key = `${file}:${line}`;
    if (!found.has(key)) found.set(key, { at: definition.at, place: { file, line, column, message } });
  };
  for (const kind of request.kinds) {
    switch (kind) {
      case 'origin':
      case 'acquired':
        add(request.value.at(-1), originMessage(request));
        break;
      case 'index':
        for (const definition of indexSteps(request)) add(definition, indexMessage(request));
        break;
      case 'tests':
        for (const test of testsOf(request)) add(test, testMessage(test, request));
        break;
      case 'path':
        for (const decision of lastBranches(request)) add(decision, branchMessage(decision, request));
        break;
    }
  }
  return [...found.values()].sort((a, b) => a.at - b.at).map(({ place }) => place);
}

function originMessage({ facts, value, kinds }: RelatedRequest): string | null {
  const last = value.at(-1);
  if (!last) return null;
  const name = facts.subject('the value');
  const { origin } = facts;
  if (origin && kinds.includes('acquired')) return `${name} is acquired here`;
  if (origin?.helper === 'map_lookup_elem')
    return `${name} comes from here: NULL when ${origin.map ? quoted(origin.map) : 'the map'} does not contain the key`;
  if (origin?.helper === 'ringbuf_reserve')
    return `${name} comes from here: NULL when ${origin.map ? quoted(origin.map) : 'the buffer'} is full`;
  return `${name} comes from here`;
}

/** True for a comparison of signed numbers ("s<"). */
export const isSignedTest = ({ operation }: Decision): boolean =>
  operation.kind === 'branch' && /^s[<>]/.test(operation.operator);

/** The origin of the number: the line that assigns it, else its oldest definition. */
function indexSteps({ index, value, facts, positionOf }: RelatedRequest): Definition[] {
  const chain = index.length > 0 ? index : value;
  const name = facts.index(facts.subject(''));
  const assigns = (each: Definition) => {
    const assigned = assignedName(positionOf(each.step)?.text ?? '');
    return assigned !== null && quoted(assigned) === name;
  };
  const origin = chain.find(assigns) ?? chain.at(-1);
  return origin ? [origin] : [];
}

function indexMessage({ facts }: RelatedRequest): string {
  return `${facts.index(facts.subject('the value'))} gets its value here`;
}

/** Comparisons of the same value, in any register. */
export function testsOf({
  flow,
  index,
  value,
}: Pick<RelatedRequest, 'flow' | 'index' | 'value'>): Decision[] {
  const chain = index.length > 0 ? index : value;
  const steps = new Set(chain.map(each => each.at));
  const tests: Decision[] = [];
  if (steps.size === 0) return tests;
  for (const decision of flow.decisions()) {
    const { operation } = decision;
    if (operation.kind !== 'branch') continue;
    const compared = [operation.left, operation.right]
      .filter(isRegister)
      .some(register => flow.definitions(register, decision.at).some(each => steps.has(each.at)));
    if (compared) tests.push(decision);
    if (tests.length === MAX_TESTS) break;
  }
  return tests;
}

function testMessage(test: Decision, { facts }: RelatedRequest): string {
  const name = facts.index(facts.subject('the value'));
  if (isSignedTest(test))
    return `this compares ${name} as a signed number, so negative values remain possible`;
  return /unbounded|negative/.test(facts.sentence)
    ? `this test does not limit the value that is used: it tests another copy of ${name}, or another value`
    : 'this test allows values that are too large';
}

function lastBranches({ flow, positionOf, position }: RelatedRequest): Decision[] {
  const branches: Decision[] = [];
  const seen = new Set<number | null>([position.line]);
  for (const decision of flow.decisions()) {
    const line = positionOf(decision.step)?.line;
    if (line === undefined || seen.has(line)) continue;
    seen.add(line);
    branches.push(decision);
    if (branches.length === MAX_BRANCHES) break;
  }
  return branches;
}

/** Names the next line instead of the condition, which the compiler may have inverted. */
function branchMessage(decision: Decision, { flow, positionOf }: RelatedRequest): string {
  const own = positionOf(decision.step);
  for (let at = decision.at + 1; at < flow.steps.length; at++) {
    const step = flow.steps[at];
    const next = step ? positionOf(step) : null;
    if (next && own && (next.line !== own.line || next.file !== own.file))
      return `from here the program continues at line ${next.line}`;
  }
  return 'the last branch before the error';
}
