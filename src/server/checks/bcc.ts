/** bcc's own dialect of C, and what libbpf has instead. */
import type { Call } from '../source/bodies';
import { closingIndex, splitByComma, type Token, textOf } from '../source/lexer';
import type { ProgramSource } from '../source/program-source';
import { type Check, type Fix, type Problem, replaceFix } from './problem';

const BCC_MACROS: Readonly<Record<string, string>> = {
  BPF_HASH: 'a map in SEC(".maps") of type BPF_MAP_TYPE_HASH',
  BPF_ARRAY: 'a map in SEC(".maps") of type BPF_MAP_TYPE_ARRAY',
  BPF_PERCPU_ARRAY: 'a map in SEC(".maps") of type BPF_MAP_TYPE_PERCPU_ARRAY',
  BPF_PERCPU_HASH: 'a map in SEC(".maps") of type BPF_MAP_TYPE_PERCPU_HASH',
  BPF_LRU_HASH: 'a map in SEC(".maps") of type BPF_MAP_TYPE_LRU_HASH',
  BPF_TABLE: 'a map in SEC(".maps")',
  BPF_HISTOGRAM: 'an array map of counters in SEC(".maps")',
  BPF_STACK_TRACE: 'a map in SEC(".maps") of type BPF_MAP_TYPE_STACK_TRACE',
  BPF_PERF_OUTPUT: 'a ring buffer map in SEC(".maps")',
  BPF_RINGBUF_OUTPUT: 'a ring buffer map in SEC(".maps")',
  BPF_PERF_ARRAY: 'a map in SEC(".maps") of type BPF_MAP_TYPE_PERF_EVENT_ARRAY',
  BPF_QUEUE: 'a map in SEC(".maps") of type BPF_MAP_TYPE_QUEUE',
  BPF_LPM_TRIE: 'a map in SEC(".maps") of type BPF_MAP_TYPE_LPM_TRIE',
  TRACEPOINT_PROBE: 'SEC("tp/category/name") and a function of its record',
  RAW_TRACEPOINT_PROBE: 'SEC("raw_tp/name") and BPF_PROG()',
  KFUNC_PROBE: 'SEC("fentry/name") and BPF_PROG()',
  KRETFUNC_PROBE: 'SEC("fexit/name") and BPF_PROG()',
  LSM_PROBE: 'SEC("lsm/name") and BPF_PROG()',
  bpf_usdt_readarg: 'SEC("usdt/path:provider:name") and BPF_USDT()',
  bpf_usdt_readarg_p: 'SEC("usdt/path:provider:name") and BPF_USDT()',
};
const BCC_METHODS = new Set(
  'perf_submit perf_submit_skb ringbuf_output ringbuf_reserve ringbuf_submit ringbuf_discard lookup lookup_or_init lookup_or_try_init increment atomic_increment update insert delete get_stackid perf_read'.split(
    ' ',
  ),
);

/** Of a ring buffer that takes the place of a perf buffer, which has its pages on each CPU. */
const RING_PAGES = 64;
const PAGE_BYTES = 4096;

interface BccMap {
  readonly type: string;
  readonly maxEntries: string;
  /** null: the map has none. */
  readonly key: string | null;
  readonly value: string | null;
}

/** What a macro's arguments after the name make, with the defaults of bcc's src/cc/export/helpers.h. */
const BCC_MAPS: Readonly<Record<string, (given: readonly string[]) => BccMap>> = {
  BPF_HASH: given => hash('HASH', given),
  BPF_PERCPU_HASH: given => hash('PERCPU_HASH', given),
  BPF_LRU_HASH: given => hash('LRU_HASH', given),
  BPF_ARRAY: given => array('ARRAY', given),
  BPF_PERCPU_ARRAY: given => array('PERCPU_ARRAY', given),
  BPF_PERF_OUTPUT: () => ring(`${RING_PAGES} * ${PAGE_BYTES}`),
  BPF_RINGBUF_OUTPUT: ([pages = String(RING_PAGES)]) => ring(`${pages} * ${PAGE_BYTES}`),
};

const hash = (
  type: string,
  [key = 'u64', value = 'u64', maxEntries = '10240']: readonly string[],
): BccMap => ({
  type,
  maxEntries,
  key,
  value,
});
const array = (type: string, [value = 'u64', maxEntries = '10240']: readonly string[]): BccMap => ({
  type,
  maxEntries,
  key: 'u32',
  value,
});
const ring = (maxEntries: string): BccMap => ({ type: 'RINGBUF', maxEntries, key: null, value: null });

/** The map in SEC(".maps") that does what the macro at this word did. */
function mapFixes(tokens: readonly Token[], index: number): Fix[] {
  const macro = tokens[index];
  const last = closingIndex(tokens, index + 1);
  const close = tokens[last];
  const make = macro && BCC_MAPS[macro.text];
  if (!macro || !make || close?.text !== ')') return [];
  const [name, ...given] = splitByComma(tokens, index + 2, last).map(({ from, to }) =>
    textOf(tokens, from, to),
  );
  if (name === undefined || !/^\w+$/.test(name)) return [];
  const { type, maxEntries, key, value } = make(given);
  const fields = [
    `__uint(type, BPF_MAP_TYPE_${type})`,
    `__uint(max_entries, ${maxEntries})`,
    ...(key === null ? [] : [`__type(key, ${key})`]),
    ...(value === null ? [] : [`__type(value, ${value})`]),
  ];
  const text = `struct {\n${fields.map(field => `\t${field};\n`).join('')}} ${name} SEC(".maps")`;
  return [replaceFix(`Define the map in SEC(".maps")`, { start: macro.start, end: close.end }, text, true)];
}

export const bccConstructs: Check = function* ({ source }) {
  // At file level a macro's invocation is no call in any function: look at the words.
  const { tokens } = source.lexed;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (token?.kind !== 'name' || tokens[index + 1]?.text !== '(') continue;
    const instead = Object.hasOwn(BCC_MACROS, token.text) ? BCC_MACROS[token.text] : undefined;
    if (instead === undefined || source.declares(token.text) || source.hasUnreadHeaders) continue;
    yield {
      code: 'bcc-construct',
      severity: 'error',
      span: { start: token.start, end: token.end },
      message: `${token.text} is bcc's; with libbpf write ${instead}.`,
      fixes: mapFixes(tokens, index),
    };
  }
  for (const owner of source.definitions) {
    const body = source.body(owner);
    for (const call of body.calls) {
      const method = /^(\w+)\.(\w+)$/.exec(call.name);
      if (
        method?.[2] &&
        BCC_METHODS.has(method[2]) &&
        !source.variable(method[1] ?? '')?.type.isFunctionPointer
      ) {
        yield bccMethod(source, call, method[1] ?? '', method[2]);
      } else if (call.name === 'bpf_trace_printk' && call.arguments[0]?.type === 'string_literal') {
        yield {
          code: 'bcc-construct',
          severity: 'error',
          span: call.nameSpan,
          message: "bcc adds the format's size to bpf_trace_printk(); libbpf's bpf_printk() does the same.",
          fixes: [replaceFix('Use bpf_printk', call.nameSpan, 'bpf_printk', true)],
        };
      }
    }
  }
};

function bccMethod(source: ProgramSource, call: Call, map: string, method: string): Problem {
  const texts = call.arguments.map(one => source.text.slice(one.start, one.end));
  const helper: Readonly<Record<string, string>> = {
    lookup: 'bpf_map_lookup_elem',
    update: 'bpf_map_update_elem',
    delete: 'bpf_map_delete_elem',
    get_stackid: 'bpf_get_stackid',
  };
  const name = helper[method];
  const fixes: Fix[] =
    name && method !== 'get_stackid' && texts.length > 0
      ? [
          replaceFix(
            `Use ${name}`,
            { start: call.nameSpan.start, end: call.nameSpan.end + 1 },
            `${name}(&${map}, `,
            true,
          ),
        ]
      : [];
  return {
    code: 'bcc-construct',
    severity: 'error',
    span: call.nameSpan,
    message: `Maps have methods in bcc only; with libbpf call ${name ?? 'the helper'}(&${map}, ...).`,
    fixes,
  };
}
