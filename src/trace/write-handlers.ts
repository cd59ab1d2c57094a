/** What one probe adds to a program: its handlers, and the programs that call them at each way to attach. */
import { literal } from './c-text';
import { hasUserStacks, type Plan } from './plan';
import type { Offered } from './probe';
import { TraceError } from './trace-error';
import {
  assigned,
  cType,
  declared,
  functionParameter,
  hasKey,
  isFollowed,
  isHistogram,
  keepsTimeOnly,
  ownName,
  type Program,
  parameterName,
  parameterType,
} from './write-parts';

/** libbpf's BPF_KPROBE() names so many arguments on every architecture (bpf_tracing.h, PT_REGS_PARM1..5). */
const KPROBE_ARGUMENTS = 5;
const LINE = 100;

/** A function's head, in lines of at most 100 columns (a tab is 8). */
const head = (before: string, parameters: readonly string[]): string =>
  wrapped(before, parameters.length === 0 ? ['void'] : parameters);

function wrapped(before: string, list: readonly string[]): string {
  const lines = [before];
  list.forEach((parameter, index) => {
    const text = `${parameter}${index === list.length - 1 ? ')' : ','}`;
    const line = lines.at(-1) ?? '';
    const space = index === 0 || line.endsWith('\t') ? '' : ' ';
    if (line.replaceAll('\t', ' '.repeat(8)).length + space.length + text.length > LINE)
      lines.push(`\t\t${text}`);
    else lines[lines.length - 1] = `${line}${space}${text}`;
  });
  return lines.join('\n');
}

const block = (lines: readonly string[]): string => lines.map(line => `\t${line}`.trimEnd()).join('\n');

const PID_TEST = ['if (target_pid && id >> 32 != target_pid)', '\treturn;'];

export function handlers(program: Program, plan: Plan): string[] {
  return plan.atEnd && isFollowed(plan)
    ? [begins(program, plan), ends(program, plan)]
    : [called(program, plan)];
}

/** The handler of a probe that needs only what it has there. */
function called(program: Program, plan: Plan): string {
  const body = [...PID_TEST, ...condition(plan), '', ...recording(program, plan)];
  return define(
    plan,
    'called',
    handlerParameters(program, plan),
    ['__u64 id = bpf_get_current_pid_tgid();', ...locals(program, plan, true)],
    body,
  );
}

function handlerParameters({ mode }: Program, plan: Plan): string[] {
  return [
    ...(mode.kind === 'stacks' ? ['void *ctx'] : []),
    ...plan.used.map(offer => declared(parameterType(offer), parameterName(offer))),
    ...(plan.usesResult ? [declared(cType(plan.probe.result), 'result')] : []),
  ];
}

function begins(program: Program, plan: Plan): string {
  const tag = ownName(program, plan, program.tags.call);
  const started = ownName(program, plan, 'started');
  const early = plan.where !== null && !plan.whereAtEnd;
  const filled = keepsTimeOnly(plan)
    ? ['now = bpf_ktime_get_ns();']
    : [
        '__builtin_memset(&call, 0, sizeof(call));',
        ...plan.kept.map(offer => `call.${parameterName(offer)} = ${parameterName(offer)};`),
        ...(plan.timed ? ['call.began = bpf_ktime_get_ns();'] : []),
      ];
  const [own, variable] = keepsTimeOnly(plan)
    ? ['now', 'bpfw_timestamp now;']
    : ['call', `struct ${tag} call;`];
  const body = [
    ...PID_TEST,
    ...(early ? condition(plan) : []),
    '',
    ...filled,
    `if (bpf_map_update_elem(&${started}, &tid, &${own}, BPF_ANY))`,
    '\t__sync_fetch_and_add(&calls_missed, 1);',
  ];
  const variables = ['__u64 id = bpf_get_current_pid_tgid();', variable, 'bpfw_tid tid = id;'];
  return define(plan, 'begins', beginning(plan), [...variables, ...(early ? commLocal(plan) : [])], body);
}

const beginning = (plan: Plan): string[] =>
  plan.used.map(offer => declared(parameterType(offer), parameterName(offer)));

function ends(program: Program, plan: Plan): string {
  const tag = ownName(program, plan, program.tags.call);
  const started = ownName(program, plan, 'started');
  const variables = [
    '__u64 id = bpf_get_current_pid_tgid();',
    'bpfw_tid tid = id;',
    `${keepsTimeOnly(plan) ? 'bpfw_timestamp' : `struct ${tag}`} *call = bpf_map_lookup_elem(&${started}, &tid);`,
    ...plan.kept.map(offer => `${declared(parameterType(offer), parameterName(offer))};`),
    ...(plan.timed ? ['bpfw_ns latency;'] : []),
    ...locals(program, plan, plan.whereAtEnd),
  ];
  const body = [
    'if (!call)',
    '\treturn; /* filtered, or already inside when tracing began */',
    ...(plan.timed
      ? [`latency = bpf_ktime_get_ns() - ${keepsTimeOnly(plan) ? '*call' : 'call->began'};`]
      : []),
    ...plan.kept.map(offer => `${parameterName(offer)} = call->${parameterName(offer)};`),
    `bpf_map_delete_elem(&${started}, &tid);`,
    ...(plan.whereAtEnd ? condition(plan) : []),
    '',
    ...recording(program, plan),
  ];
  const parameters = plan.usesResult ? [declared(cType(plan.probe.result), 'result')] : [];
  return define(plan, 'ends', parameters, variables, body);
}

function define(
  plan: Plan,
  what: string,
  parameters: readonly string[],
  variables: readonly string[],
  body: readonly string[],
): string {
  const start = head(`static __always_inline void ${plan.name}_${what}(`, parameters);
  return `${start}\n{\n${block([...variables, '', ...body])}\n}`;
}

/** Variables that recording and the condition need. */
function locals(program: Program, plan: Plan, withCondition: boolean): string[] {
  const { mode, tags } = program;
  return [
    ...(hasKey(program) ? [`struct ${tags.key} key;`] : []),
    ...(mode.kind === 'events' ? [`struct ${ownName(program, plan, tags.record)} *record;`] : []),
    ...(plan.value?.type.signed ? ['__s64 value;'] : []),
    ...(withCondition ? commLocal(plan) : []),
  ];
}

const commLocal = (plan: Plan): string[] => (plan.where?.uses.has('comm') ? ['char comm[16] = {};'] : []);

function condition({ where }: Plan): string[] {
  if (!where || where.kind === 'text') return [];
  const read = where.uses.has('comm') ? ['bpf_get_current_comm(comm, sizeof(comm));'] : [];
  return [...read, `if (!(${where.c}))`, '\treturn;'];
}

/** The statements that record one call. */
function recording(program: Program, plan: Plan): string[] {
  const { mode, several } = program;
  if (mode.kind === 'events') return event(program, plan);
  const keyed = hasKey(program);
  const key = keyed
    ? [
        '__builtin_memset(&key, 0, sizeof(key));',
        ...(several ? [`key.probe = ${plan.name};`] : []),
        ...plan.keys.map(({ name, value }) => assigned(`key.${name}`, value)),
      ]
    : [];
  if (mode.kind === 'stacks') return [...key, ...stack(plan), 'count_call(&key);'];
  if (!isHistogram(program) || !plan.value)
    return keyed ? [...key, 'count_call(&key);'] : ['__sync_fetch_and_add(&calls, 1);'];
  const pass = keyed ? '&key, ' : '';
  if (!plan.value.type.signed) return [...key, `add_value(${pass}${plan.value.c});`];
  const negative = ['if (value < 0) {', '\t__sync_fetch_and_add(&values_negative, 1);', '\treturn;', '}'];
  return [`value = ${plan.value.c};`, ...negative, ...key, `add_value(${pass}value);`];
}

function stack({ probe }: Plan): string[] {
  const lost = '\t__sync_fetch_and_add(&stacks_cut, 1);';
  if (probe.place.kind === 'user-function')
    return ['if (bpfw_get_user_stack(ctx, key.stack, sizeof(key.stack)) < 0)', lost];
  const flags = hasUserStacks(probe) ? 'BPF_F_USER_STACK' : '0';
  return [`if (bpf_get_stack(ctx, key.stack, sizeof(key.stack), ${flags}) < 0)`, lost];
}

function event(program: Program, plan: Plan): string[] {
  const events = ownName(program, plan, 'events');
  return [
    `record = bpf_ringbuf_reserve(&${events}, sizeof(*record), 0);`,
    'if (!record) {',
    `\t__sync_fetch_and_add(&${events}_dropped, 1);`,
    '\treturn;',
    '}',
    'record->ts = bpf_ktime_get_ns();',
    ...plan.columns.map(({ name, value }) => assigned(`record->${name}`, value)),
    'bpf_ringbuf_submit(record, 0);',
  ];
}

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
