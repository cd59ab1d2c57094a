/** The order of the #includes, and a vmlinux.h that lies in the project. */
import path from 'node:path';
import { architectureOf, kernelHeaderProblem } from '../../shared/c/kernel-header';
import type { TargetKernel } from '../kernel/target-kernel';
import type { ProgramSource } from '../source/program-source';
import { type Check, type Fix, type Problem, replaceFix } from './problem';

/** Headers of libbpf that use __u32 and other types without declaring them. */
const NEEDS_TYPES = /^bpf\/(?:bpf_helpers|bpf_helper_defs|bpf_tracing|usdt\.bpf)\.h$/;
/** Headers that declare them. */
const HAS_TYPES = /(?:^|\/)vmlinux\.h$|^(?:uapi\/)?(?:linux|asm)\/\w+\.h$/;

/** libbpf's headers before those with the types they use: clang then reports unknown type names inside libbpf's. */
export const includeOrder: Check = function* ({ source }) {
  const { includes } = source.model;
  const first = includes.findIndex(each => NEEDS_TYPES.test(each.name));
  const needing = includes[first];
  const types = includes.findIndex((each, at) => at > first && HAS_TYPES.test(each.name));
  const having = includes[types];
  // A header before them may include the types.
  if (!needing || !having || includes.slice(0, first).some(each => !each.name.startsWith('bpf/'))) return;
  const written = (include: typeof having) =>
    source.text.slice(include.span.start, include.span.end).trimEnd();
  const line = lineOf(source.text, having.span.start);
  yield {
    code: 'include-order',
    severity: 'error',
    span: needing.span,
    message: `<${needing.name}> uses types that ${path.basename(having.name)} declares: include that first.`,
    fixes: [
      {
        title: `Include ${path.basename(having.name)} first`,
        edits: [
          { span: { start: needing.span.start, end: needing.span.start }, text: `${written(having)}\n` },
          { span: line, text: '' },
        ],
        preferred: true,
      },
    ],
  };
};

/** A vmlinux.h beside the source is taken instead of the one made from the target kernel. */
export const projectKernelHeader: Check = function* ({ source, headers, kernel }) {
  const include = source.model.includes.find(each => !each.angled && each.name === 'vmlinux.h');
  const header = include && kernel ? headers.kernelHeader(path.join(source.folder, 'vmlinux.h')) : null;
  if (!include || !kernel || !header) return;
  const target = targetArchitecture(kernel);
  const wrong = target === null ? null : kernelHeaderProblem(header, target);
  const missing = wrong === null ? missingTags(source, kernel, header.tags) : [];
  if (wrong === null && missing.length === 0) return;
  const quoted = source.text.slice(include.span.start, include.span.end).indexOf('"');
  const name = {
    start: include.span.start + quoted,
    end: include.span.start + quoted + '"vmlinux.h"'.length,
  };
  const fixes: Fix[] =
    quoted < 0 ? [] : [replaceFix('Use the target kernel’s own: <vmlinux.h>', name, '<vmlinux.h>', true)];
  const problem = (severity: Problem['severity'], message: string): Problem => ({
    code: 'project-kernel-header',
    severity,
    span: include.span,
    message,
    fixes,
  });
  yield wrong === null
    ? problem(
        'warning',
        `This project's vmlinux.h does not define ${missing.join(', ')}, which the target kernel has: it is of another kernel, or was written by hand.`,
      )
    : problem(PT_REGS_MACRO.test(source.text) || header.isEmpty ? 'error' : 'warning', wrong);
};

function targetArchitecture({ types }: TargetKernel): string | null {
  const id = types.find('struct', 'pt_regs');
  return id === null
    ? null
    : architectureOf(
        types
          .members(id)
          .map(each => each.name)
          .join(' '),
      );
}

const MOST_NAMED = 3;
/** Macros of bpf_tracing.h that look into struct pt_regs. */
const PT_REGS_MACRO = /\bPT_REGS_|\bBPF_(?:K|U|KRET|URET)PROBE\b|\bBPF_KSYSCALL\b/;

/** Structs that the target kernel has, the program looks into, and neither the header nor the program defines. */
function missingTags(source: ProgramSource, { types }: TargetKernel, defined: ReadonlySet<string>): string[] {
  const { tokens } = source.lexed;
  const text = (at: number) => tokens[at]?.text ?? '';
  const reached = new Set<string>();
  for (const [at, token] of tokens.entries()) {
    if (
      text(at + 1) === '->' ||
      (/^(?:BPF_CORE_READ|BPF_PROBE_READ)/.test(text(at - 2)) && text(at - 1) === '(')
    )
      reached.add(token.text);
  }
  const missing = new Set<string>();
  const consider = (tag: string) => {
    if (!defined.has(tag) && !source.aggregate('struct', tag) && types.find('struct', tag) !== null)
      missing.add(`struct ${tag}`);
  };
  if (PT_REGS_MACRO.test(source.text)) consider('pt_regs');
  for (let at = 0; at < tokens.length && missing.size < MOST_NAMED; at++)
    if (text(at) === 'struct' && text(at + 2) === '*' && reached.has(text(at + 3))) consider(text(at + 1));
  return [...missing];
}

function lineOf(text: string, at: number): { start: number; end: number } {
  const end = text.indexOf('\n', at);
  return { start: text.lastIndexOf('\n', at - 1) + 1, end: end < 0 ? text.length : end + 1 };
}
