/**
 * What a target lacks for a program's attach point: from its BTF, tracefs, symbols and modules, never from its version
 * number.
 */
import type { AttachPoint } from '../../shared/bpf/attach-point';
import type { Btf } from '../../shared/btf/btf-model';
import type { Fix } from '../../shared/errors/workbench-error';
import type { Program } from '../../shared/object/model';
import { importedFrom } from '../../system/imported-function';
import { SessionError } from '../errors';
import type { Lack, TargetFacts } from '../targets/target-facts';

/** Why a program's run-time target (BPFW_TARGET) is missing with the given parameters; null if it is not. */
export type RuntimeTargetLack = (program: Program) => Promise<Lack | null>;

/**
 * Trusts the kernel's BTF: a function it describes is assumed to exist and to be traceable, without asking the tracer,
 * which would have to read megabytes. The kernel decides when programs are loaded and attached.
 */
export function trustingBtf(facts: TargetFacts): TargetFacts {
  return {
    ...facts,
    functions: async names => {
      const unknown = names.filter(name => facts.btf.find('func', name) === null);
      const answers = unknown.length === 0 ? [] : await facts.functions(unknown);
      const asked = new Map(answers.map(answer => [answer.name, answer]));
      return names.map(name => asked.get(name) ?? { name, traceable: null, symbol: true });
    },
  };
}

/** What the target lacks for this program; null if nothing is known to be missing. */
export async function lackOf(
  program: Program,
  facts: TargetFacts,
  runtimeTargetLack: RuntimeTargetLack,
): Promise<Lack | null> {
  // An unloaded module explains its missing functions and tracepoints, and has a fix.
  const modules = program.needs.filter(need => need.startsWith('module:'));
  for (const need of modules) {
    const unmet = await needLack(need, facts);
    if (unmet) return unmet;
  }
  const lack =
    program.targetParameter === null
      ? await attachPointLack(program.attachPoint, facts)
      : await runtimeTargetLack(program);
  if (lack) return lack;
  for (const need of program.needs.filter(each => !modules.includes(each))) {
    const unmet = await needLack(need, facts);
    if (unmet) return unmet;
  }
  return null;
}

async function attachPointLack(point: AttachPoint, facts: TargetFacts): Promise<Lack | null> {
  switch (point.kind) {
    case 'fentry':
    case 'fexit':
    case 'fmod_ret':
      return functionLack(point.function, facts, true);
    case 'kprobe':
    case 'kretprobe':
      return point.function === '' ? null : functionLack(point.function, facts, false);
    case 'tp_btf':
      return (await hasBtfTracepoint(point.name, facts)) ? null : noTracepoint(point.name);
    case 'raw_tp':
      return point.name === '' || (await hasBtfTracepoint(point.name, facts))
        ? null
        : noTracepoint(point.name);
    case 'tracepoint': {
      if (point.name === '') return null;
      const [present] = await facts.tracepoints([{ category: point.category, name: point.name }]);
      return present === false ? noTracepoint(`${point.category}:${point.name}`) : null;
    }
    case 'ksyscall':
    case 'kretsyscall':
      return syscallLack(point.syscall, facts);
    case 'uprobe':
    case 'uretprobe': {
      const what = importedFrom(point.path, point.symbol);
      return what === null ? null : { what, fix: null };
    }
    default:
      // Other probes and hardware are known only when attaching; the tracer's error reports what was missing.
      return null;
  }
}

/** Prefixes of a system call's function: CONFIG_ARCH_HAS_SYSCALL_WRAPPER (4.17 on x86, 4.19 on arm64). */
const SYSCALL_WRAPPERS = ['__x64_sys_', '__arm64_sys_', '__se_sys_'];

/** A tracepoint shows that a system call exists, but only kernels with CONFIG_FTRACE_SYSCALLS have those. */
async function syscallLack(syscall: string, facts: TargetFacts): Promise<Lack | null> {
  const [traced] = await facts.tracepoints([{ category: 'syscalls', name: `sys_enter_${syscall}` }]);
  if (traced) return null;
  const functions = await facts.functions(SYSCALL_WRAPPERS.map(wrapper => wrapper + syscall));
  return functions.some(answer => answer.symbol)
    ? null
    : { what: `the kernel has no system call '${syscall}'`, fix: null };
}

/**
 * fentry needs BTF of the exact name and a traceable function. A kprobe needs a symbol: available_filter_functions
 * lists one name per address, so a missing alias (__x64_sys_sync) there means nothing.
 */
async function functionLack(name: string, facts: TargetFacts, viaBtf: boolean): Promise<Lack | null> {
  if (viaBtf && facts.btf.find('func', name) === null && !(await inModuleBtf('func', name, facts))) {
    return (
      (await unloadedModuleLack(name, facts)) ?? {
        what: `the kernel's BTF has no function '${name}' ${GONE}`,
        fix: null,
      }
    );
  }
  const [answer] = await facts.functions([name]);
  if (!answer?.symbol)
    return (
      (await unloadedModuleLack(name, facts)) ?? {
        what: `the kernel has no function '${name}' ${GONE}`,
        fix: null,
      }
    );
  return viaBtf && answer.traceable === false
    ? { what: `'${name}' exists but cannot be traced (marked notrace)`, fix: null }
    : null;
}

const GONE = '(renamed, inlined, or split by the compiler)';

/** Null where the function is in no module, or in one that is loaded. */
async function unloadedModuleLack(name: string, facts: TargetFacts): Promise<Lack | null> {
  const module = await facts.moduleWithFunction(name);
  if (module === null || (await facts.modules()).has(module)) return null;
  return {
    what: `the function '${name}' is in the module '${module}', which is not loaded`,
    fix: loadingOf([module]),
  };
}

function noTracepoint(name: string): Lack {
  return {
    what: `the kernel has no tracepoint '${name}' (its module is not loaded, or this version does not have it)`,
    fix: null,
  };
}

/** The kernel declares each BTF tracepoint as `typedef void (*btf_trace_NAME)(void *, ...)` (include/trace/bpf_probe.h). */
async function hasBtfTracepoint(name: string, facts: TargetFacts): Promise<boolean> {
  return (
    facts.btf.find('typedef', `btf_trace_${name}`) !== null ||
    inModuleBtf('typedef', `btf_trace_${name}`, facts)
  );
}

async function inModuleBtf(kind: 'func' | 'typedef', name: string, facts: TargetFacts): Promise<boolean> {
  for (const module of await facts.modules()) {
    const btf = await facts.moduleBtf(module);
    if (btf && btf.find(kind, name) !== null) return true;
  }
  return false;
}

/** The command that loads one of the modules; null for unknown names, because the object chose them and root runs it. */
function loadingOf(modules: readonly string[]): Fix | null {
  if (!modules.every(module => /^\w[\w-]*$/.test(module))) return null;
  const [only = '', ...others] = modules.map(module => `sudo modprobe ${module}`);
  return others.length > 0 ? { text: [only, ...others].join(' or ') } : { command: only };
}

/** BPFW_NEEDS of bpf-templates/include/bpfw.h; throws SessionError for an unknown requirement. */
async function needLack(need: string, facts: TargetFacts): Promise<Lack | null> {
  const [kind = '', first = '', second = ''] = need.split(':');
  switch (kind) {
    case 'btf-args': {
      const have = argumentCount(first, facts.btf);
      return have === Number(second)
        ? null
        : {
            what: `'${first}' takes ${have ?? 'an unknown number of'} arguments here, not ${second}`,
            fix: null,
          };
    }
    case 'module':
      return (await facts.modules()).has(first)
        ? null
        : {
            what: `the module '${first}' is not loaded`,
            fix: loadingOf((second || first).split('|')),
          };
    case 'tracepoint': {
      const [present] = await facts.tracepoints([{ category: first, name: second }]);
      return present === false ? noTracepoint(`${first}:${second}`) : null;
    }
    case 'function':
      return functionLack(first, facts, false);
    case 'field':
      return hasField(first, facts.btf) ? null : { what: `this kernel has no ${first}`, fix: null };
    case 'no-field':
      return hasField(first, facts.btf) ? { what: `this kernel has ${first}`, fix: null } : null;
    case 'branch-stack':
      return (await facts.branchRecords())
        ? null
        : {
            what: "this machine's processor (or virtual machine) has no last branch records",
            fix: { text: 'use a machine with Intel LBR or AMD LBRv2, outside a virtual machine' },
          };
    case 'type':
      return facts.btf.find('struct', first) !== null
        ? null
        : { what: `this kernel has no struct ${first}`, fix: null };
    default:
      throw new SessionError(
        'attach-point-missing',
        `Unknown requirement of the program: BPFW_NEEDS("${need}").`,
      );
  }
}

/** Number of arguments of a kernel function or BTF tracepoint (without its first argument, the callback's data). */
function argumentCount(name: string, btf: Btf): number | null {
  const tracepoint = btf.find('typedef', `btf_trace_${name}`);
  const id = tracepoint ?? btf.find('func', name);
  if (id === null) return null;
  let type = btf.type(id);
  while (type.kind === 'typedef' || type.kind === 'ptr' || type.kind === 'func' || type.kind === 'const')
    type = btf.type(type.type);
  if (type.kind !== 'func_proto') return null;
  return type.parameters.length - (tracepoint === null ? 0 : 1);
}

/** "struct.member" with one member name. */
function hasField(path: string, btf: Btf): boolean {
  const [struct = '', member = ''] = path.split('.');
  const id = btf.find('struct', struct) ?? btf.find('union', struct);
  if (id === null) return false;
  return memberNames(btf, id).has(member);
}

/** Names of the members, including those of anonymous members. */
function memberNames(btf: Btf, id: number): Set<string> {
  const type = btf.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union') return new Set();
  return new Set(
    type.members.flatMap(member =>
      member.name === '' ? [...memberNames(btf, btf.resolve(member.type))] : [member.name],
    ),
  );
}
