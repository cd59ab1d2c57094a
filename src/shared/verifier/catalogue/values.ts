/** Registers and arguments: kinds of values. */
import type { CatalogueEntry } from './entry';

export const VALUES: readonly CatalogueEntry[] = [
  {
    code: 'pointer-arithmetic-forbidden',
    title: 'Arithmetic that this pointer does not allow',
    sentences: [
      /^R(?<register>\d+) pointer arithmetic on (?<type>\S+) prohibited(?<null>, null-check it first)?/,
      /^R(?<register>\d+) pointer (?:arithmetic with )?(?<operator>\S+) (?:operator|pointer) prohibited/,
      /^R(?<register>\d+) bitwise operator (?<operator>\S+) on pointer prohibited/,
      /^R(?<register>\d+) (?:32-bit pointer arithmetic prohibited|tried to subtract pointer from scalar|subtraction from stack pointer prohibited)/,
      /^R(?<register>\d+) pointer comparison prohibited/,
      /^R(?<register>\d+) pointer arithmetic (?:prohibited|of map value goes)/,
      /^R(?<register>\d+) (?:sign-extension part of pointer|bitwise|multiplication)/,
    ],
    message: facts =>
      facts.groups.null
        ? `An offset is added to ${facts.subject('this pointer')} while it may still be NULL.`
        : `${facts.subject('This pointer')} does not allow this arithmetic${facts.groups.operator ? ` (${facts.groups.operator})` : ''}.`,
    why: 'The verifier must know where a pointer points. Adding to a pointer that may be NULL hides the NULL; after multiplying, masking or combining pointers the target is unknown. &p->field is such an addition.',
    fix: 'Check for NULL before taking the address of a field or element; compute with integers first and add them to the pointer last.',
    example: {
      wrong: 'bytes = &counters->bytes;\nif (bytes)\n\t(*bytes)++;',
      right: 'if (counters)\n\tcounters->bytes++;',
    },
    related: ['origin'],
  },
  {
    code: 'modified-pointer',
    title: 'A pointer that no longer points to the start of its object',
    sentences: [
      /^dereference of modified (?<type>\S+) ptr R(?<register>\d+) off=(?<off>-?\d+) disallowed/,
      /^(?:variable|negative offset) (?<type>(?!ctx)\S+) (?:access var_off=|ptr R(?<register>\d+) off=(?<off>-?\d+) disallowed)/,
      /^R(?<register>\d+) doesn't have constant offset\. (?<type>\S+) has to be/,
      /^(?:cannot pass in \S+ at an offset|R(?<register>\d+) must have zero offset)/,
    ],
    message: facts =>
      `${facts.subject('This pointer')} was moved by ${facts.groups.off} bytes; it must be used unmodified.`,
    why: 'Some pointers are accepted only unmodified.',
    fix: 'Keep the original pointer in a separate variable and pass that.',
    related: ['origin'],
  },
  {
    code: 'pointer-leak',
    title: 'A kernel address would be leaked',
    sentences: [
      /^R(?<register>\d+) leaks addr/,
      /^R(?<register>\d+) partial copy of pointer/,
      /^leaking pointer from stack/,
    ],
    message: facts => `${facts.subject('This value')} is an address, which the program must not reveal here.`,
    why: 'Without CAP_PERFMON a program must not reveal kernel addresses, neither through its return value nor a map nor a comparison.',
    fix: 'Store the value that the pointer points to, not the pointer; or load the program with CAP_PERFMON.',
    related: ['origin'],
  },
  {
    code: 'mixed-pointers',
    title: 'One access through different kinds of pointers',
    sentences: [/^same insn cannot be used with different pointers/],
    message: () =>
      'The compiler merged two accesses through different kinds of pointers into one instruction.',
    why: 'The kernel rewrites instructions that read the context when it loads the program, which is impossible when the same instruction also reads another kind of memory.',
    fix: 'Keep the two accesses separate: put asm volatile("") into one branch, or read into variables before the branches join.',
    related: ['path'],
  },
  {
    code: 'uninitialized-register',
    title: 'An uninitialised value',
    sentences: [/^R(?<register>\d+) !read_ok/],
    message: ({ groups, called }) =>
      called
        ? `Argument ${groups.register} of bpf_${called}() is uninitialised on this path.`
        : groups.register === '0'
          ? 'The program has no return value on this path.'
          : 'A variable is uninitialised on this path.',
    why: 'Registers are uninitialised at the start, and so are the argument registers after a call. In C this is an uninitialised variable, a missing return, or a helper called with too few arguments.',
    fix: 'Initialise the variable on every path (int ret = 0;), and end every path with return.',
    example: { wrong: 'int ret;\nreturn ret;', right: 'int ret = 0;\nreturn ret;' },
    related: ['path'],
  },
  {
    code: 'constant-required',
    title: 'A size that must be known at load time',
    sentences: [
      /^R(?<register>\d+) (?:is not|must be) a known (?:constant|value)/,
      /^(?:R(?<register>\d+) rdonly\/rdwr_buf_size exceeds|get_local_storage\(\) doesn't support non-zero flags)/,
    ],
    message: facts =>
      `${facts.subject('This argument')} must be a constant${facts.called ? ` for bpf_${facts.called}()` : ''}.`,
    why: 'The verifier needs some arguments as constants for its later checks, such as the size of a ring buffer record.',
    fix: 'Pass sizeof(…) or a #define. For records of several lengths use bpf_ringbuf_output(), or reserve the largest.',
    example: {
      wrong: 'record = bpf_ringbuf_reserve(&events, length, 0);',
      right: 'record = bpf_ringbuf_reserve(&events, sizeof(*record), 0);',
    },
    related: ['origin'],
  },
  {
    code: 'wrong-map-type',
    title: 'A helper that does not support this map type',
    sentences: [
      /^cannot pass map_type (?<type>\d+) into func (?:bpf_)?(?<helper>\w+)#\d+/,
      /^(?:map_type|trace type programs can only use|perf_event programs can only use) ?(?<preallocated>preallocated|).*hash map/,
      /^(?:no direct value access support for this map type|invalid arg_type for sockmap|bpf_struct_ops map cannot be used in prog|only one cgroup storage|unsupported map type|read from map forbidden|cannot update sockmap|direct value offset|direct value access on string failed|offload device mismatch)/,
    ],
    message: ({ groups }) => `bpf_${groups.helper}() does not support this map type.`,
    why: 'Each helper that takes a map accepts only certain map types: ring buffer helpers a BPF_MAP_TYPE_RINGBUF, bpf_perf_event_output() a BPF_MAP_TYPE_PERF_EVENT_ARRAY, bpf_get_stackid() a BPF_MAP_TYPE_STACK_TRACE.',
    fix: 'Pass another map, or change its type.',
  },
  {
    code: 'wrong-argument-type',
    title: 'An argument of the wrong kind',
    sentences: [
      /^R(?<register>\d+) type=(?<type>\S+) expected=(?<expected>.+)$/,
      /^R(?<register>\d+) is of type (?<type>.+) but (?<expected>.+) is expected/,
      /^R(?<register>\d+) must (?:point to|have|be) (?<expected>.+)/,
      /^(?:arg#\d+|R(?<register>\d+)) (?:pointer type|expected|is) (?<expected>.*)/,
      /^R(?<register>\d+) is (?<type>.+) invalid negative access/,
      /^kernel function (?<helper>\S+) args#(?<argument>\d+) expected pointer to (?<expected>.+?) but R(?<register>\d+) has a pointer to (?<type>.+)$/,
      /^(?:arg#\d+|arg \d+) (?:doesn't point to|expects|struct doesn't have|is an unacquired|pointer type) ?(?<expected>.*)$/,
      /^(?:pointer in R(?<register>\d+) isn't map pointer|expected (?<expected>\S+) or socket|Helper has invalid btf_id in R\d+|Unsupported reg type|string is not zero-terminated|Invalid format string|invalid map_ptr to access)/,
      /^(?:kernel function \S+ args?#\d+ |Unrecognized arg#\d+ type|kfunc \S+ type ID argument|arg\d+ expected pointer to func)(?<expected>.*)$/,
    ],
    message: facts => {
      const argument = facts.called
        ? `Argument ${facts.groups.register} of bpf_${facts.called}()`
        : 'This argument';
      const value = facts.subject('');
      const what = plainType(facts.groups.type ?? '');
      return `${argument}${value === '' ? '' : `, ${value},`} is ${what ?? 'of the wrong kind'}; ${expectation(facts.groups.expected ?? '')} is expected.`;
    },
    why: 'A helper’s arguments must be of the kinds it declares. Memory that it reads or writes through a pointer must be on the program’s stack, in a map or in a record: numbers and other addresses are rejected.',
    fix: 'Copy the value into a local variable and pass its address (&key), and check the order of the arguments.',
    example: {
      wrong: 'bpf_map_delete_elem(&counts, (void *)tid);',
      right: '__u32 key = tid;\nbpf_map_delete_elem(&counts, &key);',
    },
    related: ['origin'],
  },
];

const TYPES: Readonly<Record<string, string>> = {
  scalar: 'a number',
  inv: 'a number',
  fp: 'a pointer to a local variable',
  ctx: 'the context',
  map_ptr: 'a map',
  map_value: 'a pointer into a map',
  pkt: 'a pointer into the packet',
};

function plainType(type: string): string | null {
  return (
    TYPES[type] ?? (/^(?:trusted_|rcu_|untrusted_)?ptr_/.test(type) ? 'a pointer into kernel memory' : null)
  );
}

function expectation(expected: string): string {
  const first = expected.split(',')[0]?.trim() ?? '';
  if (expected.includes(',') && /\bfp\b/.test(expected))
    return 'a pointer to a local variable, map value or record';
  return TYPES[first] ?? (first === '' ? 'another kind of value' : first);
}
