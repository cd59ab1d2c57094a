/** Objects of the kernel that programs hold: kptrs, dynptrs, iterators, timers, callbacks, nodes of lists and trees. */
import type { CatalogueEntry } from './entry';

export const OBJECTS: readonly CatalogueEntry[] = [
  {
    code: 'verifier-bug',
    title: 'A fault of the kernel’s verifier',
    sentences: [
      /^(?:verifier (?:bug|internal error|BUG|backtracking bug|insn history bug)|BUG |BUG: |Verifier bug|bpf verifier (?:is misconfigured|narrow)|kernel subsystem misconfigured|REG INVARIANTS VIOLATION|backtracing misuse|insn state internal bug|pop stack internal bug|bug: )/,
    ],
    message: ({ sentence }) => `The kernel’s verifier contradicts itself here: ${sentence}.`,
    why: 'The kernel found a state that its own rules exclude. The program may be right.',
    fix: 'Try a newer kernel, and write the code around this line in another way; report it to bpf@vger.kernel.org with the program.',
    related: ['path'],
  },
  {
    code: 'kptr-misuse',
    title: 'A pointer in a map (kptr) that is used in another way than it was declared',
    sentences: [
      /^map '(?<map>[^']+)' (?:has no valid kptr|has more than \d+ kptr|has repeating kptr BTF tags|has to have BTF in order to use bpf_kptr_xchg)/,
      /^R(?<register>\d+) (?:has no valid kptr|doesn't have constant offset\. kptr)/,
      /^(?:invalid kptr access, R(?<register>\d+)|kptr (?:access|in map|cannot)|off=\d+ (?:doesn't point to kptr|kptr isn't)|store to referenced kptr|BPF_ST imm must be 0 when storing to kptr)/,
    ],
    message: ({ groups, sentence }) =>
      groups.map
        ? `The values of the map \`${groups.map}\` have no kernel pointer (kptr) that can be used here.`
        : `A kernel pointer in a map is used in a way that the kernel does not allow: ${sentence}.`,
    why: 'A map value keeps a pointer of the kernel’s only in a member declared with __kptr or __kptr_untrusted and the pointer’s exact type; it is read and written whole, and a referenced one is exchanged with bpf_kptr_xchg().',
    fix: 'Declare the member with its tag (struct task_struct __kptr *task;) in a struct that the map’s __type(value, …) names, and change it with bpf_kptr_xchg() only.',
    related: ['origin'],
  },
  {
    code: 'dynptr-misuse',
    title: 'A dynptr that is not used as one',
    sentences: [/dynptr/i],
    message: ({ sentence }) => `A dynptr is not used as the kernel expects: ${sentence}.`,
    why: 'A dynptr is initialised once, lives on the stack at a constant offset, is only changed by helpers, and the slices taken from it become invalid when it is released or its data moves.',
    fix: 'Initialise each struct bpf_dynptr with one call (bpf_dynptr_from_mem(), bpf_ringbuf_reserve_dynptr()…), pass its own address, and submit or discard a reserved one on every path.',
    related: ['path'],
  },
  {
    code: 'iterator-misuse',
    title: 'An open-coded iterator that is not used as one',
    sentences: [
      /^(?:expected (?:an )?(?:un)?initialized iter_|expected valid iter pointer|arg#\d+ expected pointer to an iterator)/,
    ],
    message: ({ sentence }) => `An iterator is not used as the kernel expects: ${sentence}.`,
    why: 'bpf_iter_…_new() initialises an iterator on the stack, …_next() returns an element or NULL, and …_destroy() must follow on every path.',
    fix: 'Use bpf_for(), bpf_for_each() or bpf_repeat(), which call all three; do not copy the iterator.',
    related: ['path'],
  },
  {
    code: 'timer-misuse',
    title: 'A timer or work queue that is not used as one',
    sentences: [/bpf_timer|bpf_wq|^(?:timer|workqueue) pointer in R\d+/],
    message: ({ sentence }) => `A timer or work queue is not used as the kernel expects: ${sentence}.`,
    why: 'struct bpf_timer and struct bpf_wq are members of a map value that BTF describes, once for each value; only their helpers touch them, with the map that they are in.',
    fix: 'Declare the member in the struct of the map’s value, pass its address and that same map to bpf_timer_init(), and keep it at a constant offset. Tracing programs of older kernels may not use timers.',
    related: ['origin'],
  },
  {
    code: 'callback-misuse',
    title: 'A callback that the kernel does not accept',
    sentences: [
      /callback|^can't spin_|exception cb|^bpf_throw|^cannot use BPF_LD_\[ABS\|IND\] within callback/,
    ],
    message: ({ sentence }) => `A callback is not used as the kernel expects: ${sentence}.`,
    why: 'Helpers such as bpf_loop() and bpf_for_each_map_elem() call a static function of the program with arguments of their own; what it may call and return is restricted, and on most kernels it needs the JIT compiler.',
    fix: 'Pass a static function with exactly the helper’s parameters that returns 0 or 1, and check that net.core.bpf_jit_enable is 1.',
  },
  {
    code: 'graph-node-misuse',
    title: 'A node of a list or tree that is not used as one',
    sentences: [
      /bpf_list_head|bpf_list_node|bpf_rb_|rbtree|owning ref|held lock and object|^operation on \S+ expects arg#1|allocated object|^bpf_(?:percpu_)?obj_(?:new|drop)|^local type ID argument/,
    ],
    message: ({ sentence }) =>
      `A list, tree or allocated object is not used as the kernel expects: ${sentence}.`,
    why: 'Objects of bpf_obj_new() belong to the program until they are added to a list or tree under its lock or dropped; after that only references that the lock protects remain.',
    fix: 'Hold the bpf_spin_lock that is in the same map value as the head, and use no reference after the object was added, dropped or the lock released.',
    related: ['acquired', 'path'],
  },
  {
    code: 'map-struct-access',
    title: 'The map itself is accessed instead of an entry',
    sentences: [
      /^only read from (?<struct>bpf_\w+) is supported/,
      /^access beyond struct (?<struct>bpf_(?:map|array|htab|hash|ringbuf|stack_map|lpm_trie|queue_stack)\w*) at off/,
      /^cannot access ptr member \S+ with moff \d+ in struct (?<struct>bpf_(?:map|array|htab|ringbuf|stack_map))/,
      /^map_ptr access not supported/,
    ],
    message: () => 'This reads or writes the map itself (the kernel’s struct), not an entry of it.',
    why: 'The name of a map in C stands for the kernel’s own description of the map. Its entries are reached only through a lookup.',
    fix: 'Look the entry up and use what is returned: value = bpf_map_lookup_elem(&map, &key); if (value) value->field = …; and pass &map only to helpers that want a map.',
    example: {
      wrong: '__sync_fetch_and_add((__u64 *)&counts, 1);',
      right: 'value = bpf_map_lookup_elem(&counts, &key);\nif (value)\n\t__sync_fetch_and_add(value, 1);',
    },
    related: ['origin'],
  },
  {
    code: 'stack-pointer-escapes',
    title: 'An address of a local variable leaves its function',
    sentences: [
      /^cannot return stack pointer to the caller/,
      /^cannot spill pointers to stack into stack frame of the caller/,
    ],
    message: () =>
      'The address of a local variable is handed to the calling function, where the variable no longer exists.',
    why: 'Each function of a program has its own stack, which ends with it.',
    fix: 'Let the caller own the variable and pass its address down, or return the value.',
  },
];
