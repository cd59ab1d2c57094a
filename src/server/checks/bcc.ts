/** bcc's dialect of C, and libbpf's equivalents. */

import { closingIndex, splitByComma, type Token, textOf } from '../../shared/c/lexer';
import type { Body, Call } from '../source/bodies';
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

/** Of a ring buffer that replaces a perf buffer, which has these pages on each CPU. */
const RING_PAGES = 64;
const PAGE_BYTES = 4096;

interface BccMap {
  readonly type: string;
  readonly maxEntries: string;
  /** Null: the map has no key. */
  readonly key: string | null;
  readonly value: string | null;
}

/** The map each macro defines from its arguments after the name, with the defaults of bcc's src/cc/export/helpers.h. */
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

/** The map in SEC(".maps") that replaces the macro at this token. */
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
  // At file level a macro invocation is not a call in a function: check the tokens.
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
        yield bccMethod(source, body, call, method[1] ?? '', method[2]);
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

/** A method's replacement: the call to insert (null: more than one call is needed), and the advice. */
interface Replacement {
  readonly call: string | null;
  readonly advice: string;
}

/** From bcc's reference guide, docs/reference_guide.md; a perf buffer is replaced by a ring buffer. */
function replacementOf(map: string, method: string, given: readonly string[]): Replacement {
  const all = given.join(', ');
  const call = (name: string, taken: string | null): Replacement => ({
    call: taken === null ? null : `${name}(${taken})`,
    advice: `call ${name}(${taken ?? `&${map}, ...`})`,
  });
  const when = (count: number, taken: string) => (given.length === count ? taken : null);
  switch (method) {
    case 'lookup':
      return call('bpf_map_lookup_elem', when(1, `&${map}, ${all}`));
    case 'update':
      return call('bpf_map_update_elem', when(2, `&${map}, ${all}, BPF_ANY`));
    case 'insert':
      return call('bpf_map_update_elem', when(2, `&${map}, ${all}, BPF_NOEXIST`));
    case 'delete':
      return call('bpf_map_delete_elem', when(1, `&${map}, ${all}`));
    case 'get_stackid':
      return call('bpf_get_stackid', when(2, `${given[0]}, &${map}, ${given[1]}`));
    case 'perf_submit':
      return call('bpf_ringbuf_output', when(3, `&${map}, ${given.slice(1).join(', ')}, 0`));
    case 'ringbuf_output':
      return call('bpf_ringbuf_output', when(3, `&${map}, ${all}`));
    case 'ringbuf_reserve':
      return call('bpf_ringbuf_reserve', when(1, `&${map}, ${all}, 0`));
    case 'ringbuf_submit':
    case 'ringbuf_discard':
      return call(`bpf_${method}`, when(2, all));
    case 'increment':
    case 'atomic_increment':
      return {
        call: null,
        advice:
          'add to the value from bpf_map_lookup_elem() with __sync_fetch_and_add(), and store the first with bpf_map_update_elem()',
      };
    case 'lookup_or_init':
    case 'lookup_or_try_init':
      return {
        call: null,
        advice:
          'look it up with bpf_map_lookup_elem(); where that returns NULL, store it with bpf_map_update_elem() and look again',
      };
    case 'perf_read':
      return call('bpf_perf_event_read_value', null);
    default:
      return { call: null, advice: 'call the helper that does this, with the address of the map' };
  }
}

function bccMethod(source: ProgramSource, body: Body, call: Call, map: string, method: string): Problem {
  const { nameSpan } = call;
  const given = call.arguments.map(one => {
    const { start, end } = body.span(one);
    return source.text.slice(start, end);
  });
  const { call: written, advice } = replacementOf(map, method, given);
  const name = written?.slice(0, written.indexOf('(')) ?? '';
  return {
    code: 'bcc-construct',
    severity: 'error',
    span: nameSpan,
    message: `Maps have methods in bcc only; with libbpf ${advice}.`,
    fixes:
      written === null
        ? []
        : [
            replaceFix(
              `Use ${name}`,
              { start: nameSpan.start, end: body.span(call.node).end },
              written,
              true,
            ),
          ],
  };
}
