/** Before the verifier: the object, its types and maps, and what loaders say of them. */
import type { CatalogueEntry } from './entry';

export const LOADING: readonly CatalogueEntry[] = [
  {
    code: 'legacy-map-definition',
    title: 'A map in SEC("maps"), which libbpf 1.0 no longer reads',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /legacy map definitions in '(?<section>[^']+)' section are not supported/,
      /legacy map definitions are deprecated/,
    ],
    message: ({ legacyMaps }) =>
      legacyMaps.length > 0
        ? `${legacyMaps.map(name => `\`${name}\``).join(', ')} ${legacyMaps.length === 1 ? 'is a legacy map' : 'are legacy maps'} (struct bpf_map_def in SEC("maps")), which libbpf 1.0 and later do not read.`
        : 'The object has legacy maps (struct bpf_map_def in SEC("maps")), which libbpf 1.0 and later do not read.',
    why: 'libbpf 1.0 removed struct bpf_map_def: maps are described by BTF, in SEC(".maps").',
    fix: 'Declare each as struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1024); __type(key, __u32); __type(value, __u64); } name SEC(".maps");',
    example: {
      wrong:
        'struct bpf_map_def SEC("maps") counts = {\n\t.type = BPF_MAP_TYPE_HASH,\n\t.key_size = sizeof(__u32),\n\t.value_size = sizeof(__u64),\n\t.max_entries = 1024,\n};',
      right:
        'struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 1024);\n\t__type(key, __u32);\n\t__type(value, __u64);\n} counts SEC(".maps");',
    },
  },
  {
    code: 'map-definition-invalid',
    title: 'A map’s definition that libbpf cannot read',
    by: 'loader',
    isOfObject: true,
    // parse_btf_map_def() and bpf_object__init_user_btf_map() of tools/lib/bpf/libbpf.c.
    sentences: [
      /map '(?<map>[^']+)': (?<reason>can't determine (?<part>key|value) size for type \[\d+\])/,
      /map '(?<map>[^']+)': (?<reason>(?:attr '\w+': expected|conflicting|unexpected (?:var|def) kind|unknown field|map type isn't specified|should be map-in-map|multi-level|invalid (?:field|def size|pinning)|unsupported map linkage|(?:key|value) (?:type|spec)|'\w+' member should be last|inner def|BTF data is corrupted|couldn't reuse|parameter mismatch).*)$/,
    ],
    message: ({ groups }) =>
      groups.part
        ? `The size of the ${groups.part}s of the map \`${groups.map}\` is unknown: their type is only declared, not defined.`
        : `The definition of the map \`${groups.map}\` is invalid: ${groups.reason}.`,
    why: 'libbpf takes type, sizes and flags of a map from its BTF. A type that is only declared (struct x;) has no size.',
    fix: 'Include the header that defines the type, name it in __type(key, …) and __type(value, …), and write numbers with __uint().',
  },
  {
    code: 'unknown-section',
    title: 'A section name that does not say what kind of program it is',
    by: 'loader',
    sentences: [
      /missing BPF prog type, check ELF section name '(?<section>[^']+)'/,
      /unrecognized ELF section name '(?<section>[^']+)'/,
      /failed to guess program type from ELF section '(?<section>[^']+)'/,
    ],
    message: ({ groups }) =>
      `libbpf does not know the section \`${groups.section}\`, so the program has no type.`,
    why: 'The name in SEC("…") selects the program type and the attach point. libbpf 1.0 removed several old names, among them the freely chosen ones.',
    fix: 'Use a name of libbpf’s table: SEC("kprobe/vfs_read"), SEC("tp/sched/sched_switch"), SEC("xdp"), SEC("tc") …',
  },
  {
    code: 'no-programs',
    title: 'An object without programs',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /object file doesn't contain (?:any )?bpf program/i,
      /no program(?:s)? (?:found|in)|doesn't provide .*program/i,
    ],
    message: () => 'The object has no programs.',
    why: 'A function is a program only when it has a section of its own: SEC("…") before it. Functions without one are left in .text.',
    fix: 'Write SEC("…") before each program, and check that the right file was compiled and loaded (llvm-objdump -h FILE.o).',
  },
  {
    code: 'not-an-object',
    title: 'A file that is not a BPF object',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /elf: '?(?<file>[^':]+)'? is not a (?:proper|valid|64-bit).*/,
      /elf: endianness mismatch in (?<file>\S+)/,
      /elf: failed to open (?<file>[^:]+)/,
      /failed to open object file|couldn't find symbol table/,
    ],
    message: ({ groups }) =>
      `${groups.file ? `\`${groups.file}\`` : 'The file'} is not a BPF object that can be loaded here.`,
    why: 'Loaders read ELF files made by clang -target bpf, in the byte order of the machine, with their symbols.',
    fix: 'Compile with clang -target bpf -g -O2 -c, and do not strip the symbols (llvm-strip -g keeps them).',
  },
  {
    code: 'btf-rejected',
    title: 'Type information that this kernel does not accept',
    isOfObject: true,
    sentences: [
      /^\[\d+\] (?:(?:INT|PTR|ARRAY|STRUCT|UNION|ENUM|ENUM64|FWD|TYPEDEF|VOLATILE|CONST|RESTRICT|FUNC|FUNC_PROTO|VAR|DATASEC|FLOAT|DECL_TAG|TYPE_TAG)\b|Invalid|Unknown)/,
      /Error loading \.BTF into kernel: -?\d+\.(?! BTF is optional)/,
      /BTF is (?:mandatory|required), (?:can't proceed|but)/,
      /\bload BTF: /,
      /BPF_BTF_LOAD/,
      /^BTF debug data section '.*' rejected/,
      /^(?:Failed to load BTF|Invalid (?:btf_info|name|string|kind|type_id|member)|Type exceeds|Unsupported (?:version|flags)|Total section length too long|String section is not at the end|Unknown kind:\d+)/,
    ],
    message: ({ sentence }) =>
      /^\[\d+\]/.test(sentence)
        ? 'This kernel does not accept the object’s type information (BTF); the sentence names the first type that it cannot read.'
        : 'This kernel does not accept the object’s type information (BTF).',
    why: 'Compilers write kinds of types (floats, tags, 64-bit enumerations, functions with linkage) that older kernels do not know. libbpf rewrites most of them; other loaders and old versions do not.',
    fix: 'Use a newer loader, or an older -mcpu and no btf_type_tag or btf_decl_tag attributes; a program that needs no BTF can be loaded without it.',
  },
  {
    code: 'function-info-mismatch',
    title: 'Type information that does not match the instructions',
    sentences: [
      /^number of funcs in func_info doesn't match/,
      /^missing (?:btf func_info|bpf_line_info)/,
      /^func_info BTF section doesn't match/,
      /^(?:nonzero|same or smaller) (?:insn_off|insn offset|tailing record)/,
      /^(?:invalid|Invalid) (?:func info rec size|btf id for|type id \d+ in func info|line_info|insn code at line_info|type of function|core_relo)/,
      /^BTF of func#\d+ doesn't point to/,
      /missing \.BTF\.ext function info/,
    ],
    message: ({ sentence }) =>
      `The object’s function or line information (.BTF.ext) does not match its instructions: ${sentence}.`,
    why: 'The kernel compares the functions that BTF describes with those it finds in the code. They differ when a loader appended, removed or linked functions without moving their information, or when a file was compiled without -g.',
    fix: 'Compile every file with -g, link with bpftool gen object or the loader’s own linker, and update the loader (aya, ebpf-go, bpf-linker).',
  },
  {
    code: 'attach-failed',
    title: 'The program was loaded, and attaching it failed',
    by: 'loader',
    sentences: [
      /failed to (?:create|attach to) (?:kprobe|kretprobe|uprobe|uretprobe|tracepoint|raw tracepoint)?\s*'(?<target>[^']+)'/,
      /failed to determine tracepoint '(?<target>[^']+)' perf event ID/,
      /cannot attach (?:kprobe|uprobe|tracepoint)/i,
      /Failed to attach BPF program/,
    ],
    message: ({ groups }) =>
      `The program passed the verifier; attaching it${groups.target ? ` to \`${groups.target}\`` : ''} failed.`,
    why: 'The kernel has no such attach point, it may not be traced, or the user may not attach to it.',
    fix: 'Look the name up in /sys/kernel/tracing/available_filter_functions (kprobes) or /sys/kernel/tracing/events (tracepoints).',
  },
  {
    code: 'log-missing',
    title: 'A rejection without the verifier’s log',
    by: 'loader',
    sentences: [
      /(?:load program|BPF program load failed|load bpf program failed|Failed to load BPF program \S+|Failed to load program|failed to load): (?<errno>Permission denied|Invalid argument|No such (?:file or directory|process)|-\d+)/i,
      /(?<errno>BPF_PROG_LOAD\S* syscall (?:failed|returned).*)/,
      /Prog section '[^']+' rejected: (?<errno>.+?) \(/,
      /^Error loading (?:BPF )?program/,
      /^libscap: bpf_load_program/,
      /^(?<errno>EACCES|EINVAL)$/,
    ],
    message: () =>
      'The kernel refused to load the program; the verifier’s log, which has the reason, is not in this text.',
    why: 'Loaders ask the kernel for its log only on request or after a first failure, and some print only the errno.',
    fix: 'Ask for the log: libbpf prints it at its warning level (libbpf_set_print()), bpftool -d, ebpf-go fmt.Printf("%+v", err), aya EbpfLoader::verifier_log_level(), bcc BPF(debug=2), tc … verbose; or run bpfw verify on the object.',
  },
  {
    code: 'log-truncated',
    title: 'The log was truncated before the reason',
    sentences: [/\bENOSPC\b/, /No space left on device/i],
    by: 'loader',
    message: () =>
      'The verifier’s log ends before the reason: it was cut off, or did not fit into its buffer. The usual cause of a log that is too long is a loop with very many iterations.',
    why: 'Kernels before 6.4 stop when the log buffer is full. Long logs are caused by loops, which the verifier processes iteration by iteration.',
    fix: 'Use the end of the log; reduce the iterations of the loops, or verify again with statistics only to see the instruction count.',
    related: ['path'],
  },
];
