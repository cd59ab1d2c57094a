/** Calls that BPF programs cannot make: libc functions, helpers of other program types or newer kernels. */

import type { SectionKind } from '../../shared/bpf/section-kinds';
import { isWithheld } from '../helpers/helper-programs';
import { sleepableKind, whyNotCallable } from '../helpers/helper-rules';
import type { Body } from '../source/bodies';
import { buildChoices } from '../source/conditionals';
import type { SectionMark, Span } from '../source/model';
import { type Check, type Fix, type Problem, replaceFix } from './problem';

/** User-space functions; clang compiles the call, then libbpf or the verifier rejects it. */
const LIBC: Readonly<Record<string, string>> = {
  printf: 'bpf_printk() writes to the trace pipe; for data send a record through a ring buffer',
  fprintf: 'bpf_printk() writes to the trace pipe',
  puts: 'bpf_printk() writes to the trace pipe',
  printk: 'bpf_printk() writes to the trace pipe',
  sprintf: 'BPF_SNPRINTF() formats (5.13)',
  snprintf: 'BPF_SNPRINTF() formats (5.13)',
  malloc: 'keep big data in a per-CPU array map, or reserve a ring buffer record',
  calloc: 'keep big data in a per-CPU array map',
  realloc: 'keep big data in a per-CPU array map',
  free: 'programs own no heap',
  kmalloc: 'keep big data in a per-CPU array map',
  kfree: 'programs own no heap',
  strlen: 'compare in a bounded loop, or take the length bpf_probe_read_*_str() returns',
  strcpy: 'copy with bpf_probe_read_*_str() or __builtin_memcpy()',
  strncpy: 'copy with bpf_probe_read_*_str() or __builtin_memcpy()',
  strcat: 'copy with bpf_probe_read_*_str() at an offset',
  strcmp: 'bpf_strncmp() compares (5.17), or a bounded loop',
  strncmp: 'bpf_strncmp() compares (5.17), or a bounded loop',
  strstr: 'search in a bounded loop',
  atoi: 'bpf_strtol() parses (5.2, cgroup sysctl programs), or a bounded loop',
  exit: 'return from the program instead',
  abort: 'return from the program instead',
  assert: 'test and return instead',
  sleep: 'programs cannot wait',
  usleep: 'programs cannot wait',
  time: 'bpf_ktime_get_ns() returns the time since boot',
  gettimeofday: 'bpf_ktime_get_ns() returns the time since boot',
  clock_gettime: 'bpf_ktime_get_ns() returns the time since boot',
  getpid: 'bpf_get_current_pid_tgid() >> 32 is the process id',
  gettid: '(__u32)bpf_get_current_pid_tgid() is the thread id',
  rand: 'bpf_get_prandom_u32() returns random numbers',
  random: 'bpf_get_prandom_u32() returns random numbers',
};

/** Guards that check at run time what a kernel has. */
const GUARD =
  /^(LINUX_KERNEL_VERSION|bpf_core_(enum_value|type|field)_exists|bpf_core_type_exists|bpf_ksym_exists)$/;

export const unsupportedCalls: Check = function* ({ source }) {
  let choices: readonly Span[] | null = null;
  /** A file may also be compiled for user space: which parts its build leaves out of BPF is unknown here. */
  const isLeftToBuild = (at: number): boolean => {
    choices ??= buildChoices(source.lexed.tokens);
    return choices.some(({ start, end }) => start <= at && at < end);
  };
  for (const owner of source.definitions) {
    const body = source.body(owner);
    for (const call of body.calls) {
      const advice = Object.hasOwn(LIBC, call.name) ? LIBC[call.name] : undefined;
      if (advice === undefined || source.declares(call.name) || isLeftToBuild(call.nameSpan.start)) continue;
      yield {
        code: 'unsupported-call',
        severity: 'error',
        span: call.nameSpan,
        message: `A BPF program cannot call ${call.name}(): ${advice}.`,
        fixes: ['printf', 'printk'].includes(call.name)
          ? [replaceFix('Use bpf_printk', call.nameSpan, 'bpf_printk', true)]
          : [],
      };
    }
    yield* endlessLoops(body);
  }
};

/** Loops whose condition never fails and that nothing in them leaves. */
function* endlessLoops(body: Body): Generator<Problem> {
  for (const node of body.loops) {
    const condition = node.children.find(child => child.field === 'condition');
    const isEndless =
      (node.type === 'for_statement' && !condition) ||
      ((node.type === 'while_statement' || node.type === 'do_statement') &&
        condition !== undefined &&
        /^\(\s*(1|true)\s*\)$/.test(body.text(condition)));
    if (!isEndless || !node.children.some(child => child.field === 'body')) continue;
    const text = body.text(node);
    if (
      /\b(break|return|goto|cond_break|can_loop|may_goto|bpf_throw|exit|ERROR)\b/.test(text) ||
      /[A-Z_]{4,}\s*\(/.test(text)
    )
      continue;
    const start = body.span(node).start;
    yield {
      code: 'endless-loop',
      severity: 'error',
      span: { start, end: start + (/^\w+/.exec(text)?.[0].length ?? 1) },
      message: 'The verifier refuses a loop that never ends: use a constant bound, or leave it with break.',
      fixes: [],
    };
  }
}

export const helperAvailability: Check = function* ({ source, helpers, kernel, reachedBy }) {
  const isGuarded = new Map<Body, boolean>();
  for (const [owner, programs] of reachedBy) {
    const kinds = new Set([...programs].map(({ kind }) => kind));
    const body = source.body(owner);
    for (const call of body.calls) {
      if (!helpers.has(call.name) || source.declares(call.name)) continue;
      const refusal = firstRefusal(kinds, kind => whyNotCallable(call.name, kind));
      if (refusal) {
        yield {
          code: 'helper-program-type',
          severity: 'error',
          span: call.nameSpan,
          message: `${refusal.kind.name} programs cannot call ${call.name}(): ${refusal.why}.`,
          fixes: sleepableFixes(owner.section, refusal.kind, call.name),
        };
        continue;
      }
      const types = kernel?.types;
      if (!types) continue;
      const isMissing = types.hasHelper(call.name) === false;
      const withheld = firstRefusal(kinds, kind =>
        isWithheld(call.name, kind, types) ? 'the target kernel does not let them' : null,
      );
      if (!isMissing && !withheld) continue;
      let guarded = isGuarded.get(body);
      if (guarded === undefined) {
        guarded = [...body.identifiers].some(name => GUARD.test(name));
        isGuarded.set(body, guarded);
      }
      if (guarded) continue;
      if (!isMissing && withheld) {
        yield {
          code: 'helper-program-type',
          severity: 'warning',
          span: call.nameSpan,
          message: `${withheld.kind.name} programs cannot call ${call.name}() here: ${withheld.why}.`,
          fixes: [],
        };
        continue;
      }
      yield {
        code: 'helper-newer',
        severity: 'warning',
        span: call.nameSpan,
        message: `The target kernel does not have ${call.name}() yet: it is not in its enum bpf_func_id. Guard it with bpf_core_enum_value_exists(enum bpf_func_id, ${call.name.replace(/^bpf_/, 'BPF_FUNC_')}).`,
        fixes: [],
      };
    }
  }
};

/** If the program could be sleepable and then call the helper: `fentry` becomes `fentry.s`. */
function sleepableFixes(section: SectionMark | null, kind: SectionKind, helper: string): Fix[] {
  const sleepable = sleepableKind(kind);
  if (!section || section.isPartial || !sleepable || whyNotCallable(helper, sleepable) !== null) return [];
  const start = section.nameSpan.start + section.name.indexOf(kind.name);
  const span = { start, end: start + kind.name.length };
  return [replaceFix(`Let the program sleep: ${sleepable.name}`, span, sleepable.name, true)];
}

/** A function shared by programs is reported only if every program that reaches it is rejected: others may never get there. */
function firstRefusal(
  kinds: ReadonlySet<SectionKind>,
  whyNot: (kind: SectionKind) => string | null,
): { kind: SectionKind; why: string } | null {
  let first: { kind: SectionKind; why: string } | null = null;
  for (const kind of kinds) {
    const why = whyNot(kind);
    if (why === null) return null;
    first ??= { kind, why };
  }
  return first;
}
