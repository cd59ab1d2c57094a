/** The SEC() programs of one probe: they call its functions, at each way to attach. */
import { head, wrapped } from './c-lines';
import { literal } from './c-text';
import type { Plan } from './plan';
import type { Offered } from './probe';
import { TraceError } from './trace-error';
import {
  cType,
  declared,
  functionParameter,
  isFollowed,
  type Program,
  parameterName,
  parameterType,
} from './write-parts';

/** libbpf's BPF_KPROBE() names so many arguments on every architecture (bpf_tracing.h, PT_REGS_PARM1..5). */
const KPROBE_ARGUMENTS = 5;

/** The SEC() programs, in the order of preference. */
export function programs(program: Program, plan: Plan): string[] {
  const { place } = plan.probe;
  switch (place.kind) {
    case 'kernel-function':
      return kernelPrograms(program, plan, place.name);
    case 'tracepoint':
      return [
        entry(
          `SEC("tracepoint/${place.group}/${place.name}")`,
          head(`int ${plan.name}_hit(`, [`struct ${place.record} *ctx`]),
          call(program, plan, 'called', plan.used.map(field)),
        ),
      ];
    case 'raw-tracepoint': {
      const parameters = upTo(
        plan,
        plan.probe.offers.findLastIndex(offer => plan.used.includes(offer)),
      );
      const code = call(program, plan, 'called', plan.used.map(parameterName));
      return (['tp_btf', 'raw_tp'] as const).map((kind, rank) =>
        entry(
          `SEC("?${kind}/${place.name}")\nBPFW_CHOICE("${plan.name}", ${rank})`,
          macro('BPF_PROG', `${plan.name}_${kind}`, parameters),
          code,
        ),
      );
    }
    case 'syscall':
      return syscallPrograms(program, plan, place.name);
    case 'user-function':
      return userPrograms(program, plan);
  }
}

const entry = (section: string, start: string, code: string): string =>
  `${section}\n${start}\n{\n${code}\n\treturn 0;\n}`;

/** The call of a handler; `values`: C of the used arguments. */
function call(
  { mode }: Program,
  plan: Plan,
  what: 'called' | 'begins' | 'ends',
  values: readonly string[],
): string {
  const context = what === 'called' && mode.kind === 'stacks' ? ['ctx'] : [];
  const list = [...context, ...values];
  const before = `\t${plan.name}_${what}(`;
  return list.length === 0 ? `${before});` : `${wrapped(before, list)};`;
}

/** "struct file *file" of the arguments up to one. */
const upTo = ({ probe }: Plan, last: number): string[] =>
  probe.offers.slice(0, last + 1).map(offer => declared(cType(offer.type), parameterName(offer)));

const macro = (name: string, own: string, parameters: readonly string[]): string =>
  head(`int ${name}(`, [own, ...parameters]);

function kernelPrograms(program: Program, plan: Plan, name: string): string[] {
  const { probe, used, atEnd, usesResult } = plan;
  const last = probe.offers.findLastIndex(offer => used.includes(offer));
  const values = used.map(parameterName);
  const result = declared(cType(probe.result), 'result');
  const ways: string[][] = [];
  const trampolines = probe.offers.every(({ type }) => type !== null);
  const group = literal(plan.name);
  const section = (kind: string) => `SEC("?${kind}/${name}")\nBPFW_CHOICE(${group}, ${ways.length})`;
  const follows = atEnd && isFollowed(plan);
  const given = follows ? 'begins' : 'called';
  // The result comes behind all arguments.
  const exitParameters = usesResult ? [...upTo(plan, probe.offers.length), result] : [];
  const exitCode = call(program, plan, follows ? 'ends' : 'called', usesResult ? ['result'] : []);
  if (program.mode.kind !== 'stacks' && trampolines) {
    const parts: string[] = [];
    if (!atEnd || follows)
      parts.push(
        entry(
          section('fentry'),
          macro('BPF_PROG', `${plan.name}_fentry`, upTo(plan, last)),
          call(program, plan, given, values),
        ),
      );
    if (atEnd)
      parts.push(entry(section('fexit'), macro('BPF_PROG', `${plan.name}_fexit`, exitParameters), exitCode));
    ways.push(parts);
  }
  if (last < KPROBE_ARGUMENTS) {
    const parts: string[] = [];
    if (!atEnd || follows)
      parts.push(
        entry(
          section('kprobe'),
          macro('BPF_KPROBE', `${plan.name}_kprobe`, upTo(plan, last)),
          call(program, plan, given, values),
        ),
      );
    if (atEnd)
      parts.push(
        entry(
          section('kretprobe'),
          macro('BPF_KRETPROBE', `${plan.name}_kretprobe`, usesResult ? [result] : []),
          exitCode,
        ),
      );
    ways.push(parts);
  }
  if (ways.length === 0)
    throw new TraceError(
      'bad-choice',
      `An argument of ${name} is in no register that can be read: ${used.map(each => each.name).join(', ')}.`,
    );
  return ways.flat();
}

/** A field of a tracepoint's record. */
function field({ name, isDataLoc }: Offered): string {
  return isDataLoc ? `(const char *)ctx + (ctx->__data_loc_${name} & 0xffff)` : `ctx->${name}`;
}

function syscallPrograms(program: Program, plan: Plan, name: string): string[] {
  const { probe, used, atEnd, usesResult } = plan;
  const follows = atEnd && isFollowed(plan);
  const values = used.map(offer => `(${parameterType(offer)})ctx->args[${probe.offers.indexOf(offer)}]`);
  const parts: string[] = [];
  if (!atEnd || follows)
    parts.push(
      entry(
        `SEC("tracepoint/syscalls/sys_enter_${name}")`,
        head(`int ${plan.name}_enter(`, ['struct trace_event_raw_sys_enter *ctx']),
        call(program, plan, follows ? 'begins' : 'called', values),
      ),
    );
  if (atEnd)
    parts.push(
      entry(
        `SEC("tracepoint/syscalls/sys_exit_${name}")`,
        head(`int ${plan.name}_exit(`, ['struct trace_event_raw_sys_exit *ctx']),
        call(program, plan, follows ? 'ends' : 'called', usesResult ? ['ctx->ret'] : []),
      ),
    );
  return parts;
}

function userPrograms(program: Program, plan: Plan): string[] {
  const { probe, used, atEnd, usesResult } = plan;
  const follows = atEnd && isFollowed(plan);
  const last = probe.offers.findLastIndex(offer => used.includes(offer));
  const target = `BPFW_TARGET("${functionParameter(plan)}")\nBPFW_IFUNC`;
  const parts: string[] = [];
  if (!atEnd || follows)
    parts.push(
      entry(
        `SEC("uprobe")\n${target}`,
        macro('BPF_KPROBE', `${plan.name}_uprobe`, upTo(plan, last)),
        call(program, plan, follows ? 'begins' : 'called', used.map(parameterName)),
      ),
    );
  if (atEnd)
    parts.push(
      entry(
        `SEC("uretprobe")\n${target}`,
        macro(
          'BPF_KRETPROBE',
          `${plan.name}_uretprobe`,
          usesResult ? [declared(cType(probe.result), 'result')] : [],
        ),
        call(program, plan, follows ? 'ends' : 'called', usesResult ? ['result'] : []),
      ),
    );
  return parts;
}
