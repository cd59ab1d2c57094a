/** Whether what a section attaches to is there on the target kernel. */
import { parseSection, type SectionKind } from '../../shared/bpf/section-kinds';
import { nearest } from '../../shared/text/nearest';
import type { TargetKernel } from '../kernel/target-kernel';
import { buildChoices } from '../source/conditionals';
import { type Check, type Problem, replaceFix } from './problem';
import { grammarProblem } from './section-grammar';

/** Inspektor Gadget's name for a program that is switched off. */
const DISABLED = 'gadget_program_disabled';
/** Names that stand for a target that user space sets before it loads: bpftool's XXX, libbpf-tools' dummy_file_read. */
const PLACEHOLDER = /^([A-Z][A-Z_]*|dummy_\w+|dummy\/\w+)$/;

/**
 * Targets against the target kernel; optional programs (SEC("?...")) may well lack theirs, as may those in a branch that
 * only the build chooses: it may be the one for other kernels.
 */
export const attachTargets: Check = function* ({ source, kernel }) {
  if (!kernel) return;
  const choices = buildChoices(source.lexed.tokens);
  for (const { section } of source.programs) {
    const parsed = parseSection(section.name);
    if (
      !parsed ||
      section.isPartial ||
      parsed.optional ||
      parsed.target === null ||
      parsed.target === '' ||
      parsed.target === DISABLED
    )
      continue;
    if (choices.some(({ start, end }) => start <= section.span.start && section.span.start < end)) continue;
    if (grammarProblem(section, source.isNamedForLibbpf)) continue;
    const missing = missingTarget(parsed.kind, parsed.target, kernel);
    if (!missing || PLACEHOLDER.test(parsed.target)) continue;
    // ebpf-go finds a system call's function by itself (SEC("kprobe/sys_execve")).
    if (source.isForGo && parsed.target.startsWith('sys_') && hasSyscall(kernel, parsed.target.slice(4)))
      continue;
    const span = { start: section.nameSpan.start + parsed.targetOffset, end: section.nameSpan.end };
    const hint = missing.near.length > 0 ? ` Nearest: ${missing.near.join(', ')}.` : '';
    yield {
      code: 'target-missing',
      severity: missing.severity,
      span,
      message: `${missing.message}${hint}`,
      fixes: missing.near.map((one, index) => replaceFix(`Change to "${one}"`, span, one, index === 0)),
    };
  }
  kernel.forgetSymbols();
};

interface Missing {
  readonly severity: Problem['severity'];
  readonly message: string;
  readonly near: readonly string[];
}

const warning = (message: string, near: readonly string[] = []): Missing => ({
  severity: 'warning',
  message,
  near,
});
const information = (message: string, near: readonly string[] = []): Missing => ({
  severity: 'information',
  message,
  near,
});

/** What an attach point lacks on a kernel; null when it is there, or when that is unknown. */
export function missingTarget(kind: SectionKind, target: string, kernel: TargetKernel): Missing | null {
  const { types } = kernel;
  switch (kind.target) {
    case 'function':
      return missingFunction(kind, target.replace(/\+.*$/, ''), kernel);
    case 'pattern':
      return kernel.hasMatch(target) === false
        ? warning(`No function of the target kernel matches ${target}: there would be nothing to attach to.`)
        : null;
    case 'raw-tracepoint':
      return missingRawTracepoint(target, kernel);
    case 'tracepoint':
      return missingTracepoint(target, kernel);
    case 'syscall':
      if (types.syscalls.length === 0 || hasSyscall(kernel, target)) return null;
      return warning(`The target kernel has no system call ${target}.`, nearby(target, types.syscalls));
    case 'lsm-hook':
      return notAmong(types.lsmHooks, target, 'security hook');
    case 'iterator':
      return notAmong(types.iterators, target, 'iterator');
    default:
      return null;
  }
}

function missingFunction(kind: SectionKind, name: string, kernel: TargetKernel): Missing | null {
  const { types } = kernel;
  // What modules have is known only to the kernel that loads them.
  if (name.includes(':')) return null;
  const why = kernel.whyUntraceable(name);
  if (why !== null) return warning(`${name}() cannot be traced: ${why}.`);
  const isKprobe = kind.family === 'kprobe';
  if (types.hasFunction(name))
    return isKprobe || kernel.isTraceable(name) !== false
      ? null
      : information(`${name}() is not in available_filter_functions: it may be inlined or marked notrace.`);
  const symbol = kernel.symbol(name);
  const call = /^sys_(\w+)$/.exec(name)?.[1];
  if (call !== undefined && !symbol && hasSyscall(kernel, call))
    return warning(
      `Syscall entry points are wrapped since Linux 4.17; use SEC("${/ret|exit/.test(kind.name) ? 'kretsyscall' : 'ksyscall'}/${call}").`,
      SYSCALL_PREFIXES.map(prefix => prefix + call).filter(one => types.hasFunction(one)),
    );
  const variants = symbol ? [] : kernel.variants(name).filter(one => !one.endsWith('.cold'));
  if (variants.length > 0)
    return warning(
      `The compiler changed ${name}() and left only ${variants.join(', ')}: kprobes can have that, but its arguments may differ from the source's.`,
      isKprobe ? variants : [],
    );
  if (symbol) {
    if (isKprobe || (symbol.module && kernel.hasModuleBtf(symbol.module))) return null;
    return warning(
      `${name}() has no BTF here, which SEC("${kind.name}") needs; kprobe/${name} works without.`,
    );
  }
  const module = kernel.exportingModule(name);
  if (module !== null)
    return warning(
      `${name}() is in the kernel module ${module}, which ${kernel.isRunning ? 'is not loaded' : 'has to be loaded before the program'}: sudo modprobe ${module}.`,
    );
  const near = nearby(name, types.functions);
  if (isKprobe && symbol === null)
    return warning(`This kernel has no function ${name}()${nowhere(near)}.`, near);
  if (isKprobe) {
    // Functions without BTF can be probed, too: only a name that looks mistyped is worth a word.
    if (near.length === 0 || name.includes('.')) return null;
    return information(
      `${name}() is not in the target kernel's BTF; a kprobe needs its symbol, which cannot be looked up from here.`,
      near,
    );
  }
  // Of another kernel neither the modules nor the other programs are known.
  const report = kernel.isRunning || near.length > 0 ? warning : information;
  return report(`The target kernel's BTF has no function ${name}()${nowhere(near)}.`, near);
}

function missingRawTracepoint(name: string, kernel: TargetKernel): Missing | null {
  const { types } = kernel;
  // Several programs of one tracepoint, attached by name (the kernel's tests): sys_enter:skip_loop.
  if (name.includes(':') || types.hasTracepoint(name) || kernel.symbol(`__traceiter_${name}`)) return null;
  if (/^sys_(enter|exit)_/.test(name)) {
    const shared = name.startsWith('sys_enter') ? 'sys_enter' : 'sys_exit';
    return warning(
      'All system calls share two raw tracepoints, sys_enter and sys_exit; one of its own has each as a classic tracepoint only.',
      types.hasTracepoint(shared) ? [shared] : [],
    );
  }
  const report = kernel.isRunning ? warning : information;
  return report(`The target kernel's BTF has no tracepoint ${name}.`, nearby(name, types.tracepoints));
}

function missingTracepoint(target: string, kernel: TargetKernel): Missing | null {
  const { types } = kernel;
  const [category = '', name = ''] = target.split('/');
  const event = kernel.hasTracefsEvent(category, name);
  if (event === true) return null;
  if (category === 'syscalls') {
    const call = /^sys_(?:enter|exit)_(.+)$/.exec(name)?.[1];
    if (call === undefined || types.syscalls.length === 0 || hasSyscall(kernel, call)) return null;
    return warning(
      `The target kernel has no system call ${call}.`,
      nearby(call, types.syscalls).map(one => `syscalls/${name.replace(call, one)}`),
    );
  }
  const isKnown = types.hasTracepoint(name);
  if (event === null && (isKnown || kernel.symbol(`__traceiter_${name}`))) return null;
  const report = event === false ? warning : information;
  return isKnown
    ? report(`The running kernel has a tracepoint ${name}, but not in category ${category}.`)
    : report(
        `The target kernel's BTF has no tracepoint ${name}.`,
        nearby(name, types.tracepoints).map(one => `${category}/${one}`),
      );
}

/** An empty list of a kernel means unknown. */
function notAmong(names: readonly string[], target: string, what: string): Missing | null {
  if (names.length === 0 || names.includes(target)) return null;
  return {
    severity: 'warning',
    message: `The target kernel has no ${what} ${target}.`,
    near: nearby(target, names),
  };
}

/** What a name that resembles no other may be. */
const nowhere = (near: readonly string[]) =>
  near.length > 0
    ? ''
    : ': it is inlined everywhere, in a module that is not loaded, not configured, or a function of another BPF program';

/** Functions of a system call by architecture (arch/*\/include/asm/syscall_wrapper.h). */
const SYSCALL_PREFIXES = ['__x64_sys_', '__arm64_sys_', '__riscv_sys_', '__do_sys_'];

function hasSyscall(kernel: TargetKernel, name: string): boolean {
  return (
    kernel.types.syscalls.includes(name) ||
    SYSCALL_PREFIXES.some(prefix => Boolean(kernel.symbol(prefix + name))) ||
    // The wrappers without arguments (getpid, sync) have no BTF of their own on some kernels.
    (!kernel.isRunning && kernel.types.find('func', `sys_${name}`) !== null)
  );
}

const remembered = new WeakMap<readonly string[], Map<string, string[]>>();

/** nearest() over a kernel's names takes milliseconds: once per name. */
function nearby(name: string, names: readonly string[]): string[] {
  let known = remembered.get(names);
  if (!known) {
    known = new Map();
    remembered.set(names, known);
  }
  const before = known.get(name);
  if (before) return before;
  const found = nearest(name, names);
  known.set(name, found);
  return found;
}
