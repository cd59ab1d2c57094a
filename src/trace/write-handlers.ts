/** The functions of one probe: what runs when it is hit, when a call begins, when it ends. */
import { head } from './c-lines';
import { hasUserStacks, type Plan } from './plan';
import {
  assigned,
  cType,
  declared,
  hasKey,
  isFollowed,
  isHistogram,
  keepsTimeOnly,
  ownName,
  type Program,
  parameterName,
  parameterType,
} from './write-parts';

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
