/** All checks over one version of a file. */
import { parseSection, type SectionKind } from '../helpers/section-kinds';
import type { SourceFunction } from '../source/model';
import type { ProgramSource } from '../source/program-source';
import { attachTargets } from './attach-targets';
import { bccConstructs } from './bcc';
import { helperAvailability, unsupportedCalls } from './calls';
import { mixedHeaders } from './includes';
import { license } from './license';
import { ringBufferSize } from './maps';
import type { Check, CheckContext, Problem } from './problem';
import { sectionGrammar } from './section-grammar';
import { stackSize } from './stack';
import { threadAsProcess } from './thread-ids';
import { uncheckedPointers } from './unchecked-pointers';

const CHECKS: readonly Check[] = [
  sectionGrammar,
  attachTargets,
  license,
  mixedHeaders,
  helperAvailability,
  bccConstructs,
  ringBufferSize,
  stackSize,
  threadAsProcess,
  uncheckedPointers,
  unsupportedCalls,
];

/** Problems in the order of the file. */
export function runChecks(context: Omit<CheckContext, 'reachedBy'>): Problem[] {
  const whole: CheckContext = { ...context, reachedBy: reachability(context.source) };
  const problems = CHECKS.flatMap(check => [...check(whole)]);
  // Two maps of one type (struct … a SEC(".maps"), b SEC(".maps")) have their problem at one place.
  const once = new Map(problems.map(one => [`${one.code} ${one.span.start} ${one.message}`, one]));
  return [...once.values()].sort((a, b) => a.span.start - b.span.start || (a.code < b.code ? -1 : 1));
}

/** Which kinds of program run each function: its own section's, and those of its callers in this file. */
export function reachability(source: ProgramSource): Map<SourceFunction, Set<SectionKind>> {
  const byName = new Map(source.definitions.map(one => [one.name, one]));
  const reached = new Map<SourceFunction, Set<SectionKind>>();
  for (const program of source.programs) {
    const kind = parseSection(program.section.name)?.kind;
    if (!kind) continue;
    const queue: SourceFunction[] = [program];
    for (let one = queue.pop(); one; one = queue.pop()) {
      const kinds = reached.get(one) ?? new Set();
      if (kinds.has(kind)) continue;
      kinds.add(kind);
      reached.set(one, kinds);
      // Callbacks (bpf_loop, bpf_for_each_map_elem) are reached by their name alone.
      for (const name of source.body(one).identifiers) {
        const callee = byName.get(name);
        if (callee && callee !== one && !callee.section) queue.push(callee);
      }
    }
  }
  return reached;
}
