/**
 * Chooses, before anything is loaded, which programs of an object this target can attach: from what the target has
 * (BTF, tracefs, symbols, modules), never from its version number. Otherwise one missing attach point would make the
 * whole object fail (libbpf loads all or nothing).
 */

import type { AttachPoint } from '../../shared/bpf/attach-point';
import type { Btf } from '../../shared/btf/btf-model';
import { type Fix, fixText } from '../../shared/errors/workbench-error';
import { choiceGroups } from '../../shared/object/choice-groups';
import type { BpfObject, Program } from '../../shared/object/model';
import { SessionError } from '../errors';
import type { Lack, TargetFacts } from '../targets/target-facts';

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

/** Why a program's run-time target (BPFW_TARGET) is missing with the given parameters; null if it is not. */
export type RuntimeTargetLack = (program: Program) => Promise<Lack | null>;

export interface ChosenGroup {
  readonly group: string;
  readonly rank: number;
  readonly programs: readonly string[];
  /** Why earlier ranks were skipped; empty if the first was chosen. */
  readonly passedOver: readonly { readonly program: string; readonly lack: Lack }[];
}

export interface ProgramChoice {
  /** Programs to load, in the object's order. */
  readonly load: readonly Program[];
  readonly groups: readonly ChosenGroup[];
}

/**
 * `refused`: programs the kernel refused to attach although their attach point seemed to exist: they count as lacking,
 * so another call chooses the next rank. Throws SessionError 'attach-point-missing' that names everything the target
 * lacks if a required program cannot attach.
 */
export async function choosePrograms(
  object: BpfObject,
  facts: TargetFacts,
  refused: ReadonlyMap<string, Lack> = new Map(),
  runtimeTargetLack: RuntimeTargetLack = async () => null,
): Promise<ProgramChoice> {
  const lacks = new Map<Program, Lack | null>();
  for (const program of object.programs) {
    // Optional programs: a missing attach point is not an error.
    if (program.choice === null && !program.autoload) continue;
    lacks.set(program, refused.get(program.name) ?? (await lackOf(program, facts, runtimeTargetLack)));
  }

  const chosen = new Set<Program>();
  for (const program of object.programs) {
    if (program.choice !== null || !program.autoload) continue;
    const lack = lacks.get(program) ?? null;
    if (lack) throw missing([{ program, lack }]);
    chosen.add(program);
  }
  const groups: ChosenGroup[] = [];
  for (const [group, ranks] of choiceGroups(object.programs)) {
    const taken = ranks.find(rank => rank.programs.every(program => !lacks.get(program)));
    const passed = ranks
      .filter(rank => taken === undefined || rank.rank < taken.rank)
      .flatMap(rank => rank.programs)
      .flatMap(program => {
        const lack = lacks.get(program);
        return lack ? [{ program, lack }] : [];
      });
    if (!taken) throw missing(passed);
    for (const program of taken.programs) chosen.add(program);
    groups.push({
      group,
      rank: taken.rank,
      programs: taken.programs.map(program => program.name),
      passedOver: passed.map(({ program, lack }) => ({ program: program.section, lack })),
    });
  }
  return { load: object.programs.filter(program => chosen.has(program)), groups };
}

function missing(passed: readonly { program: Program; lack: Lack }[]): SessionError {
  // A run-time target's lack names function, probe and file itself; the section ("uprobe") would add nothing.
  const sections = new Map<string, string[]>();
  for (const { program, lack } of passed) {
    const section = program.targetParameter === null ? [program.section] : [];
    sections.set(lack.what, [...(sections.get(lack.what) ?? []), ...section]);
  }
  const lines = [...sections].map(([what, wanting]) =>
    wanting.length > 0 ? `${[...new Set(wanting)].join(', ')}: ${what}` : what,
  );
  const fixes = new Map(passed.flatMap(({ lack: { fix } }) => (fix ? [[fixText(fix), fix] as const] : [])));
  const [only = null, ...others] = fixes.values();
  return new SessionError(
    'attach-point-missing',
    `This target lacks attach points the program needs: ${lines.join('; ')}.`,
    others.length > 0 ? { text: [...fixes.keys()].join(' or: ') } : only,
  );
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
    default:
      // Paths, probes and hardware are known only when attaching; the tracer's error reports what was missing.
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
    return {
      what: `the kernel's BTF has no function '${name}' (renamed, inlined, or split by the compiler)`,
      fix: null,
    };
  }
  const [answer] = await facts.functions([name]);
  if (!answer?.symbol) return { what: `the kernel has no function '${name}'`, fix: null };
  return viaBtf && answer.traceable === false
    ? { what: `'${name}' exists but cannot be traced (marked notrace)`, fix: null }
    : null;
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
