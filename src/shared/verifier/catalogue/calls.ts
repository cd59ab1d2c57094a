/** Calls: helpers that a program may use, references, locks, return values. */
import { D_PATH_PLACES } from '../../bpf/attach-helpers';
import type { CatalogueEntry } from './entry';

/** Helpers only for sleepable programs; elsewhere 6.x reports them as unknown (kernel/bpf/helpers.c, bpf_trace.c). */
const SLEEPABLE =
  'copy_from_user|copy_from_user_task|ima_inode_hash|ima_file_hash|sys_bpf|sys_close|btf_find_by_name_kind';

export const CALLS: readonly CatalogueEntry[] = [
  {
    code: 'gpl-only-helper',
    title: 'A helper that only GPL programs may call',
    sentences: [
      /^cannot call (?:GPL-restricted|GPL only) function from (?:non-GPL compatible|proprietary) program/,
      /^(?:Cannot access kernel 'struct \S+' from non-GPL|struct ops programs must have a GPL)/,
    ],
    message: ({ called, groups }) =>
      `bpf_${called ?? groups.helper ?? 'helper'}() may be called only by programs under the GPL, and this one declares another licence.`,
    why: 'Many helpers, including all that read kernel memory or trace, are available only to GPL programs. The licence is the string in the section "license".',
    fix: 'Declare a compatible licence, if it is yours to choose: char LICENSE[] SEC("license") = "GPL"; ("Dual BSD/GPL" and "Dual MIT/GPL" are accepted too).',
    example: {
      wrong: 'char LICENSE[] SEC("license") = "Apache-2.0";',
      right: 'char LICENSE[] SEC("license") = "Dual BSD/GPL";',
    },
  },
  {
    code: 'sleepable-required',
    title: 'A call that may sleep in a program that must not sleep',
    sentences: [
      new RegExp(`^(?:unknown func|program of this type cannot use helper) bpf_(?<helper>${SLEEPABLE})#\\d+`),
      /^helper call might sleep in a non-sleepable prog/,
      /^helper call is not allowed in non-sleepable context/,
      /^sleepable (?:helper|kfunc|kernel func) (?:bpf_)?(?<helper>\w+)#?.* in \S+ region/,
      /^kernel func (?<helper>\w+) is sleepable within/,
      /^program must be sleepable to call sleepable kfunc (?<helper>\w+)/,
    ],
    message: ({ groups, called, section }) => {
      const helper = (groups.helper || called) ?? null;
      return `${helper ? `bpf_${helper}()` : 'This call'} may sleep${section ? `, which a program in ${section} must not` : ', which this program must not'}.`;
    },
    why: 'Some helpers can sleep, such as those that read user memory which may have to be paged in. Programs run in a context where the kernel must not sleep, unless they are declared sleepable and their attach point allows it.',
    fix: 'Use a sleepable section where the attach point allows one (fentry.s/, fexit.s/, uprobe.s/, lsm.s/, iter.s/), or the variant that does not sleep: bpf_probe_read_user() instead of bpf_copy_from_user().',
    example: {
      wrong: 'SEC("uprobe/…")\n… bpf_copy_from_user(dst, len, src);',
      right: 'SEC("uprobe.s/…")\n… bpf_copy_from_user(dst, len, src);',
    },
  },
  {
    code: 'sleepable-not-supported',
    title: 'A sleepable program where it is not allowed',
    sentences: [
      /^Only .* programs can be sleepable/,
      /^Sleepable programs can only use .* maps/,
      /^(?<target>\S+) is not sleepable/,
      /^Syscall programs can only be sleepable/,
    ],
    message: ({ groups, sentence }) =>
      groups.target
        ? `${groups.target}() must not sleep, so sleepable programs cannot attach to it.`
        : `${sentence}.`,
    why: 'Only some program types (fentry, fexit, fmod_ret, LSM, iterators, uprobes) can be sleepable, and only on functions that may sleep themselves and with map types that allow it.',
    fix: 'Remove the “.s” from the section name and use helpers that do not sleep, or choose another function or map type.',
  },
  {
    code: 'helper-not-allowed',
    title: 'A helper that this type of program may not call',
    sentences: [
      /^unknown func bpf_(?<helper>(?!unspec)\w+)#\d+/,
      /^program of this type cannot use helper bpf_(?<helper>\w+)#\d+/,
      // A helper's allowed() decides by the function that the program attaches to (check_helper_call(), kernel/bpf/verifier.c).
      /^helper call is not allowed in (?<attachPoint>probe)/,
      /^func (?:bpf_)?(?<helper>\w+)#\d+ not supported for program type/,
      /^func (?:bpf_)?(?<helper>\w+)#\d+ supported only for/,
      /^cannot get callchain buffer for func (?:bpf_)?(?<helper>\w+)#/,
      /^css_task_iter is only allowed/,
    ],
    message: ({ groups, called, section }) => {
      const where = section ? ` (${section})` : '';
      if (!groups.attachPoint)
        return `bpf_${groups.helper || called || 'helper'}() is not available to programs of this type${where}.`;
      const list = called === 'd_path' ? ` The kernel allows it ${D_PATH_PLACES}.` : '';
      return `bpf_${called || 'helper'}() is not allowed at this attach point${where}; the program type may call it elsewhere.${list}`;
    },
    why: 'Each program type has its own set of allowed helpers. Some also depend on the kernel’s configuration, on CAP_PERFMON, or on the attach point.',
    fix: 'Use another helper or another kind of attach point. bpftool feature probe lists which helpers each program type of this kernel may call.',
  },
  {
    code: 'core-relocation-failed',
    title: 'A field or type that this kernel does not have',
    sentences: [
      /^failed to resolve CO-RE relocation <(?<kind>\w+)> (?:\[\d+\] )?(?<what>(?:struct |union |enum )?[^\s(]+)/,
      /^(?:prog '[^']+': )?relo #\d+: (?:<(?<kind>\w+)> )?(?:\[\d+\] )?(?<what>(?:struct |union |enum )?\S+) .*(?:no matching targets found|not found)/,
      /^invalid func unknown#195896080/,
      /^<invalid CO-RE relocation>/,
    ],
    message: ({ groups }) => {
      const what = (groups.what ?? '').replace(/___\w+(?=\.|$)/, '');
      if (what === '') return 'This kernel does not have the type or field accessed here.';
      const [type, ...fields] = what.split('.');
      return fields.length > 0
        ? `${type} has no field \`${fields.join('.')}\` in this kernel.`
        : `This kernel has no ${what}.`;
    },
    why: 'CO-RE finds types and fields by name in the BTF of the running kernel. An access to a missing one becomes an instruction that the verifier rejects if it is reachable (a call of the function 0xbad2310, printed as unknown#195896080).',
    fix: 'Check before the access: if (bpf_core_field_exists(p->field)) … (bpf_core_type_exists(), bpf_core_enum_value_exists()); the verifier then skips the missing access. For a renamed field declare the old form as struct name___old and read from the one that exists.',
    example: {
      wrong: 'state = BPF_CORE_READ(task, __state);',
      right: 'if (bpf_core_field_exists(task->__state))\n\tstate = BPF_CORE_READ(task, __state);',
    },
  },
  {
    code: 'unknown-helper',
    title: 'A helper that this kernel does not have',
    sentences: [/^invalid func (?<helper>\S+)#(?<number>-?\d+)/, /^unknown func \S*#(?<number>-?\d+)/],
    message: ({ groups }) => `This kernel has no helper number ${groups.number}.`,
    why: 'The program calls a helper that was added in a later kernel version.',
    fix: 'Use a helper that this kernel has, or guard the call: if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_…)) with a fallback.',
  },
  {
    code: 'kfunc-not-allowed',
    title: 'A kernel function that this program may not call',
    sentences: [
      /^calling kernel function (?<helper>\S+) is not allowed/,
      /^cannot call kernel function from non-GPL compatible program/,
      /^kernel function .* is not (?:a function|found)/,
      /^calling (?:kernel function|kfunc) without JIT/,
      /^(?:cannot find address for kernel function|address of kernel function|calling kernel functions? (?:are|is) not allowed|JIT (?:is required for|does not support) calling|failed to find BTF for kernel function|invalid (?:kernel function call|module BTF)|kernel btf_id|kernel function btf_id|acquire kernel function|negative offset disallowed for kernel module|kfunc offset|BTF fd for kfunc|fd_idx without fd_array)/,
      /^kernel function (?<helper>\S+) (?:returns|unhandled)/,
    ],
    message: ({ groups }) =>
      `${groups.helper ? `${groups.helper}()` : 'This kernel function'} may not be called from this program.`,
    why: 'Kernel functions (kfuncs) are registered for certain program types, and only for GPL programs.',
    fix: 'Use a program type for which the function is registered, or a helper that does the same.',
  },
  {
    code: 'unreleased-reference',
    title: 'A reference is never released',
    sentences: [
      /^Unreleased reference id=(?<id>\d+) alloc_insn=(?<insn>\d+)/,
      /(?:tail_call|BPF_EXIT instruction.*|BPF_LD_\[ABS\|IND\]) would lead to reference leak/,
      /^BPF_LD_\[ABS\|IND\] cannot be mixed with socket references/,
    ],
    message: ({ subject, origin }) =>
      origin?.helper.startsWith('ringbuf')
        ? `From here the program can exit without submitting or discarding ${subject('the record it reserved')}.`
        : `From here the program can exit without releasing ${subject('a reference it acquired')}.`,
    why: 'A reserved ring buffer record, a socket or another reference-counted object must be released on every path, including early returns; otherwise the kernel would leak it.',
    fix: 'Release it before each return: bpf_ringbuf_discard(event, 0) (or submit) for a record, bpf_sk_release(sk) for a socket. Better still, check everything before you reserve.',
    example: {
      wrong: 'if (event->pid != target)\n\treturn 0;',
      right: 'if (event->pid != target) {\n\tbpf_ringbuf_discard(event, 0);\n\treturn 0;\n}',
    },
    related: ['acquired', 'path'],
  },
  {
    code: 'reference-not-held',
    title: 'A release of something that is not held',
    sentences: [
      /^R(?<register>\d+) must be referenced when passed to release function/,
      /^(?:release|func) .*(?:expects referenced|reference has not been acquired before)/,
      /^R(?<register>\d+) .*release.*expects/,
      /^(?:allocated object must be referenced|release kernel function \S+ expects|cannot release unowned|kfunc \S+ reference has not been acquired)/,
    ],
    message: facts => `${facts.subject('The released object')} is no longer held, or never was.`,
    why: 'Only an object returned by an acquiring helper may be released, once and through the unmodified pointer.',
    fix: 'Release each object once, through the pointer that the helper returned.',
    related: ['origin'],
  },
  {
    code: 'lock-misuse',
    title: 'A violation of the locking rules',
    sentences: [
      /bpf_spin_(?:un)?lock|while holding a lock|holding the lock|bpf_rcu_read_(?:un)?lock is missing|rcu_read_lock|preempt_enable/,
      /rcu read (?:un)?lock|RCU CS|preempt(?:ion)?[_ ]disable|preempt-disable|preemption|non-preemptible|\birqs?\b|cannot restore irq/,
    ],
    message: ({ sentence }) => `Locking: ${sentence}.`,
    why: 'A lock must be taken only once and released on every path, and only simple instructions are allowed while it is held; on most kernels tracing programs cannot take spin locks at all.',
    fix: 'Compute values before locking, and release before every return and call; for counters use __sync_fetch_and_add() instead of a lock.',
    related: ['path'],
  },
  {
    code: 'return-value-range',
    title: 'A return value that this program type does not allow',
    sentences: [
      /^At (?<where>program exit|callback return|async callback return|subprogram exit) the register R(?<register>\d+) has (?<has>.*?) should have been in (?<range>.*)$/,
      /^At program exit the register R(?<register>\d+) (?:is not a known value|.*)/,
      /^(?:In async callback|At \S+(?: \S+)? (?:exit|return)) the register R\d+ (?:is not a (?:known|scalar) value|has)/,
      /^R0 not a scalar value/,
    ],
    message: ({ groups, section }) =>
      `${section ? `Programs in ${section}` : 'Programs of this type'} may return ${rangeText(groups.range ?? '')}, but the return value is ${resultText(groups.has ?? '')}.`,
    why: 'The kernel interprets a program’s return value, so the verifier checks it: fentry and fexit programs return 0, fmod_ret an error code or 0, XDP and tc programs their verdicts, callbacks of bpf_loop() 0 or 1.',
    fix: 'Return a constant within the range on every path; for tracing programs use 0.',
    example: { wrong: 'return 1;', right: 'return 0;' },
    related: ['path'],
  },
  {
    code: 'invalid-function-arguments',
    title: 'An invalid call of the program’s own function',
    sentences: [
      /^Caller passes invalid args into func#\d+/,
      /^Global function (?<helper>\S+) (?:doesn't|does not) return scalar/,
      /^arg#\d+ (?:of|type)/,
      /^The function (?<helper>\S+) has \d+ arguments/,
      /^func#\d+ (?:arg|@).*(?:invalid|doesn't)/,
      /^arg#\d+ reference type\(.*\) size cannot be determined/,
      /^(?:reg type unsupported for arg#\d+ function|The function \S+ (?:arg\d+ type|has malformed|return type|with variable args)|Function \S+ has \d+ > \d+ args|Global function \S+ with|Invalid type of function)/,
      /^(?:Subprog (?<helper>\S+) doesn't exist|call to invalid destination|\S+ is not a global function|use static function instead)/,
    ],
    message: ({ groups, sentence }) =>
      groups.helper ? `${groups.helper}() cannot be verified on its own: ${sentence}.` : `${sentence}.`,
    why: 'A global function is verified once, for all arguments of its types; a static function is verified for each call.',
    fix: 'Declare the function static, or give it arguments that can be checked on their own (numbers, the context, pointers to structs of known size that it tests for NULL).',
  },
  {
    code: 'tail-call-rule',
    title: 'A tail call that is not allowed here',
    sentences: [
      /^tail_calls? (?:are|is) (?:not allowed|only allowed)/,
      /^tail_call abusing map/,
      /^(?:tracking tail call prog failed|adding tail call poke|cannot tail call within)/,
    ],
    message: ({ sentence }) => `${sentence}.`,
    why: 'Tail calls in programs that also call their own functions need the JIT compiler and some free stack.',
    fix: 'Enable the JIT (sysctl net.core.bpf_jit_enable=1), or inline the functions.',
  },
];

function rangeText(range: string): string {
  const bounds = /^[([](0x[0-9a-f]+|-?\d+)(?:[;,] ?(0x[0-9a-f]+|-?\d+))?[)\]]/.exec(range.trim());
  if (!bounds) return range.trim() || 'certain values only';
  const [low, second] = [number(bounds[1]), number(bounds[2])];
  // 6.7 and earlier print a value and a mask of the bits that may vary, later ones [lowest, highest].
  const high = range.trim().startsWith('(') ? low + (second || 0) : second;
  return high === low || Number.isNaN(high) ? `${low} only` : `${low} to ${high}`;
}

function resultText(has: string): string {
  const constant =
    /value \((0x[0-9a-f]+); 0x0\)/.exec(has)?.[1] ?? /^smin=(-?\d+) smax=\1(?:\s|$)/.exec(has)?.[1];
  if (constant !== undefined) return String(number(constant));
  return /unknown scalar/.test(has) ? 'not known to be one of them' : 'not always one of them';
}

function number(text: string | undefined): number {
  return text === undefined ? Number.NaN : Number(text);
}
