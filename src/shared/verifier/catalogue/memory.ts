/** Memory: pointers that may be NULL, bounds, the stack, alignment, access rights. */
import { wrappedSyscall } from '../../bpf/syscall-wrappers';
import { quoted } from '../../c/line-names';
import type { CatalogueEntry, Facts } from './entry';

export const MEMORY: readonly CatalogueEntry[] = [
  {
    code: 'unchecked-map-value',
    title: 'A map entry is used without a NULL check',
    sentences: [
      /^R(?<register>\d+) invalid mem access '(?:map_value_or_null|.*map_value_or_null.*)'/,
      /^R(?<register>\d+) type=map_value_or_null expected=/,
    ],
    message: facts => {
      const map = facts.origin?.map;
      return `${facts.subject('this pointer')} may be NULL here: ${map ? `the map ${quoted(map)}` : 'the map'} may not contain the key.`;
    },
    why: 'A lookup returns NULL when the key is not in the map, and the verifier also follows that case. This applies to array maps too: the index may be too large.',
    fix: 'Return or skip the access when the pointer is NULL.',
    example: {
      wrong: 'calls = bpf_map_lookup_elem(&counts, &tid);\n*calls += 1;',
      right: 'calls = bpf_map_lookup_elem(&counts, &tid);\nif (!calls)\n\treturn 0;\n*calls += 1;',
    },
    related: ['origin'],
  },
  {
    code: 'unchecked-pointer',
    title: 'A pointer that may be NULL is used without a NULL check',
    sentences: [
      /^R(?<register>\d+) invalid mem access '(?<type>[^']*_or_null[^']*)'/,
      /^R(?<register>\d+) type=(?<type>\S*_or_null) expected=/,
      /^(?:Possibly NULL pointer passed to (?:trusted |helper )?arg\d+|R(?<register>\d+) .*may be null)/i,
    ],
    message: facts => {
      const from = facts.origin ? `: bpf_${facts.origin.helper}() returns NULL when it fails` : '';
      return `${facts.subject('this pointer')} may be NULL here${from}.`;
    },
    why: 'The function that returned this pointer may return NULL (no space in the ring buffer, no such object), and the verifier also follows that case.',
    fix: 'Check the pointer right after the call, and use it only where it is not NULL.',
    example: {
      wrong: 'event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);\nevent->pid = pid;',
      right:
        'event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);\nif (!event)\n\treturn 0;\nevent->pid = pid;',
    },
    related: ['origin'],
  },
  {
    code: 'invalid-memory-access',
    title: 'Memory that the program may not access directly',
    sentences: [
      /^R(?<register>\d+) invalid mem access '(?<type>[^']*)'/,
      /^R(?<register>\d+) is ptr_\S+ access user memory/,
    ],
    message: facts =>
      /^(?:scalar|inv)/.test(facts.groups.type ?? '')
        ? `${facts.subject('this value')} is only a number to the verifier: it cannot be dereferenced.`
        : `${facts.subject('this pointer')} cannot be dereferenced directly.`,
    why: 'In kprobes, uprobes and raw tracepoints the arguments are numbers to the verifier, and so is every pointer read from kernel or user memory: dereferencing one could fault.',
    fix: 'Read kernel memory with BPF_CORE_READ() or bpf_probe_read_kernel(), user memory with bpf_probe_read_user(). Arguments of fentry, fexit and tp_btf programs are typed and can be dereferenced.',
    example: { wrong: 'flags = file->f_flags;', right: 'flags = BPF_CORE_READ(file, f_flags);' },
    related: ['origin'],
  },
  {
    code: 'negative-size',
    title: 'A length or index that may be negative',
    sentences: [/^R(?<register>\d+) min value is negative/],
    message: facts =>
      `${facts.index(facts.subject('this length or index'))} may be negative here${facts.errorOf ? `: ${facts.errorOf}() returns a negative errno when it fails` : ''}.`,
    why: 'A negative number is a huge length, or an address before the start of the memory. An upper bound of a signed variable does not limit it below.',
    fix: 'Make the variable unsigned (__u32), or mask it (n &= SIZE - 1), or also test for < 0, right before the use.',
    fixFor: ({ errorOf }) => (errorOf ? errorFix(errorOf) : null),
    example: {
      wrong: 'int n = wanted;\nif (n > 64)\n\tn = 64;',
      right: '__u32 n = wanted;\nif (n > 64)\n\tn = 64;',
    },
    related: ['index', 'tests'],
  },
  {
    code: 'unbounded-memory-access',
    title: 'A length or index without a limit',
    sentences: [
      /^R(?<register>\d+) unbounded memory access/,
      /^math between \S+ pointer and register with unbounded min value is not allowed/,
      /^value -?\d+ makes \S+ pointer be out of bounds/,
      /^(?:R(?<register>\d+) )?\S+ pointer offset -?\d+ is not allowed/,
      /^R(?<register>\d+) has unknown scalar with mixed signed bounds/,
      /^R(?<register>\d+) invalid variable buffer offset/,
    ],
    message: facts =>
      `The verifier knows no limit of ${facts.index(facts.subject('this index or length'))} here.`,
    why: 'The verifier must know the largest value an index or a length can have. It tracks comparisons and masks only in the register that is used: a limit is lost when the compiler tests another copy of the variable, tests it before it gets its final value, or when the value was stored in memory that others can change in between.',
    fix: 'Limit the value right before the use: mask it (slot &= SLOTS - 1), or clamp it (if (slot >= SLOTS) slot = SLOTS - 1). If the compiler still moves the test, put asm volatile("" : "+r"(slot)) before the test.',
    fixFor: ({ errorOf }) => (errorOf ? errorFix(errorOf) : null),
    example: {
      wrong: 'slot = v ? log2(v) + 1 : 0;\nif (slot < SLOTS)\n\tslots[slot]++;',
      right: 'slot = v ? log2(v) + 1 : 0;\nif (slot >= SLOTS)\n\tslot = SLOTS - 1;\nslots[slot]++;',
    },
    related: ['index', 'tests', 'origin'],
  },
  {
    code: 'pointer-offset-too-large',
    title: 'A constant that moves a pointer too far',
    sentences: [/^math between (?<type>\S+) pointer and (?<amount>-?\d+) is not allowed/],
    message: facts =>
      `${facts.subject('This pointer')} would be moved by ${facts.groups.amount} bytes; the kernel allows less than 536,870,912 (1 << 29).`,
    why: 'On this path the number that is added is known, and it is far outside any object. Such numbers come from an unsigned subtraction that wraps around, or from a negative error code that was stored in an unsigned variable.',
    fix: 'Test the number before it is added: if (n < 0 || n >= sizeof(buf)) return 0; with a signed variable for results of helpers. A mask would hide the error.',
    fixFor: ({ errorOf }) => (errorOf ? errorFix(errorOf) : null),
    example: {
      wrong: '__u32 n = bpf_probe_read_kernel_str(buf, sizeof(buf), name);\nbuf[n] = 0;',
      right:
        'long n = bpf_probe_read_kernel_str(buf, sizeof(buf), name);\nif (n < 0 || n >= sizeof(buf))\n\treturn 0;\nbuf[n] = 0;',
    },
    related: ['index', 'tests', 'origin'],
  },
  {
    code: 'out-of-bounds-access',
    title: 'An access beyond the end of its memory',
    sentences: [
      /^invalid access to (?<what>map value|map key|memory), (?:value_size|key_size|mem_size)=(?<limit>\d+) off=(?<off>-?\d+) size=(?<size>\d+)/,
      /^R(?<register>\d+) (?:max|min) value is outside of the (?:allowed memory|array) range/,
      /^R(?<register>\d+) invalid \S+ buffer access/,
      /^invalid access to map value pointer, value_size=(?<limit>\d+) off=(?<off>\d+)/,
      /^arg#\d+ arg#\d+ memory, len pair leads to invalid memory access/,
    ],
    message: ({ groups, index }) =>
      groups.size
        ? `With ${index('this offset')} this accesses ${bytes(groups.size)} at offset ${groups.off} of ${groups.what === 'memory' ? 'memory' : `a ${groups.what}`} of ${bytes(groups.limit ?? '')}.`
        : `${index('The offset')} can be outside the accessed memory.`,
    why: 'The largest (or smallest) possible offset that the verifier computed is outside the map value, record or buffer. Often the test is off by one: <= instead of <.',
    fix: 'Limit the index to the valid range: if (slot < SLOTS), not <=. If the expression has a size, limit it to the total minus that size.',
    fixFor: ({ errorOf }) => (errorOf ? errorFix(errorOf) : null),
    example: {
      wrong: 'if (slot <= SLOTS)\n\tall->slots[slot]++;',
      right: 'if (slot < SLOTS)\n\tall->slots[slot]++;',
    },
    related: ['index', 'tests', 'origin'],
  },
  {
    code: 'zero-sized-access',
    title: 'A length that may be zero',
    sentences: [/^R(?<register>\d+) invalid zero-sized read/, /^invalid zero-sized read/],
    message: facts =>
      `${facts.index(facts.subject('This length'))} may be 0 here, which this helper does not accept.`,
    why: 'Helpers that need at least one byte reject a length whose range includes 0.',
    fix: 'Skip the call when the length is 0, or pass a constant length.',
    related: ['index', 'tests'],
  },
  {
    code: 'invalid-stack-read',
    title: 'A read of uninitialised stack memory',
    sentences: [
      /^invalid (?:indirect )?read from stack (?:R(?<register>\d+) )?(?:off -?\d+\+(?<byte>\d+)|var_off \S+) size (?<size>\d+)/,
      /^invalid (?:indirect )?read from stack/,
      /^potential read past the end of stack/,
    ],
    message: facts =>
      facts.called
        ? `bpf_${facts.called}() would read ${facts.unwritten ?? `bytes of ${facts.subject('a local variable')}`}, which ${facts.unwritten?.startsWith('`') ? 'was' : 'were'} never initialised.`
        : `This reads bytes of ${facts.subject('a local variable')} that were never initialised.`,
    why: 'Data passed to a helper or map must be initialised completely: all fields, and the padding between and after them. Stale stack contents would leak kernel data, and make equal keys differ.',
    fix: 'Initialise with zeros: struct key key = {}; or, where padding matters, __builtin_memset(&key, 0, sizeof(key)).',
    example: { wrong: 'struct key key;\nkey.pid = pid;', right: 'struct key key = {};\nkey.pid = pid;' },
    related: ['path'],
  },
  {
    code: 'stack-out-of-bounds',
    title: 'An access outside a local variable',
    sentences: [
      /^invalid(?: unbounded)?(?: variable-offset)?(?: write to| read from| indirect access to| access to)? stack R(?<register>\d+)(?: off=(?<off>-?\d+) size=(?<size>\d+))?/,
      /^invalid stack (?:off|type)/,
      /^R(?<register>\d+) variable stack access prohibited/,
      /^(?:R\d+ (?:variable offset stack access|stack pointer arithmetic goes out)|variable offset stack pointer cannot be passed)/,
      /^invalid(?: unbounded)? variable-offset.* stack R(?<register>\d+)/,
    ],
    message: facts => {
      const { off, size } = facts.groups;
      // A constant offset below the top of the stack: the size is the cause, not an index.
      const room = off === undefined ? 0 : -Number(off);
      if (room > 0 && Number(size) > room)
        return `This accesses ${size} bytes of a local variable where only ${room} bytes of the stack are left.`;
      return `${facts.index('This offset')} can be outside the local variable, beyond the stack.`;
    },
    why: 'A BPF program has 512 bytes of stack. The offset that the verifier computed can be outside it: an index is not limited to its array, or a size is larger than the variable.',
    fix: 'Limit the index to the array right before the use (if (i < sizeof(buf))), pass the size of the variable itself (sizeof(buf)), or keep big arrays in a per-CPU array map.',
    related: ['index', 'tests'],
  },
  {
    code: 'stack-too-large',
    title: 'More than 512 bytes of stack',
    sentences: [
      /^combined stack size of (?<calls>\d+) calls is (?<size>\d+)\. Too large/,
      /^stack (?:size|depth) .*(?:too large|exceeds)/i,
    ],
    message: ({ groups }) =>
      groups.size
        ? `The functions along one chain of ${groups.calls} calls need ${groups.size} bytes of stack in total; the limit is 512.`
        : 'The program needs more than 512 bytes of stack.',
    why: 'A program and all functions it calls share a stack of 512 bytes (256 when tail calls are also used).',
    fix: 'Keep large buffers in a per-CPU array map with one entry, or shrink them.',
  },
  {
    code: 'corrupted-spill',
    title: 'A partial write or read of a pointer on the stack',
    sentences: [
      /^attempt to corrupt spilled pointer on stack/,
      /^corrupted spill memory/,
      /^invalid size of register (?:fill|spill)/,
      /^spilled ptr in range of var-offset stack write/,
    ],
    message: () => 'A pointer on the stack is partially read or written.',
    why: 'A pointer on the stack must be written and read as a whole, otherwise the verifier no longer treats it as a pointer.',
    fix: 'Do not copy or overwrite parts of structs that contain pointers; assign the pointer itself.',
  },
  {
    code: 'misaligned-access',
    title: 'An access that is not aligned to its size',
    sentences: [/^misaligned (?<what>[a-z]+ )?access off .* size (?<size>\d+)/],
    message: ({ groups }) =>
      `${bytes(groups.size ?? '')} are accessed at an address of the ${(groups.what ?? '').trim() || 'memory'} that is not a multiple of ${groups.size}.`,
    why: 'Accesses of 2, 4 and 8 bytes on the stack and the context must be at a multiple of their size, on every machine.',
    fix: 'Order the fields so that each is aligned, remove __attribute__((packed)), or copy the bytes with __builtin_memcpy().',
    related: ['origin'],
  },
  {
    code: 'packet-access-by-helper',
    title: 'A helper gets a pointer into the packet',
    sentences: [/^helper access to the packet is not allowed/],
    message: facts =>
      `${facts.called ? `bpf_${facts.called}()` : 'This helper'} may not read from or write to the packet itself${facts.groups.register ? ` (argument ${facts.groups.register})` : ''}.`,
    why: 'Only some helpers take a pointer into the packet as memory, and only in program types that may access packets directly; a check against data_end does not change that.',
    fix: 'Copy the bytes into a local variable first (after the check against data_end) and pass its address, or use bpf_skb_load_bytes() or bpf_xdp_load_bytes().',
    example: {
      wrong: 'value = bpf_map_lookup_elem(&hosts, &ip->saddr);',
      right: '__u32 saddr = ip->saddr;\nvalue = bpf_map_lookup_elem(&hosts, &saddr);',
    },
    related: ['origin'],
  },
  {
    code: 'packet-pointer-invalidated',
    title: 'A pointer into the packet is used after a call that may move the packet',
    // Recognised by the path: to the kernel the pointer is a number, or nothing at all (Diagnosis.refined()).
    sentences: [],
    message: facts =>
      `${facts.subject('This pointer')} points to where the packet was before ${facts.packetMovedBy ?? 'a helper'}(), which may move it.`,
    why: 'Helpers that change a packet or make it longer may put it elsewhere in memory. After such a call the kernel forgets all pointers into the packet, also those that were compared with data_end.',
    fix: 'After the call take data and data_end from the context again and compare again before each access; or read what is needed before the call.',
    example: {
      wrong: 'bpf_skb_pull_data(skb, 64);\nport = tcp->dest;',
      right:
        'bpf_skb_pull_data(skb, 64);\ndata = (void *)(long)skb->data;\ndata_end = (void *)(long)skb->data_end;\ntcp = data + offset;\nif ((void *)(tcp + 1) > data_end)\n\treturn TC_ACT_OK;\nport = tcp->dest;',
    },
    related: ['origin'],
  },
  {
    code: 'unchecked-packet-access',
    title: 'Packet data is accessed without a bounds check',
    sentences: [
      /^invalid access to packet, off=(?<off>-?\d+) size=(?<size>\d+), R(?<register>\d+)\(id=(?<id>\d+),off=-?\d+,r=(?<proven>\d+)/,
      /^invalid access to packet, off=(?<off>-?\d+) size=(?<size>\d+)/,
      /^R(?<register>\d+) offset is outside of the packet/,
      /^(?:invalid access to flow keys|R\d+ invalid pkt)/,
    ],
    message: ({ groups, packetTest }) => {
      const access = groups.size ? `${bytes(groups.size)} at offset ${groups.off}` : 'this access';
      const end = Number(groups.off) + Number(groups.size);
      const proven = Number(groups.proven || 0);
      if (packetTest?.largest)
        return `The comparison with data_end does not count: up to ${packetTest.largest} bytes may have been added to this pointer, and beyond 65,535 the kernel follows no pointer into the packet.`;
      if (proven > 0 && end > proven)
        return `The comparison with data_end proves ${bytes(String(proven))} from this pointer’s origin; ${access} needs ${end}.`;
      return `The packet may be too short for ${access}${packetTest ? ': the comparison with data_end on this path does not cover it' : ''}.`;
    },
    fixFor: ({ packetTest }) =>
      packetTest?.largest
        ? 'Limit what is added before it is added: if (length > 1500) return XDP_PASS; or mask it (length &= 0x3ff); then compare the sum with data_end.'
        : packetTest
          ? 'Compare the end of this access: if ((void *)(header + 1) > data_end) return XDP_PASS; in the same pointer that is accessed.'
          : null,
    why: 'A packet can have any length. Only a comparison of the end of the access with data_end proves that the data exists.',
    fix: 'Before the access: if ((void *)(header + 1) > data_end) return XDP_PASS; with both pointers taken from the context in this function.',
    example: {
      wrong: 'eth = data;\nproto = eth->h_proto;',
      right: 'eth = data;\nif ((void *)(eth + 1) > data_end)\n\treturn XDP_PASS;\nproto = eth->h_proto;',
    },
    related: ['origin', 'tests'],
  },
  {
    code: 'read-only-memory',
    title: 'A write to read-only memory',
    sentences: [
      /^write into map forbidden/,
      /^R(?<register>\d+) cannot write into (?<type>\S+)/,
      /^cannot write into packet/,
      /^the prog does not allow writes to packet data/,
      /^\S+\(\) may write into memory pointed by R(?<register>\d+)/,
      /^write to change key R(?<register>\d+) not allowed/,
      /^R(?<register>\d+) does not point to a readonly map/,
    ],
    message: facts => `${facts.subject('This memory')} is read-only for the program.`,
    why: 'const volatile variables (.rodata) and read-only maps are frozen when the program is loaded.',
    fix: 'Drop const from a variable that the program changes: it is then in .bss or .data.',
  },
  {
    code: 'kernel-memory-write',
    title: 'A write to a kernel structure',
    sentences: [
      /^only read is supported/,
      /^only read from (?!bpf_)\S+ is supported/,
      /write (?:access )?not allowed.*ptr_/,
      /^R(?<register>\d+) is ptr_\S+ .*write/,
    ],
    message: facts =>
      `${facts.subject('This pointer')} points into kernel memory, which programs can only read.`,
    why: 'Tracing programs observe: they may read through a pointer to a kernel structure, but not write through it.',
    fix: 'Copy the value into your own variable, map or event and change that.',
    related: ['origin'],
  },
  {
    code: 'invalid-struct-access',
    title: 'An access that does not match the kernel structure',
    sentences: [
      /^access beyond (?:the end of member \S+ .*in )?struct (?<struct>\S+) (?:at|with) off (?<off>\d+)/,
      /^cannot access ptr member (?<member>\S+) .*in struct (?<struct>\S+)/,
      /^R(?<register>\d+) is ptr_(?<struct>\S+?) (?:invalid negative access|invalid variable offset)/,
      /^Type '(?<struct>\S+)' is not a struct/,
      /^R(?<register>\d+) invalid (?<struct>\S+) access off=(?<off>-?\d+) size=/,
      /^struct (?<struct>\S+) doesn't have field at offset (?<off>\d+)/,
      /^(?<struct>\S+) not found at offset=(?<off>\d+)/,
      /^direct access to (?<struct>\S+) is disallowed/,
    ],
    message: ({ groups }) =>
      `struct ${groups.struct || '?'} has no field in this kernel that matches this access${groups.off ? ` at offset ${groups.off}` : ''}.`,
    why: 'Through a typed kernel pointer only whole fields can be accessed, as described by the BTF of the running kernel.',
    fix: 'Access fields by name through vmlinux.h types; read anything else with bpf_probe_read_kernel().',
    related: ['origin'],
  },
  {
    code: 'invalid-context-access',
    title: 'An access that does not match the context',
    sentences: [
      /^invalid bpf_context access off=(?<off>-?\d+) size=(?<size>\d+)/,
      /^dereference of (?<moved>modified) ctx ptr R(?<register>\d+) off=(?<off>-?\d+)/,
      /^(?<moved>variable) ctx access var_off=/,
      /^func '(?<func>[^']+)' doesn't have (?<nth>\d+)-th argument/,
      /^(?<moved>negative) offset ctx ptr/,
    ],
    message: ({ groups, sentences, section, parametersOf }) =>
      groups.moved
        ? `The context pointer was moved${groups.off ? ` by ${groups.off} bytes` : ''} before this access; the kernel allows only fixed offsets from the context itself. Access each field or register by name in a branch of its own, or read it with bpf_probe_read_kernel().`
        : groups.func
          ? missingArgument(groups.func, groups.nth ?? '', { sentences, section, parametersOf })
          : `Programs of this type have no field in their context at this offset${groups.off ? ` (${groups.off})` : ''}.`,
    why: 'The context (the program’s only argument) is not ordinary memory: each program type allows certain fields, at fixed offsets and with their exact size.',
    fix: 'Declare the context with the type of the section (struct pt_regs for kprobes, struct trace_event_raw_… for tracepoints, unsigned long long[] with BPF_PROG for fentry and tp_btf), read fields by name, and check the number and order of the arguments against this kernel.',
    fixFor: ({ groups, section }) => {
      const call = wrappedSyscall(groups.func ?? '');
      if (call === null) return null;
      const isExit = section === null || /exit|ret/.test(section);
      return `Declare regs as the only argument${isExit ? ' and the result after it' : ''}: BPF_PROG(name, const struct pt_regs *regs${isExit ? ', long ret' : ''}), and read the call’s arguments with PT_REGS_PARM1_CORE_SYSCALL(regs) and the like; or use SEC("ksyscall/${call}") with BPF_KSYSCALL${isExit ? `, and SEC("kretsyscall/${call}") for the result` : ''}.`;
    },
    related: ['index'],
  },
];

/** The kernel counts arguments from 0 or 1, by version; the offset in the context is the same in all. */
function missingArgument(
  name: string,
  nth: string,
  { sentences, section, parametersOf }: Pick<Facts, 'sentences' | 'section' | 'parametersOf'>,
): string {
  const off = sentences
    .map(sentence => /^invalid bpf_context access off=(\d+) /.exec(sentence)?.[1])
    .find(each => each !== undefined);
  const number = off === undefined ? nth : String(Number(off) / 8 + 1);
  if (wrappedSyscall(name) !== null)
    return `${name}() is a system call’s wrapper: its only argument is \`const struct pt_regs *regs\`, which holds the call’s own arguments; ${/^fentry|^fmod/.test(section ?? '') ? 'there is' : 'an fexit program finds the result after it, at 1 (counted from 0), and there is'} no argument ${number}.`;
  const parameters = parametersOf(name);
  const has = parameters
    ? `: it has ${parameters.length === 0 ? 'none' : parameters.map(each => `\`${each}\``).join(', ')}${/exit/.test(section ?? '') ? ', and the result after them' : ''}`
    : '';
  return `${name}() has no argument ${number} in this kernel${has}.`;
}

/** A mask would make a wrong index of the error. */
const errorFix = (helper: string): string =>
  `${helper}() returns a negative errno when it fails: keep the result in a signed variable (long n) and leave before it is used: if (n < 0 || n >= sizeof(buf)) return 0; A mask or an unsigned variable would turn the error into an index.`;

function bytes(count: string): string {
  return count === '1' ? '1 byte' : `${count} bytes`;
}
