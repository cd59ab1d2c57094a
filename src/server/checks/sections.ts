/** Section names: their grammar, and whether what they attach to is there. */
import { isDataSection, parseSection, SECTION_KINDS, type SectionKind } from '../helpers/section-kinds';
import type { TargetKernel } from '../kernel/target-kernel';
import type { SectionMark } from '../source/model';
import { nearest } from './nearest';
import { type Check, type Problem, replaceFix } from './problem';

/** Inspektor Gadget's name for a program that is switched off. */
const DISABLED = 'gadget_program_disabled';
/** Names that stand for a target that user space sets before it loads: bpftool's XXX, libbpf-tools' dummy_file_read. */
const PLACEHOLDER = /^([A-Z][A-Z_]*|dummy_\w+|dummy\/\w+)$/;
/** iproute2's own description of a map, which its own loader reads from the section "maps". */
const IPROUTE2_MAP = 'bpf_elf_map';
/** Words people write from memory of other tools, and libbpf's. */
const SYNONYMS: Readonly<Record<string, string>> = {
  tracepoints: 'tracepoint',
  trace: 'tp',
  kfunc: 'fentry',
  kretfunc: 'fexit',
  kernel: 'kprobe',
  'raw-tp': 'raw_tp',
  'tp-btf': 'tp_btf',
  profile: 'perf_event',
  usdts: 'usdt',
  syscalls: 'ksyscall',
  rawtracepoint: 'raw_tracepoint',
};

/** SEC("...") of programs, against libbpf's grammar. */
export const sectionGrammar: Check = function* ({ source }) {
  const isNamed = source.isNamedForLibbpf;
  for (const { section } of source.programs) {
    // ebpf-go takes any kind libbpf takes, and more; where it attaches is said in Go.
    if (source.isForGo && parseSection(section.name)) continue;
    const problem = grammarProblem(section, isNamed);
    if (problem) yield problem;
  }
  for (const variable of [...source.model.maps, ...source.model.variables]) {
    const section =
      'section' in variable ? variable.section : sectionOfMap(source.model.sections, variable.span);
    if (!section || isDataSection(section.name)) continue;
    const meant = 'fields' in variable ? '.maps' : nearest(section.name, ['license', '.maps', 'version'])[0];
    if (meant === undefined) continue;
    const isOldMaps = section.name === 'maps';
    if (isOldMaps && source.lexed.tokens.some(token => token.text === IPROUTE2_MAP)) continue;
    yield {
      code: 'section-name',
      severity: 'error',
      span: section.nameSpan,
      message: isOldMaps
        ? 'libbpf 1.0 and newer reads maps from the section ".maps" only; describe this map there with __uint() and __type().'
        : `libbpf reads this from the section "${meant}".`,
      fixes: isOldMaps ? [] : [replaceFix(`Change to "${meant}"`, section.nameSpan, meant, true)],
    };
  }
};

function sectionOfMap(
  sections: readonly SectionMark[],
  span: { start: number; end: number },
): SectionMark | null {
  return sections.find(one => one.span.start >= span.start && one.span.end <= span.end) ?? null;
}

/** `isNamed`: the file is named as libbpf's own programs are; others may have a loader that takes sections of any name. */
function grammarProblem(section: SectionMark, isNamed: boolean): Problem | null {
  const { name, nameSpan } = section;
  if (isDataSection(name) || section.isPartial) return null;
  const parsed = parseSection(name);
  const at = (message: string, fixes: Problem['fixes'] = []): Problem => ({
    code: 'section-name',
    severity: 'error',
    span: nameSpan.start < nameSpan.end ? nameSpan : section.span,
    message,
    fixes,
  });
  if (!parsed) return isNamed || isMistyped(name) ? unknownKind(section) : null;
  const { kind, target } = parsed;
  if (target === null) return null;
  if (target === '')
    return at(`Nothing follows the slash: write ${example(kind)}, or SEC("${kind.name}") without one.`);
  switch (kind.target) {
    case 'function':
      if (kind.family === 'kprobe' && !/^[\w.]+(\+(0x[0-9a-fA-F]+|\d+))?$/.test(target))
        return at(`"${target}" is no function name, with or without +OFFSET: write ${example(kind)}.`);
      // module:function, since libbpf 1.4.
      if (kind.family !== 'kprobe' && !/^([\w-]+:)?[\w.]+$/.test(target))
        return at(`"${target}" is no function name: write ${example(kind)}.`);
      return null;
    case 'pattern':
      return /^[\w.*?]+$/.test(target)
        ? null
        : at(`A pattern of function names has letters, digits, _ . * and ? only: write ${example(kind)}.`);
    case 'tracepoint': {
      if (/^[\w-]+\/[\w-]+$/.test(target)) return null;
      const colon = target.replace(':', '/');
      return at(
        `A classic tracepoint is category/name: write ${example(kind)}.`,
        /^\w+\/\w+$/.test(colon) ? [replaceWith(section, parsed.targetOffset, colon)] : [],
      );
    }
    case 'user-function':
      return /^[^:]+:[^:]+$/.test(target) || target.startsWith('/proc/')
        ? null
        : at(`A user function is path:function: write ${example(kind)}.`);
    case 'usdt':
      return /^[^:]+:[^:]+:[^:]+$/.test(target)
        ? null
        : at(`A static probe is path:provider:name: write ${example(kind)}.`);
    case 'syscall': {
      const bare = target.replace(/^(__x64_|__arm64_|__se_|__do_)?sys_(enter_)?/, '');
      return bare === target
        ? null
        : at(`A system call is written without prefix: "${bare}".`, [
            replaceWith(section, parsed.targetOffset, bare),
          ]);
    }
    case 'raw-tracepoint':
      if (!target.includes('/')) return null;
      return at(`A raw tracepoint has no category: write ${example(kind)}.`, [
        replaceWith(section, parsed.targetOffset, target.slice(target.lastIndexOf('/') + 1)),
      ]);
    default:
      return null;
  }
}

function replaceWith(section: SectionMark, targetOffset: number, target: string) {
  const span = { start: section.nameSpan.start + targetOffset, end: section.nameSpan.end };
  return replaceFix(`Change to "${target}"`, span, target, true);
}

/**
 * A section that was meant for libbpf, in a file whose loader we do not know: tc and ip take sections of any name, and
 * tests set the type of programs named "socket1" themselves.
 */
function isMistyped(name: string): boolean {
  const word = name.replace(/^\?/, '').replace(/[/:].*$/, '');
  const known = SECTION_KINDS.map(kind => kind.name);
  if (known.includes(word) || SYNONYMS[word] !== undefined) return /[/:]/.test(name);
  return word.length > 2 && !/\d$/.test(word) && nearest(word, known).length > 0;
}

function unknownKind(section: SectionMark): Problem {
  const { name, nameSpan } = section;
  const mark = name.startsWith('?') ? '?' : '';
  const rest = name.slice(mark.length);
  const slash = rest.indexOf('/');
  const word = slash < 0 ? rest : rest.slice(0, slash);
  const known = SECTION_KINDS.map(kind => kind.name);
  const whole = nearest(rest, known);
  const exact = parseSection(mark + word);
  // kprobe:vfs_read, tracepoint:sched:sched_switch are bpftrace's.
  const slashed = [rest.replace(':', '/'), rest.replaceAll(':', '/')].find(
    one =>
      one !== rest && (parseSection(one)?.target ?? '').includes(':') === false && parseSection(one) !== null,
  );
  // tc/prog_b, xdp/name: the kind takes nothing behind a slash.
  const names = exact
    ? [exact.kind.name]
    : SYNONYMS[word]
      ? [SYNONYMS[word]]
      : [...new Set([...nearest(word, known), ...whole])].slice(0, 3);
  const proposals =
    slashed !== undefined
      ? [mark + slashed]
      : names.map(candidate => {
          const kind = SECTION_KINDS.find(one => one.name === candidate);
          const keepsTarget = slash >= 0 && kind !== undefined && kind.target !== 'none';
          return mark + candidate + (keepsTarget ? rest.slice(slash) : '');
        });
  const hint = proposals.length > 0 ? ` Did you mean ${proposals.map(one => `"${one}"`).join(' or ')}?` : '';
  return {
    code: 'section-name',
    severity: 'error',
    span: nameSpan.start < nameSpan.end ? nameSpan : section.span,
    message: exact
      ? `libbpf 1.0 and newer takes nothing after "${exact.kind.name}" (it names programs by their function).${hint}`
      : `libbpf knows no program type "${word}".${hint}`,
    fixes: proposals.map((one, index) => replaceFix(`Change to "${one}"`, nameSpan, one, index === 0)),
  };
}

const EXAMPLES: Partial<Record<SectionKind['target'], string>> = {
  function: 'vfs_read',
  pattern: 'vfs_*',
  syscall: 'openat',
  tracepoint: 'sched/sched_switch',
  'raw-tracepoint': 'sched_switch',
  'lsm-hook': 'file_open',
  iterator: 'task',
  'user-function': '/usr/lib/libc.so.6:malloc',
  'user-pattern': '/usr/lib/libc.so.6:mem*',
  usdt: '/usr/bin/node:node:gc__start',
};

function example(kind: SectionKind): string {
  const target = EXAMPLES[kind.target];
  return `SEC("${kind.name}${target === undefined ? '' : `/${target}`}")`;
}

/** Targets against the target kernel; optional programs (SEC("?...")) may well lack theirs. */
export const attachTargets: Check = function* ({ source, kernel }) {
  if (!kernel) return;
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

/** What an attach point lacks on a kernel; null when it is there, or when nobody can tell. */
export function missingTarget(kind: SectionKind, target: string, kernel: TargetKernel): Missing | null {
  const { types } = kernel;
  switch (kind.target) {
    case 'function': {
      const name = target.replace(/\+.*$/, '');
      // Which modules have what, nobody but the kernel that loads them can say.
      if (name.includes(':')) return null;
      const why = kernel.whyUntraceable(name);
      if (why !== null)
        return { severity: 'warning', message: `${name}() cannot be traced: ${why}.`, near: [] };
      if (types.hasFunction(name)) {
        if (kernel.isTraceable(name) !== false || kind.family === 'kprobe') return null;
        return {
          severity: 'information',
          message: `${name}() is not in available_filter_functions: it may be inlined or marked notrace.`,
          near: [],
        };
      }
      const symbol = kernel.symbol(name);
      const call = /^sys_(\w+)$/.exec(name)?.[1];
      if (call !== undefined && !symbol && hasSyscall(kernel, call))
        return {
          severity: 'warning',
          message: `System calls have functions of other names since 4.17: SEC("${/ret|exit/.test(kind.name) ? 'kretsyscall' : 'ksyscall'}/${call}") finds the right one.`,
          near: SYSCALL_PREFIXES.map(prefix => prefix + call).filter(one => types.hasFunction(one)),
        };
      if (!symbol) {
        const variants = kernel.variants(name).filter(one => !one.endsWith('.cold'));
        if (variants.length > 0)
          return {
            severity: 'warning',
            message: `The compiler changed ${name}() and left only ${variants.join(', ')}: kprobes can have that, but its arguments may differ from the source's.`,
            near: kind.family === 'kprobe' ? variants : [],
          };
      }
      if (kind.family === 'kprobe') {
        if (symbol) return null;
        const near = nearby(name, types.functions);
        // Functions without BTF can be probed, too: only a name that looks mistyped is worth a word.
        if (symbol === undefined && (near.length === 0 || name.includes('.'))) return null;
        if (symbol === undefined)
          return {
            severity: 'information',
            message: `${name}() is not in the target kernel's BTF; a kprobe needs its symbol, which cannot be looked up from here.`,
            near,
          };
        return {
          severity: 'warning',
          message: `This kernel has no function ${name}()${nowhere(near)}.`,
          near,
        };
      }
      if (symbol?.module && kernel.hasModuleBtf(symbol.module)) return null;
      if (symbol)
        return {
          severity: 'warning',
          message: `${name}() has no BTF here, which SEC("${kind.name}") needs; kprobe/${name} works without.`,
          near: [],
        };
      const near = nearby(name, types.functions);
      return {
        // Of another kernel neither the modules nor the other programs are known.
        severity: kernel.isRunning || near.length > 0 ? 'warning' : 'information',
        message: `The target kernel's BTF has no function ${name}()${nowhere(near)}.`,
        near,
      };
    }
    case 'raw-tracepoint':
      // Several programs of one tracepoint, attached by name (the kernel's tests): sys_enter:skip_loop.
      if (target.includes(':')) return null;
      if (types.hasTracepoint(target) || kernel.symbol(`__traceiter_${target}`)) return null;
      return {
        severity: kernel.isRunning ? 'warning' : 'information',
        message: `The target kernel's BTF has no tracepoint ${target}.`,
        near: nearby(target, types.tracepoints),
      };
    case 'tracepoint': {
      const [category = '', name = ''] = target.split('/');
      const event = kernel.hasTracefsEvent(category, name);
      if (event === true) return null;
      if (category === 'syscalls') {
        const call = /^sys_(?:enter|exit)_(.+)$/.exec(name)?.[1];
        if (call !== undefined && types.syscalls.length > 0 && !hasSyscall(kernel, call))
          return {
            severity: 'warning',
            message: `The target kernel has no system call ${call}.`,
            near: nearby(call, types.syscalls).map(one => `syscalls/${name.replace(call, one)}`),
          };
        return null;
      }
      if (types.hasTracepoint(name) && event === null) return null;
      if (kernel.symbol(`__traceiter_${name}`) && event === null) return null;
      return {
        severity: event === false ? 'warning' : 'information',
        message: types.hasTracepoint(name)
          ? `The running kernel has a tracepoint ${name}, but not in category ${category}.`
          : `The target kernel's BTF has no tracepoint ${name}.`,
        near: types.hasTracepoint(name)
          ? []
          : nearby(name, types.tracepoints).map(one => `${category}/${one}`),
      };
    }
    case 'syscall':
      if (types.syscalls.length === 0 || hasSyscall(kernel, target)) return null;
      return {
        severity: 'warning',
        message: `The target kernel has no system call ${target}.`,
        near: nearby(target, types.syscalls),
      };
    case 'lsm-hook':
      if (types.lsmHooks.length === 0 || types.lsmHooks.includes(target)) return null;
      return {
        severity: 'warning',
        message: `The target kernel has no security hook ${target}.`,
        near: nearby(target, types.lsmHooks),
      };
    case 'iterator':
      if (types.iterators.length === 0 || types.iterators.includes(target)) return null;
      return {
        severity: 'warning',
        message: `The target kernel has no iterator ${target}.`,
        near: nearby(target, types.iterators),
      };
    default:
      return null;
  }
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
