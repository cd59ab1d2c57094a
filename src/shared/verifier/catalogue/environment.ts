/** Failures outside the verifier: the loader, missing symbols and BTF, permissions. Mostly libbpf's messages. */
import type { CatalogueEntry } from './entry';

export const ENVIRONMENT: readonly CatalogueEntry[] = [
  {
    code: 'attach-target-missing',
    title: 'The function to attach to does not exist in this kernel',
    sentences: [
      /failed to find kernel BTF type ID of '(?<target>[^']+)'/,
      /^(?:attach_btf_id|btf_id) \d+ (?:is not|doesn't)/,
      /^The address of function (?<target>\S+) cannot be found/,
      /^(?<target>\S+)\(\) is not (?:modifiable|traceable)|^can't attach to.* (?<other>\S+)/,
    ],
    message: ({ groups, section }) =>
      `This kernel’s BTF has no ${groups.target ? `\`${groups.target}\`` : 'such function'} to attach to${section ? ` (${section})` : ''}.`,
    why: 'fentry, fexit, tp_btf and LSM programs attach to a function or tracepoint that BTF describes. It may have been renamed or inlined, be in a module that is not loaded, or have a suffix such as .isra.0.',
    fix: 'Search for the current name (bpftool btf dump file /sys/kernel/btf/vmlinux | grep name), load its module, or attach a kprobe instead.',
  },
  {
    code: 'missing-kernel-config',
    title: 'A setting of the kernel’s configuration that is unknown here',
    // bpf_object__resolve_externs() and bpf_object__read_kconfig_file() of tools/lib/bpf/libbpf.c.
    sentences: [/^failed to open system Kconfig/, /^extern '(?<symbol>CONFIG_\w+)' \(strong\): not resolved/],
    message: ({ groups, kernelOptions }) =>
      groups.symbol
        ? `The running kernel’s configuration does not set \`${groups.symbol}\`.`
        : `libbpf found no configuration of the running kernel, from which it fills in ${kernelOptions.map(name => `\`${name}\``).join(', ') || 'the __kconfig variables'}: neither /boot/config-$(uname -r) nor /proc/config.gz can be read.`,
    why: 'Variables declared with __kconfig get their values from the kernel’s configuration file when the object is loaded. The verifier has not seen the program yet.',
    fix: 'Install the file /boot/config-$(uname -r) that belongs to the kernel, or read the value from user space; a variable declared __weak is 0 when the file exists and does not set it.',
  },
  {
    code: 'missing-kernel-symbol',
    title: 'A kernel symbol that this kernel does not have',
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
    sentences: [
      /(?:vmlinux|kernel) BTF (?:is missing|is not found|not found)|failed to (?:find|load) (?:valid )?kernel BTF/i,
      /BTF is required, but is missing or corrupted/,
      /in-kernel BTF is malformed/,
      /Error loading (?:\.BTF|vmlinux BTF)/,
    ],
    message: () => 'The type information (BTF) that the program needs is missing.',
    why: 'CO-RE, fentry and typed maps need the BTF of the running kernel (CONFIG_DEBUG_INFO_BTF, /sys/kernel/btf/vmlinux) and that of the object (clang -g).',
    fix: 'Compile with -g; run on a kernel that has BTF, such as the sandbox VM.',
  },
  {
    code: 'permission-denied',
    title: 'The user is not permitted to load programs',
    sentences: [
      /(?:load bpf program failed|BPF program load failed|failed to load.*): (?:-1\b|Operation not permitted)/i,
      /^Operation not permitted/i,
      /\bEPERM\b/,
      /failed to .*RLIMIT_MEMLOCK/i,
    ],
    message: () => 'The kernel did not permit this user to load the program.',
    why: 'Loading needs CAP_BPF and, for tracing, CAP_PERFMON (before 5.8 CAP_SYS_ADMIN); before 5.11 the locked-memory limit applies too. Kernel lockdown can also forbid it.',
    fix: 'Load with these capabilities (bpf.elevation in the settings, sudo), and check /sys/kernel/security/lockdown.',
  },
  {
    code: 'program-too-large',
    title: 'The program is too large to be loaded',
    sentences: [
      /(?:load bpf program failed|BPF program load failed|failed to load.*): (?:-7\b|Argument list too long)/i,
      /^Argument list too long/i,
      /\bE2BIG\b/,
    ],
    message: () =>
      'The program has more instructions than this kernel allows, or its verification takes too long.',
    why: 'A program may have 1,000,000 instructions, and the verifier processes as many (4,096 before 5.2, and without CAP_BPF). If the kernel rejects the program before it verifies it, there is no log.',
    fix: 'Do not unroll loops (#pragma unroll), split the program with tail calls, or make functions __noinline.',
  },
  {
    code: 'map-creation-failed',
    title: 'A map cannot be created',
    sentences: [
      /map '(?<map>[^']+)': failed to create: (?<reason>.+)$/,
      /Error in bpf_create_map(?:_xattr|_name)?\((?<map>[^)]*)\):? ?(?<reason>.*?)(?:\. Retrying.*)?$/,
    ],
    message: ({ groups }) =>
      `The map \`${groups.map}\` cannot be created${groups.reason ? `: ${groups.reason}` : ''}.`,
    why: 'The kernel does not know the type of the map or a flag, or a size is invalid: ring buffers need a power of two that is a multiple of the page size, arrays a key of 4 bytes.',
    fix: 'Check type, key and value sizes and max_entries of the map against this kernel.',
  },
  {
    code: 'log-truncated',
    title: 'The log was truncated before the reason',
    sentences: [/\bENOSPC\b/, /No space left on device/],
    message: () =>
      'The verifier’s log did not fit into its buffer, so the reason is missing; the usual cause is a loop with very many iterations.',
    why: 'Kernels before 6.4 stop when the log buffer is full. Long logs are caused by loops, which the verifier processes iteration by iteration.',
    fix: 'Reduce the iterations of the loops, or verify again with statistics only to see the instruction count.',
    related: ['path'],
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
