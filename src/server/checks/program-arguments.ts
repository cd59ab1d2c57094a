/** The arguments that BPF_PROG, BPF_KPROBE and BPF_KSYSCALL name, against those of the function that the section attaches to. */
import { parseSection, type SectionKind } from '../../shared/bpf/section-kinds';
import { wrappedSyscall } from '../../shared/bpf/syscall-wrappers';
import { closingIndex, splitByComma, textOf } from '../../shared/c/lexer';
import { syscallParameters } from '../helpers/syscall-signatures';
import type { KernelSignature, KernelTypes } from '../kernel/kernel-types';
import { buildChoices } from '../source/conditionals';
import type { Declared, SourceFunction } from '../source/model';
import { type Check, type Fix, type Problem, replaceFix } from './problem';

/** What a program gets at its attach point, as declarations. */
interface Attached {
  readonly what: string;
  readonly parameters: readonly string[];
  /** Whether each is a pointer, a number of less than 64 bits, or neither. */
  readonly kinds: readonly ('pointer' | 'small' | 'other')[];
  /** The function's result follows the arguments. */
  readonly hasResult: boolean;
}

export const programArguments: Check = function* ({ source, kernel }) {
  if (!kernel) return;
  const choices = buildChoices(source.lexed.tokens);
  for (const program of source.programs) {
    const { section, macro, parameters } = program;
    const parsed = parseSection(section.name);
    if (!parsed?.target || section.isPartial || parsed.optional || macro === null || parameters.length === 0)
      continue;
    if (choices.some(({ start, end }) => start <= section.span.start && section.span.start < end)) continue;
    const inBody = new Set(
      program.item.tokens.filter(each => each.start >= (program.bodySpan?.start ?? 0)).map(each => each.text),
    );
    const isUsed = (one: Declared) => inBody.has(one.name);
    const problem =
      wrapperProblem(program, parsed.kind, parsed.target, isUsed) ??
      mismatch(program, attachedTo(parsed.kind, parsed.target, macro, kernel.types), isUsed);
    if (problem) yield problem;
  }
};

function attachedTo(kind: SectionKind, target: string, macro: string, types: KernelTypes): Attached | null {
  if (kind.target === 'syscall' && macro === 'BPF_KSYSCALL') {
    const parameters = syscallParameters(target);
    return (
      parameters && {
        what: `the system call ${target}`,
        parameters,
        kinds: parameters.map(() => 'other'),
        hasResult: false,
      }
    );
  }
  const isTraced = macro === 'BPF_PROG';
  switch (kind.target) {
    case 'function': {
      const isProbed = macro === 'BPF_KPROBE' && kind.name === 'kprobe' && !target.includes('+');
      if (!isProbed && !(isTraced && kind.family === 'tracing')) return null;
      const signature = types.signature(target);
      return signature && attached(`${target}()`, signature, types, /^(?:fexit|fmod_ret)/.test(kind.name));
    }
    case 'raw-tracepoint': {
      const signature = isTraced ? types.tracepointSignature(target) : null;
      return signature && attached(`the tracepoint ${target}`, signature, types, false);
    }
    case 'lsm-hook': {
      const signature = isTraced ? types.signature(`bpf_lsm_${target}`) : null;
      return signature && attached(`the hook ${target}`, signature, types, true);
    }
    default:
      return null;
  }
}

/** Null where a struct is passed by value, which takes several of the program's arguments. */
function attached(
  what: string,
  { parameters, returnsNothing }: KernelSignature,
  { btf }: KernelTypes,
  hasResult: boolean,
): Attached | null {
  const resolved = parameters.map(each => btf.type(btf.resolve(each.type)));
  if (resolved.some(({ kind }) => kind === 'struct' || kind === 'union')) return null;
  return {
    what,
    parameters: parameters.map(each => each.text),
    kinds: resolved.map(type =>
      type.kind === 'ptr'
        ? 'pointer'
        : (type.kind === 'int' || type.kind === 'enum') && type.size < 8
          ? 'small'
          : 'other',
    ),
    hasResult: hasResult && !returnsNothing,
  };
}

/** A kprobe on a system call's wrapper that names the call's own arguments. */
function wrapperProblem(
  program: SourceFunction,
  kind: SectionKind,
  target: string,
  isUsed: (one: Declared) => boolean,
): Problem | null {
  const call = wrappedSyscall(target);
  const [first] = program.parameters;
  if (call === null || !first || program.macro !== 'BPF_KPROBE' || kind.name !== 'kprobe') return null;
  // 64 bits may be the address of the registers.
  if (first.type.pointers > 0 ? !/char/.test(first.type.name) : !isSmall(first)) return null;
  if (!program.parameters.some(isUsed)) return null;
  return {
    code: 'program-arguments',
    severity: 'warning',
    span: spanOf(program.parameters),
    message: `${target}() is a system call's wrapper: its only argument is const struct pt_regs *regs, which holds the arguments of ${call}. SEC("ksyscall/${call}") with BPF_KSYSCALL finds them.`,
    fixes: ksyscallFix(program, call),
  };
}

function ksyscallFix({ section, macro, item }: SourceFunction, call: string): Fix[] {
  const written = item.tokens.find(token => token.text === macro);
  if (!section || !written) return [];
  const edits = [
    { span: section.nameSpan, text: `ksyscall/${call}` },
    { span: { start: written.start, end: written.end }, text: 'BPF_KSYSCALL' },
  ];
  return [{ title: `Attach to the system call: ksyscall/${call} and BPF_KSYSCALL`, edits, preferred: true }];
}

function mismatch(
  program: SourceFunction,
  to: Attached | null,
  isUsed: (one: Declared) => boolean,
): Problem | null {
  if (!to) return null;
  const { parameters } = program;
  const count = to.parameters.length;
  const most = count + (to.hasResult ? 1 : 0);
  const list = [...to.parameters, ...(to.hasResult ? ['its result'] : [])].join(', ') || 'none';
  const problem = (at: readonly Declared[], message: string, fixes: readonly Fix[] = []): Problem => ({
    code: 'program-arguments',
    severity: 'warning',
    span: spanOf(at),
    message: `${message} What there is: ${list}.`,
    fixes,
  });
  const extra = parameters.slice(most);
  // What no instruction reads is not missed.
  if (extra.some(isUsed))
    return problem(
      extra,
      `${to.what} has ${count} ${count === 1 ? 'argument' : 'arguments'}${to.hasResult ? ' and a result' : ''}, and this program reads ${parameters.length}.`,
      resultFix(program, to, isUsed),
    );
  for (const [index, one] of parameters.slice(0, count).entries()) {
    if (!isUsed(one)) continue;
    const kind = to.kinds[index];
    if (kind === 'pointer' && isSmall(one))
      return problem([one], `${one.name} keeps only the lower half of the pointer that ${to.what} has here.`);
    if (kind === 'small' && one.type.pointers > 0)
      return problem([one], `${one.name} is a number in ${to.what}, not a pointer.`);
  }
  return null;
}

/** Where only the result is read, the arguments before it are made those that there are. */
function resultFix(program: SourceFunction, to: Attached, isUsed: (one: Declared) => boolean): Fix[] {
  const used = program.parameters.filter(isUsed);
  const [only] = used;
  if (!to.hasResult || used.length !== 1 || !only || only !== program.parameters.at(-1)) return [];
  const { tokens } = program.item;
  const open = tokens.findIndex(
    (token, index) => token.text === '(' && tokens[index - 1]?.text === program.macro,
  );
  const close = open < 0 ? -1 : closingIndex(tokens, open);
  const last = close < 0 ? undefined : splitByComma(tokens, open + 1, close).at(-1);
  const end = tokens[close]?.start;
  if (!last || end === undefined) return [];
  const list = ['', ...to.parameters, textOf(tokens, last.from, last.to)].join(', ');
  return [replaceFix('Write the arguments that there are', { start: program.nameSpan.end, end }, list, true)];
}

const SMALL =
  /^(?:(?:unsigned|signed) ?)?(?:int|short|char|short int)?$|^(?:__)?[us](?:8|16|32)$|^u?int(?:8|16|32)_t$|^(?:bool|_Bool|pid_t|umode_t)$/;

const isSmall = ({ type }: Declared): boolean =>
  type.pointers === 0 && type.dimensions.length === 0 && !type.isFunctionPointer && SMALL.test(type.name);

function spanOf(parameters: readonly Declared[]): Problem['span'] {
  return { start: parameters[0]?.nameSpan.start ?? 0, end: parameters.at(-1)?.nameSpan.end ?? 0 };
}
