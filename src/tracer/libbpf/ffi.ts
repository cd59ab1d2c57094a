/**
 * Declares every C function and structure that the tracer uses. Only this folder uses koffi or pointers.
 *
 * koffi accepts a JS number for a pointer and uses it as an address: the types here allow only bigint (a pointer
 * returned by C), null and byte arrays. Functions are resolved in their library at the first call, which keeps start-up
 * fast.
 */
import koffi from 'koffi';

/** An address returned by C. */
export type Pointer = bigint;
/** A pointer parameter: an address returned by C, NULL, or our bytes, used only during the call. */
export type PointerArgument = Pointer | null | Uint8Array;

export interface AsyncOutcome<R> {
  readonly value: R;
  /** errno of the thread that made the call, read right after it. */
  readonly errno: number;
}

export interface ForeignFunction<A extends unknown[], R> {
  (...args: A): R;
  /** Runs on the thread pool; callbacks of the call are relayed to the main thread. */
  async(...args: A): Promise<AsyncOutcome<R>>;
}

type LibraryName = 'libbpf.so.1' | 'libc.so.6';

/** A system library that dlopen(3) cannot find or load. */
export class LibraryMissingError extends Error {
  constructor(
    readonly library: LibraryName,
    why: string,
  ) {
    super(`${library} cannot be loaded: ${why}`);
    this.name = 'LibraryMissingError';
  }
}

const libraries = new Map<LibraryName, ReturnType<typeof koffi.load>>();

function library(name: LibraryName): ReturnType<typeof koffi.load> {
  let loaded = libraries.get(name);
  if (!loaded) {
    try {
      loaded = koffi.load(name);
    } catch (error) {
      throw new LibraryMissingError(name, (error as Error).message);
    }
    libraries.set(name, loaded);
  }
  return loaded;
}

function declare<A extends unknown[], R>(name: LibraryName, prototype: string): ForeignFunction<A, R> {
  let bound: ReturnType<ReturnType<typeof koffi.load>['func']> | undefined;
  const bind = () => {
    bound ??= library(name).func(prototype);
    return bound;
  };
  const call = (...args: A): R => bind()(...args) as R;
  const async = (...args: A): Promise<AsyncOutcome<R>> =>
    new Promise((resolve, reject) => {
      bind().async(...args, (error: unknown, value: R) => {
        const errno = koffi.errno();
        if (error) reject(error);
        else resolve({ value, errno });
      });
    });
  return Object.assign(call, { async });
}

const bpf = <A extends unknown[], R>(prototype: string) => declare<A, R>('libbpf.so.1', prototype);
const c = <A extends unknown[], R>(prototype: string) => declare<A, R>('libc.so.6', prototype);

/** errno of the last synchronous call. */
export const lastErrno = (): number => koffi.errno();

// --- libbpf: the library itself (bpf/libbpf.h)
export const libbpfMajorVersion = bpf<[], number>('uint32_t libbpf_major_version()');
export const libbpfMinorVersion = bpf<[], number>('uint32_t libbpf_minor_version()');
export const libbpfStrerror = bpf<[number, Uint8Array, number], number>(
  'int libbpf_strerror(int err, void *buf, size_t size)',
);
export const libbpfSetPrint = bpf<[Pointer | null], Pointer | null>('void *libbpf_set_print(void *fn)');
export const libbpfNumPossibleCpus = bpf<[], number>('int libbpf_num_possible_cpus()');

// --- libbpf: objects
export const objectOpenMem = bpf<[Uint8Array, number, unknown], Pointer | null>(
  'void *bpf_object__open_mem(const void *buf, size_t size, const void *opts)',
);
export const objectLoad = bpf<[Pointer], number>('int bpf_object__load(void *obj)');
export const objectClose = bpf<[Pointer], void>('void bpf_object__close(void *obj)');
export const objectNextProgram = bpf<[Pointer, Pointer | null], Pointer | null>(
  'void *bpf_object__next_program(const void *obj, void *prog)',
);
export const objectNextMap = bpf<[Pointer, Pointer | null], Pointer | null>(
  'void *bpf_object__next_map(const void *obj, const void *map)',
);

// --- libbpf: programs
export const programName = bpf<[Pointer], string>('const char *bpf_program__name(const void *prog)');
const programSectionName = bpf<[Pointer], string>('const char *bpf_program__section_name(const void *prog)');
/** The section's name without the '?' that turns autoload off. */
export const programSection = (program: Pointer): string => programSectionName(program).replace(/^\?/, '');
export const programAutoload = bpf<[Pointer], boolean>('bool bpf_program__autoload(const void *prog)');
export const programSetAutoload = bpf<[Pointer, boolean], number>(
  'int bpf_program__set_autoload(void *prog, bool autoload)',
);
export const programType = bpf<[Pointer], number>('int bpf_program__type(const void *prog)');
export const programExpectedAttachType = bpf<[Pointer], number>(
  'int bpf_program__expected_attach_type(const void *prog)',
);
export const programFd = bpf<[Pointer], number>('int bpf_program__fd(const void *prog)');
export const programInstructions = bpf<[Pointer], Pointer | null>(
  'const void *bpf_program__insns(const void *prog)',
);
export const programInstructionCount = bpf<[Pointer], number | bigint>(
  'size_t bpf_program__insn_cnt(const void *prog)',
);
/** libbpf keeps the buffer until the object is closed. */
export const programSetLogBuffer = bpf<[Pointer, Pointer, number], number>(
  'int bpf_program__set_log_buf(void *prog, void *buf, size_t size)',
);
export const programSetLogLevel = bpf<[Pointer, number], number>(
  'int bpf_program__set_log_level(void *prog, uint32_t level)',
);
export const programSetAttachTarget = bpf<[Pointer, number, string], number>(
  'int bpf_program__set_attach_target(void *prog, int prog_fd, const char *name)',
);

// --- libbpf: maps
export const mapName = bpf<[Pointer], string>('const char *bpf_map__name(const void *map)');
export const mapFd = bpf<[Pointer], number>('int bpf_map__fd(const void *map)');
export const mapType = bpf<[Pointer], number>('int bpf_map__type(const void *map)');
export const mapKeySize = bpf<[Pointer], number>('uint32_t bpf_map__key_size(const void *map)');
export const mapValueSize = bpf<[Pointer], number>('uint32_t bpf_map__value_size(const void *map)');
export const mapMaxEntries = bpf<[Pointer], number>('uint32_t bpf_map__max_entries(const void *map)');
export const mapSetMaxEntries = bpf<[Pointer, number], number>(
  'int bpf_map__set_max_entries(void *map, uint32_t max_entries)',
);
export const mapSetValueSize = bpf<[Pointer, number], number>(
  'int bpf_map__set_value_size(void *map, uint32_t size)',
);
export const mapFlags = bpf<[Pointer], number>('uint32_t bpf_map__map_flags(const void *map)');
export const mapIsInternal = bpf<[Pointer], boolean>('bool bpf_map__is_internal(const void *map)');
/** The size must not be NULL: libbpf writes it without a check. */
export const mapInitialValue = bpf<[Pointer, Uint8Array], Pointer | null>(
  'void *bpf_map__initial_value(void *map, void *psize)',
);
export const mapPinPath = bpf<[Pointer], string | null>('const char *bpf_map__pin_path(const void *map)');
export const mapSetAutocreate = bpf<[Pointer, boolean], number>(
  'int bpf_map__set_autocreate(void *map, bool autocreate)',
);
export const mapSetPinPath = bpf<[Pointer, string | null], number>(
  'int bpf_map__set_pin_path(void *map, const char *path)',
);

// --- libbpf: the kernel's types (bpf/btf.h)
/** Reads and parses all of it: about 6 MB. */
export const btfLoadVmlinux = bpf<[], Pointer | null>('void *btf__load_vmlinux_btf()');
export const btfTypeById = bpf<[Pointer, number], Pointer | null>(
  'const void *btf__type_by_id(const void *btf, uint32_t id)',
);
export const btfNameByOffset = bpf<[Pointer, number], string | null>(
  'const char *btf__name_by_offset(const void *btf, uint32_t offset)',
);
export const btfFree = bpf<[Pointer], void>('void btf__free(void *btf)');

// --- libbpf: attaching; each returns a link, or NULL and errno
export const attachAuto = bpf<[Pointer], Pointer | null>('void *bpf_program__attach(const void *prog)');
export const attachKprobe = bpf<[Pointer, string, unknown], Pointer | null>(
  'void *bpf_program__attach_kprobe_opts(const void *prog, const char *function, const void *opts)',
);
export const attachKprobeMulti = bpf<[Pointer, string, unknown], Pointer | null>(
  'void *bpf_program__attach_kprobe_multi_opts(const void *prog, const char *pattern, const void *opts)',
);
export const attachUprobe = bpf<[Pointer, number, string, bigint, unknown], Pointer | null>(
  'void *bpf_program__attach_uprobe_opts(const void *prog, int pid, const char *path, size_t offset, const void *opts)',
);
export const attachUsdt = bpf<[Pointer, number, string, string, string, null], Pointer | null>(
  'void *bpf_program__attach_usdt(const void *prog, int pid, const char *path, const char *provider, const char *name, const void *opts)',
);
export const attachTracepoint = bpf<[Pointer, string, string], Pointer | null>(
  'void *bpf_program__attach_tracepoint(const void *prog, const char *category, const char *name)',
);
export const attachPerfEvent = bpf<[Pointer, number], Pointer | null>(
  'void *bpf_program__attach_perf_event(const void *prog, int pfd)',
);
export const linkDestroy = bpf<[Pointer], number>('int bpf_link__destroy(void *link)');

// --- libbpf: system calls (bpf/bpf.h); all return -errno
export const mapLookup = bpf<[number, Uint8Array, Uint8Array], number>(
  'int bpf_map_lookup_elem(int fd, const void *key, void *value)',
);
export const mapUpdate = bpf<[number, Uint8Array, Uint8Array, number], number>(
  'int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)',
);
export const mapDelete = bpf<[number, Uint8Array], number>(
  'int bpf_map_delete_elem(int fd, const void *key)',
);
export const mapNextKey = bpf<[number, Uint8Array | null, Uint8Array], number>(
  'int bpf_map_get_next_key(int fd, const void *key, void *next_key)',
);
export const mapLookupBatch = bpf<
  [number, Uint8Array | null, Uint8Array, Uint8Array, Uint8Array, Uint8Array, null],
  number
>(
  'int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, void *count, const void *opts)',
);
export const objectInfo = bpf<[number, Uint8Array, Uint8Array], number>(
  'int bpf_obj_get_info_by_fd(int fd, void *info, void *info_len)',
);
export const enableStats = bpf<[number], number>('int bpf_enable_stats(int type)');

// --- libc
export const mmap = c<[null, number, number, number, number, number], Pointer>(
  'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
);
export const munmap = c<[Pointer, number], number>('int munmap(void *addr, size_t length)');
export const memcpy = c<[PointerArgument, PointerArgument, number], void>(
  'void memcpy(void *to, const void *from, size_t n)',
);
export const strnlen = c<[Pointer, number], number | bigint>('size_t strnlen(const void *s, size_t max)');
export const mallopt = c<[number, number], number>('int mallopt(int parameter, int value)');
/** glibc 2.27 */
export const memfdCreate = c<[string, number], number>(
  'int memfd_create(const char *name, unsigned int flags)',
);
export const getpagesize = c<[], number>('int getpagesize()');
export const close = c<[number], number>('int close(int fd)');
export const ioctl = c<[number, number, number], number>(
  'int ioctl(int fd, unsigned long request, unsigned long arg)',
);
export const getsockopt = c<[number, number, number, Uint8Array, Uint8Array], number>(
  'int getsockopt(int fd, int level, int name, void *value, void *length)',
);
export const exitProcess = c<[number], never>('void _exit(int status)');
export const getrlimit = c<[number, Uint8Array], number>('int getrlimit(int resource, void *limit)');
export const setrlimit = c<[number, Uint8Array], number>('int setrlimit(int resource, const void *limit)');
export const prctl = c<[number, number, number, number, number], number>(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
);
export const capget = c<[Uint8Array, Uint8Array], number>('int capget(void *header, void *data)');
export const capset = c<[Uint8Array, Uint8Array], number>('int capset(void *header, const void *data)');
/** perf_event_open(2) has no libc wrapper: syscall(3) with the architecture's number. */
export const perfEventOpenCall = c<[number, Uint8Array, number, number, number, number], number | bigint>(
  'long syscall(long number, void *attr, int pid, int cpu, int group_fd, unsigned long flags)',
);
/** seccomp(2) has no wrapper either. */
export const seccompCall = c<[number, number, number, Uint8Array], number | bigint>(
  'long syscall(long number, unsigned int operation, unsigned int flags, void *arguments)',
);
export const vsnprintf = c<[Uint8Array, number, Pointer, Pointer], number>(
  'int vsnprintf(void *buf, size_t size, const void *format, void *arguments)',
);

// --- options structures: truncated after the members we set, as libbpf's `sz` convention allows
type StructFields = Readonly<Record<string, string>>;
const structures = new Map<string, ReturnType<typeof koffi.struct>>();

function options(name: string, fields: StructFields, values: Readonly<Record<string, unknown>>): unknown {
  let type = structures.get(name);
  if (!type) {
    type = koffi.struct(name, { sz: 'size_t', ...fields });
    structures.set(name, type);
  }
  // Ends exactly after the last member: libbpf rejects non-zero padding.
  const [lastName, lastType] = Object.entries(fields).at(-1) ?? ['sz', 'size_t'];
  const sz = koffi.offsetof(type, lastName) + koffi.sizeof(lastType);
  return koffi.as({ sz, ...values }, koffi.pointer(type));
}

export const openOptions = (objectName: string, btfPath: string | null): unknown =>
  options(
    'bpf_object_open_opts',
    {
      object_name: 'const char *',
      relaxed_maps: 'bool',
      pin_root_path: 'const char *',
      unused: 'uint32_t',
      kconfig: 'const char *',
      btf_custom_path: 'const char *',
    },
    {
      object_name: objectName,
      relaxed_maps: false,
      pin_root_path: null,
      unused: 0,
      kconfig: null,
      btf_custom_path: btfPath,
    },
  );

export const kprobeOptions = (offset: number, retprobe: boolean): unknown =>
  options(
    'bpf_kprobe_opts',
    { bpf_cookie: 'uint64_t', offset: 'size_t', retprobe: 'bool' },
    { bpf_cookie: 0, offset, retprobe },
  );

export const kprobeMultiOptions = (retprobe: boolean): unknown =>
  options(
    'bpf_kprobe_multi_opts',
    { syms: 'void *', addrs: 'void *', cookies: 'void *', cnt: 'size_t', retprobe: 'bool' },
    { syms: null, addrs: null, cookies: null, cnt: 0, retprobe },
  );

export const uprobeOptions = (
  refCtrOffset: bigint,
  retprobe: boolean,
  functionName: string | null,
): unknown =>
  options(
    'bpf_uprobe_opts',
    { ref_ctr_offset: 'size_t', bpf_cookie: 'uint64_t', retprobe: 'bool', func_name: 'const char *' },
    { ref_ctr_offset: refCtrOffset, bpf_cookie: 0, retprobe, func_name: functionName },
  );

/** Registers libbpf's print callback for the life of the process. */
export function registerPrint(callback: (level: number, format: Pointer, args: Pointer) => number): Pointer {
  const proto = koffi.proto('int bpfw_print(int level, void *format, void *arguments)');
  return koffi.register(callback, koffi.pointer(proto));
}

/** An ArrayBuffer over C memory. Throws when the runtime refuses external buffers (Electron). */
export const viewMemory = (pointer: Pointer, bytes: number): ArrayBuffer => koffi.view(pointer, bytes);

export const decodeUint32 = (pointer: Pointer): number => koffi.decode.uint32(pointer);
export const decodeUint64 = (pointer: Pointer): number => Number(koffi.decode.uint64(pointer));

/** koffi's wrapper of libuv's uv_poll: undocumented, so its presence is checked (see readiness.ts). */
export const pollHandle = (koffi as Partial<typeof koffi>).node?.poll;
