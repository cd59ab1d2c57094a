/** Licences: the kernel provides GPL-only helpers only to GPL-compatible programs. */

import { parseSection } from '../../shared/bpf/section-kinds';
import { nearest } from '../../shared/text/nearest';
import { GPL_COMPATIBLE, gplOnlyHelper } from '../helpers/helper-rules';
import type { SourceFunction } from '../source/model';
import { type Check, replaceFix } from './problem';

export const license: Check = function* ({ source, reachedBy }) {
  // A header's programs have the license of the file that includes it.
  if (source.programs.length === 0 || source.uri.endsWith('.h')) return;
  const declared = source.license;
  if (declared && GPL_COMPATIBLE.includes(declared.text)) return;
  // A section without a literal: its text is elsewhere.
  if (!declared && source.variables.some(one => one.section?.name === 'license')) return;
  // SEC("licence") is reported as a misspelt section.
  if (
    !declared &&
    source.variables.some(one => one.section && nearest(one.section.name, ['license']).length > 0)
  )
    return;
  if (!declared && source.hasUnreadHeaders) return;
  const use = firstNeed(source.programs, reachedBy, owner => source.body(owner).calls.map(call => call.name));
  if (use === null) return;
  const fixTo = 'Dual BSD/GPL';
  if (declared) {
    if (!declared.isHere || !declared.variable.literal) return;
    const { span } = declared.variable.literal;
    const isWritten = declared.variable.section?.isPartial === false;
    yield {
      code: 'license',
      severity: 'error',
      span,
      message: `"${declared.text}" is not compatible with the GPL to the kernel, and ${use}. It accepts ${GPL_COMPATIBLE.map(one => `"${one}"`).join(', ')}.`,
      fixes: isWritten
        ? ['GPL', fixTo].map(text => replaceFix(`Change to "${text}"`, span, `"${text}"`))
        : [],
    };
    return;
  }
  const end = source.text.length;
  const newline = source.text.endsWith('\n') ? '' : '\n';
  yield {
    code: 'license',
    severity: 'error',
    span: source.programs[0]?.section.span ?? { start: 0, end: 0 },
    message: `No license is declared, and ${use}: the kernel refuses the program.`,
    fixes: ['GPL', fixTo].map(text =>
      replaceFix(
        `Declare "${text}"`,
        { start: end, end },
        `${newline}\nchar LICENSE[] SEC("license") = "${text}";\n`,
      ),
    ),
  };
};

/** The reason a license is needed: "the helper X is for such programs only"; null if nothing in the file needs the GPL. */
function firstNeed(
  programs: readonly SourceFunction[],
  reachedBy: ReadonlyMap<SourceFunction, ReadonlySet<unknown>>,
  callsOf: (owner: SourceFunction) => readonly string[],
): string | null {
  for (const program of programs) {
    const family = program.section ? parseSection(program.section.name)?.kind.family : undefined;
    // kernel/bpf/bpf_lsm.c, bpf_lsm_verify_prog(); kernel/bpf/verifier.c, check_struct_ops_btf_id().
    if (family === 'lsm' || family === 'struct_ops') return `${family} programs must be under the GPL`;
  }
  for (const owner of reachedBy.keys()) {
    for (const called of callsOf(owner)) {
      const helper = gplOnlyHelper(called);
      if (helper === null) continue;
      const through = helper === called ? '' : ` (behind ${called})`;
      return `the helper ${helper}()${through} is for GPL-compatible programs only`;
    }
  }
  return null;
}
