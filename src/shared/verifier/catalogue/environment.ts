/** Failures outside the verifier: the loader, missing symbols and BTF, permissions. Mostly libbpf's messages. */
import type { CatalogueEntry } from './entry';

export const ENVIRONMENT: readonly CatalogueEntry[] = [
  {
    code: 'attach-target-missing',
    title: 'The function to attach to does not exist in this kernel',
    sentences: [
      /failed to find kernel BTF type ID of '(?<target>[^']+)'/,
      /find target in \S+: (?:type (?:func )?named '?)?(?<target>\w+)'?: not found/,
      /^(?:attach_btf_id|btf_id) \d+ (?:is not|doesn't|points|is invalid)/,
      /^The address of function (?<target>\S+) cannot be found/,
    ],
    message: ({ groups, section }) =>
      `This kernel’s BTF has no ${groups.target ? `\`${groups.target}\`` : 'such function'} to attach to${section ? ` (${section})` : ''}.`,
    why: 'fentry, fexit, tp_btf and LSM programs attach to a function or tracepoint that BTF describes. It may have been renamed or inlined, be in a module that is not loaded, or have a suffix such as .isra.0.',
    fix: 'Search for the current name (bpftool btf dump file /sys/kernel/btf/vmlinux | grep name), load its module, or attach a kprobe instead.',
  },
  {
    code: 'attach-not-allowed',
    title: 'A function that this kind of program may not attach to',
    sentences: [
      /^(?<target>\S+)\(\) is not (?:modifiable|traceable)/,
      /^(?:Attach to function|Attaching (?:fexit|fentry|\S+) to|Can attach to only JITed|Only FENTRY\/FEXIT progs|Cannot (?:extend|recursively attach|nest tracing|replace)|can't modify return codes|Tracing programs must provide btf_id|Target program bound device|FENTRY\/FEXIT program can only|kernel func .* is not allowed for)/,
      /^(?:Extension program|Program extension|Return type .* of .* doesn't match|\S+\(\) has \d+ args while|arg\d+ in \S+\(\)|arg\d+ \S+\(struct \S+ \*\) doesn't match)/,
      /^(?:attach to (?:invalid|unsupported) member|struct_ops module|BPF_LSM_CGROUP)/,
    ],
    message: ({ groups, sentence }) =>
      groups.target
        ? `Programs of this kind cannot attach to \`${groups.target}\`: ${sentence}.`
        : `The kernel does not allow this attach point: ${sentence}.`,
    why: 'fmod_ret attaches only to functions that allow error injection and to security_ hooks, fentry and fexit not to those marked notrace or noreturn, and freplace only to a function with the same signature.',
    fix: 'Choose another function, or another kind of program: fexit instead of fmod_ret, a kprobe instead of fentry.',
  },
  {
    code: 'missing-kernel-config',
    title: 'A setting of the kernel’s configuration that is unknown here',
    by: 'loader',
    isOfObject: true,
    // bpf_object__resolve_externs() and bpf_object__read_kconfig_file() of tools/lib/bpf/libbpf.c.
    sentences: [/^failed to open system Kconfig/, /^extern '(?<symbol>CONFIG_\w+)' \(strong\): not resolved/],
    message: ({ groups, kernelOptions, kernelRelease }) =>
      groups.symbol
        ? `The running kernel’s configuration does not set \`${groups.symbol}\`.`
        : `libbpf found no configuration of the running kernel, from which it fills in ${kernelOptions.map(name => `\`${name}\``).join(', ') || 'the __kconfig variables'}: neither /boot/config-${kernelRelease ?? '$(uname -r)'} nor /proc/config.gz can be read.`,
    why: 'Variables declared with __kconfig get their values from the kernel’s configuration file when the object is loaded. The verifier has not seen the program yet.',
    fix: 'Install the file /boot/config-$(uname -r) that belongs to the kernel, or read the value from user space; a variable declared __weak is 0 when the file exists and does not set it.',
  },
  {
    code: 'missing-kernel-symbol',
    title: 'A kernel symbol that this kernel does not have',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /extern \([^)]*\) '(?<symbol>[^']+)'.*(?:not found|failed to find|not resolved|failed to resolve)/,
      /(?:failed to|can't|cannot) find (?:extern|ksym|symbol) '?(?<symbol>[\w.]+)/,
      /extern '(?<symbol>[^']+)'.*(?:not found|unresolved|not resolved)/,
    ],
    message: ({ groups }) => `This kernel has no symbol \`${groups.symbol}\`.`,
    why: 'The program refers to a kernel variable or function (__ksym) by name, and neither the kernel’s BTF nor that of a module contains it.',
    fix: 'Declare it __weak and check before use: if (bpf_ksym_exists(symbol)) …, or load the module that has it.',
  },
  {
    code: 'missing-btf',
    title: 'No type information',
    isOfObject: true,
    sentences: [
      /(?:vmlinux|kernel) BTF (?:is missing|is not found|not found)|failed to (?:find|load) (?:valid )?kernel BTF/i,
      /BTF is required, but is missing or corrupted/,
      /in-kernel BTF is malformed/,
      /Error loading vmlinux BTF/,
      /no BTF found for kernel version/,
      /^calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF/,
      /^(?:Global functions need valid BTF|LD_ABS is not allowed in subprogs without BTF|kernel is missing BTF)/,
    ],
    message: () => 'The type information (BTF) that the program needs is missing.',
    why: 'CO-RE, fentry and typed maps need the BTF of the running kernel (CONFIG_DEBUG_INFO_BTF, /sys/kernel/btf/vmlinux) and that of the object (clang -g).',
    fix: 'Compile with -g; run on a kernel that has BTF, such as the sandbox VM.',
  },
  {
    code: 'permission-denied',
    title: 'The user is not permitted to load programs',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /(?:load bpf program failed|BPF program load failed|failed to load.*|load program|map create|event=\S+|syscall returned|trivial BPF program\S*): ?(?:-1\b|Operation not permitted)/i,
      /syscall (?:failed|returned) Operation not permitted/i,
      /failed to create: Operation not permitted/,
      /bpf_object__probe_loading\(\): ?Operation not permitted/,
      /(?:^|rejected: |Failed to load .*: )Operation not permitted/i,
      /\bEPERM\b/,
      /failed to .*RLIMIT_MEMLOCK/i,
    ],
    message: () => 'The kernel did not permit this user to load the program.',
    why: 'Loading needs CAP_BPF and, for tracing, CAP_PERFMON (before 5.8 CAP_SYS_ADMIN); before 5.11 the locked-memory limit applies too. Kernel lockdown can also forbid it.',
    fix: 'Load with these capabilities (bpf.elevation in the settings, sudo), and check /sys/kernel/security/lockdown.',
  },
  {
    code: 'program-too-large',
    title: 'A program with more instructions or parts than the kernel allows',
    sentences: [
      /[Pp]rogram \S+ too large \((?<count>\d+) insns\)(?:, at most (?<limit>\d+) insns)?/,
      /^too many (?:subprograms|different kernel function calls|different module BTFs)/,
      /^The total number of maps per program has reached the limit/,
      /^insn \d+ cannot be patched due to 16-bit range/,
      /Instructions: \d+ \([1-9]\d* over limit\)/,
    ],
    message: ({ groups, sentence }) =>
      groups.count
        ? `The program has ${groups.count} instructions${groups.limit ? `; this loader or kernel allows ${groups.limit}` : ''}.`
        : `The program has more parts than the kernel allows: ${sentence}.`,
    why: 'A program may have 1,000,000 instructions (4,096 before 5.2 and without CAP_BPF), 256 functions and 64 maps.',
    fix: 'Do not unroll loops (#pragma unroll), make functions __noinline, or split the program with tail calls.',
  },
  {
    code: 'unprivileged-program',
    title: 'Something that only privileged programs may do',
    sentences: [
      /allowed (?:only to|for) CAP_|access is allowed only to CAP|destructive kfunc calls require|CAP_BPF and CAP_PERFMON are required/,
      /prohibited for !root/,
      /^R\d+ (?:has pointer with unsupported alu operation|could not be pushed for speculative|tried to \S+ (?:beyond pointer bounds|from different maps))/,
    ],
    message: ({ sentence }) => `Without CAP_BPF and CAP_PERFMON the kernel does not allow this: ${sentence}.`,
    why: 'Programs of unprivileged users are checked more strictly, so that they can leak no kernel address, not even by speculation.',
    fix: 'Load the program with CAP_BPF and CAP_PERFMON.',
  },
  {
    code: 'map-creation-failed',
    title: 'A map cannot be created',
    by: 'loader',
    isOfObject: true,
    sentences: [
      /map '(?<map>[^']+)': failed to create: (?<reason>.+)$/,
      /Error in bpf_create_map(?:_xattr|_name)?\((?<map>[^)]*)\):? ?(?<reason>.*?)(?:\. Retrying.*)?$/,
      /map (?<map>[\w.]+): map create: (?!operation not permitted)(?<reason>.+)$/,
      /failed to create map `(?<map>[^`]+)`(?: with code)? ?(?<reason>.*)$/,
      /could not open bpf map: (?<map>[\w.]+), error: (?<reason>.+)$/,
    ],
    message: ({ groups }) =>
      `The map \`${groups.map}\` cannot be created${groups.reason ? `: ${groups.reason}` : ''}.`,
    why: 'The kernel does not know the type of the map or a flag, or a size is invalid: ring buffers need a power of two that is a multiple of the page size, arrays a key of 4 bytes.',
    fix: 'Check type, key and value sizes and max_entries of the map against this kernel.',
  },
];

/** For messages without an entry. */
export const UNKNOWN: CatalogueEntry = {
  code: 'verifier-rejected',
  title: 'Another reason',
  sentences: [],
  message: ({ sentence }) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`),
  why: 'The kernel rejected the program with this message, for which there is no explanation yet.',
  fix: 'Read the log from its end upwards: the message is about the last instructions and their register states.',
  related: ['path'],
};

/** For a loader's messages without an entry. */
export const UNKNOWN_TO_LOADER: CatalogueEntry = {
  code: 'loader-failed',
  title: 'The loader gave up',
  sentences: [],
  by: 'loader',
  isOfObject: true,
  message: ({ sentence }) => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`),
  why: 'The loader reported this failure, for which there is no explanation yet; it is not the verifier’s.',
  fix: 'Read the loader’s messages before it: the first one is the cause.',
};
