/** All checks over one version of a file. */
import type { Analysis } from '../analysis/analysis';
import { attachTargets } from './attach-targets';
import { bccConstructs } from './bcc';
import { helperAvailability, unsupportedCalls } from './calls';
import { mixedHeaders } from './includes';
import { kernelConfig } from './kernel-config';
import { includeOrder, projectKernelHeader } from './kernel-header';
import { license } from './license';
import { ringBufferSize } from './maps';
import type { Check, Problem } from './problem';
import { programArguments } from './program-arguments';
import { sectionGrammar } from './section-grammar';
import { stackSize } from './stack';
import { threadAsProcess } from './thread-ids';
import { uncheckedPointers } from './unchecked-pointers';

const CHECKS: readonly Check[] = [
  sectionGrammar,
  attachTargets,
  programArguments,
  license,
  kernelConfig,
  includeOrder,
  projectKernelHeader,
  mixedHeaders,
  helperAvailability,
  bccConstructs,
  ringBufferSize,
  stackSize,
  threadAsProcess,
  uncheckedPointers,
  unsupportedCalls,
];

/** Problems in file order. */
export function runChecks(analysis: Analysis): Problem[] {
  const problems = CHECKS.flatMap(check => [...check(analysis)]);
  // Two maps of one type (struct … a SEC(".maps"), b SEC(".maps")) have the same problem at the same place.
  const once = new Map(problems.map(one => [`${one.code} ${one.span.start} ${one.message}`, one]));
  return [...once.values()].sort((a, b) => a.span.start - b.span.start || (a.code < b.code ? -1 : 1));
}
