/** The parts of a program that all its probes share: types, maps, counters and the functions that fill them. */
import { literal, variableName } from './c-text';
import type { Checked } from './check-expression';
import { type Column, hasUserStacks, type Mode, type Plan } from './plan';
import type { Offered } from './probe';
import type { ValueType } from './value-type';

/** Names of structs that the kernel does not have. */
export interface Tags {
  readonly key: string;
  readonly record: string;
  readonly call: string;
  readonly counted: string;
  readonly slots: string;
  readonly probe: string;
}

export interface Program {
  readonly plans: readonly Plan[];
  readonly mode: Mode;
  readonly tags: Tags;
  /** With several probes, the key begins with which one it was. */
  readonly several: boolean;
}

export const hasKey = ({ plans, mode, several }: Program): boolean =>
  mode.kind === 'stacks' ||
  (mode.kind !== 'events' && (several || plans.some(({ keys }) => keys.length > 0)));

export const isHistogram = ({ mode }: Program): boolean => mode.kind === 'latency' || mode.kind === 'hist';

/** What is kept from the beginning of a call to its end. */
export const isFollowed = ({ timed, kept }: Plan): boolean => timed || kept.length > 0;

/** Nothing but the time: it needs no struct. */
export const keepsTimeOnly = ({ timed, kept }: Plan): boolean => timed && kept.length === 0;

/** The name of something of which each probe has its own. */
export const ownName = ({ several }: Program, plan: Plan, name: string): string =>
  several ? `${plan.name}_${name}` : name;

/** "struct file *file", "size_t count". */
export const declared = (c: string, name: string): string => `${c}${c.endsWith('*') ? '' : ' '}${name}`;

/** How an argument is passed to a handler. */
export function parameterType({ type, isText }: Offered): string {
  if (isText || type?.kind === 'text') return 'const char *';
  return cType(type);
}

export const cType = (type: ValueType | null): string =>
  type?.kind === 'integer' || type?.kind === 'pointer' ? type.c : '__u64';

function member({ name, value }: Column): string {
  if (value.kind === 'text') return `\tchar ${name}[${value.bytes}];`;
  return `\t${value.kind === 'integer' ? value.column : 'bpfw_hex'} ${name};`;
}

const struct = (tag: string, members: readonly string[]): string =>
  `struct ${tag} {\n${members.join('\n')}\n};`;

/** The statement that sets a member to a column's value. */
export function assigned(target: string, value: Checked): string {
  if (value.kind === 'text') return value.read(target);
  return value.kind === 'pointer' ? `${target} = (__u64)${value.c};` : `${target} = ${value.c};`;
}

export function constants(program: Program): string {
  const lines = [
    hasKey(program) ? '#define MAX_KEYS 10240' : '',
    program.plans.some(isFollowed) ? '#define MAX_CALLS 16384 /* threads inside at one time */' : '',
    program.mode.kind === 'events' ? '#define RING_BYTES (1024 * 1024)' : '',
    program.mode.kind === 'stacks' ? '#define MAX_DEPTH 32' : '',
  ];
  return lines.filter(line => line !== '').join('\n');
}

export function types(program: Program): string[] {
  const { plans, tags, several, mode } = program;
  const parts: string[] = [];
  const [first] = plans;
  if (hasKey(program)) {
    if (several) parts.push(`enum ${tags.probe} {\n${plans.map(({ name }) => `\t${name},`).join('\n')}\n};`);
    const stack = first && hasUserStacks(first.probe) ? 'bpfw_usym' : 'bpfw_ksym';
    parts.push(
      struct(tags.key, [
        ...(several ? [`\tenum ${tags.probe} probe;`] : []),
        ...(first?.keys ?? []).map(member),
        ...(mode.kind === 'stacks'
          ? [`\t${stack} stack[MAX_DEPTH]; /* innermost frame first; zero behind the outermost */`]
          : []),
      ]),
      isHistogram(program)
        ? struct(tags.slots, ['\tbpfw_slot slots[BPFW_SLOTS];'])
        : struct(tags.counted, ['\tbpfw_count calls;']),
    );
  }
  for (const plan of plans) {
    if (mode.kind === 'events')
      parts.push(
        struct(ownName(program, plan, tags.record), [
          '\tbpfw_timestamp ts BPFW_LABEL("time");',
          ...plan.columns.map(member),
        ]),
      );
    if (isFollowed(plan) && !keepsTimeOnly(plan))
      parts.push(
        struct(ownName(program, plan, tags.call), [
          ...(plan.timed ? ['\tbpfw_timestamp began;'] : []),
          ...plan.kept.map(offer => `\t${declared(parameterType(offer), parameterName(offer))};`),
        ]),
      );
  }
  return parts;
}

export function parameters({ plans }: Program): string[] {
  const lines = ['const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;'];
  const [user] = plans.flatMap(({ probe }) => (probe.place.kind === 'user-function' ? [probe.place] : []));
  if (user)
    lines.push(
      `const volatile char target_file[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") =\n\t${literal(user.file)};`,
    );
  for (const plan of plans) {
    const { place } = plan.probe;
    if (place.kind === 'user-function')
      lines.push(
        `const volatile char ${functionParameter(plan)}[256] BPFW_LABEL("Function") BPFW_ROLE("function") =\n\t${literal(place.name)};`,
      );
  }
  return [lines.join('\n')];
}

export const functionParameter = ({ name }: Plan): string => `target_function_${name}`;

const map = (name: string, type: string, entries: string, key: string, value: string, tags: string): string =>
  `struct {
	__uint(type, BPF_MAP_TYPE_${type});
	__uint(max_entries, ${entries});
	__type(key, ${key});
	__type(value, ${value});
} ${name} SEC(".maps")${tags};`;

export function maps(program: Program): string[] {
  const { plans, tags, mode } = program;
  const parts: string[] = [];
  const counters: string[] = [];
  const label = plans.map(({ probe }) => probe.label).join(', ');
  const keyed = hasKey(program);
  for (const plan of plans) {
    const call = ownName(program, plan, tags.call);
    if (isFollowed(plan))
      parts.push(
        `/* Calls that have begun, by thread: of calls within calls, only the innermost is followed. */\n${map(ownName(program, plan, 'started'), 'HASH', 'MAX_CALLS', 'bpfw_tid', keepsTimeOnly(plan) ? 'bpfw_timestamp' : `struct ${call}`, ' BPFW_HIDDEN')}`,
      );
    if (mode.kind !== 'events') continue;
    const events = ownName(program, plan, 'events');
    parts.push(
      `BPFW_RINGBUF(${events}, struct ${ownName(program, plan, tags.record)}, RING_BYTES);\nBPFW_DROPS(${events});`,
    );
  }
  if (isHistogram(program)) {
    const what =
      mode.kind === 'latency' ? `${label} latency` : mode.kind === 'hist' ? `${label} ${mode.of}` : '';
    const tagsOf = ` BPFW_LABEL(${literal(what)})\n\tBPFW_LOG2("${unitOf(plans)}")`;
    parts.push(
      keyed
        ? map('dist', 'HASH', 'MAX_KEYS', `struct ${tags.key}`, `struct ${tags.slots}`, tagsOf)
        : map('dist', 'ARRAY', 'BPFW_SLOTS', '__u32', 'bpfw_slot', tagsOf),
    );
    if (plans.some(({ value }) => value?.type.signed))
      counters.push('__u64 values_negative BPFW_LABEL("Negative values, not in the histogram");');
  } else if (keyed) {
    const name = mode.kind === 'stacks' ? 'stacks' : 'counts';
    parts.push(
      map(
        name,
        'HASH',
        'MAX_KEYS',
        `struct ${tags.key}`,
        `struct ${tags.counted}`,
        ` BPFW_LABEL(${literal(`${label} calls`)})`,
      ),
    );
  } else if (mode.kind === 'count') counters.push(`__u64 calls BPFW_LABEL(${literal(`${label} calls`)});`);
  if (keyed) counters.push('__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");');
  if (mode.kind === 'stacks')
    counters.push('__u64 stacks_cut BPFW_LABEL("Calls whose stack could not be walked");');
  if (plans.some(isFollowed)) counters.push('__u64 calls_missed BPFW_LABEL("Calls not followed");');
  return [...parts, counters.join('\n')].filter(part => part !== '');
}

/** Of a histogram: that of the time, or unknown. */
const unitOf = ([first]: readonly Plan[]): string => (first?.value?.column === 'bpfw_ns' ? 'ns' : '');

/** The variable that has an argument's or field's value. */
export const parameterName = ({ name }: Offered): string => variableName(name);

/** The functions that all handlers call. */
export function fillers(program: Program): string[] {
  const { tags } = program;
  const key = `const struct ${tags.key} *key`;
  const find = (map: string, variable: string) => `	if (!${variable}) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&${map}, key, &none, BPF_NOEXIST);
		${variable} = bpf_map_lookup_elem(&${map}, key);
	}
	if (!${variable}) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}`;
  if (isHistogram(program)) {
    return hasKey(program)
      ? [
          `/* Too large for the stack. */
static const struct ${tags.slots} none;

static __always_inline void add_value(${key}, __u64 value)
{
	struct ${tags.slots} *found = bpf_map_lookup_elem(&dist, key);

${find('dist', 'found')}
	__sync_fetch_and_add(&found->slots[bpfw_log2_slot(value)], 1);
}`,
        ]
      : [
          `static __always_inline void add_value(__u64 value)
{
	__u32 slot = bpfw_log2_slot(value);
	bpfw_slot *count = bpf_map_lookup_elem(&dist, &slot);

	if (count)
		__sync_fetch_and_add(count, 1);
}`,
        ];
  }
  if (!hasKey(program)) return [];
  const map = program.mode.kind === 'stacks' ? 'stacks' : 'counts';
  return [
    `static __always_inline void count_call(${key})
{
	struct ${tags.counted} *found = bpf_map_lookup_elem(&${map}, key), none = {};

${find(map, 'found')}
	__sync_fetch_and_add(&found->calls, 1);
}`,
  ];
}
