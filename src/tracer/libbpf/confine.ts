/**
 * Drops, for the whole process, the rights that only loading and attaching need. Capabilities belong to threads, and
 * JavaScript cannot reach all of Node's threads (V8's workers); a seccomp filter applies to all threads at once
 * (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC). It allows what is needed to read open buffers and maps, to communicate with
 * the client and to detach; everything else fails with EPERM, so the capabilities that remain cannot be used.
 */
import { TracerError } from '../common/errors';
import { systemError } from './errors';
import { lastErrno, memcpy, prctl, seccompCall } from './ffi';
import { allocatePages, freePages } from './memory';

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SECCOMP_RET_ALLOW = 0x7fff0000;
const SECCOMP_RET_ERRNO = 0x00050000;
const EPERM = 1;
const EBADF = 9;
const ENOSYS = 38;
const CLONE_THREAD = 0x10000;

export interface Architecture {
  /** AUDIT_ARCH_* of include/uapi/linux/audit.h. */
  readonly audit: number;
  /** Index into the system call numbers below. */
  readonly column: 0 | 1;
  readonly seccomp: number;
}
/** Supported machines. */
export const ARCHITECTURES: Readonly<Partial<Record<NodeJS.Architecture, Architecture>>> = {
  x64: { audit: 0xc000003e, column: 0, seccomp: 317 },
  arm64: { audit: 0xc00000b7, column: 1, seccomp: 277 },
};

type Numbers = readonly [x64: number | null, arm64: number | null];

/**
 * Allowed system calls: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. None opens a file,
 * mounts, traces, executes, creates a socket or enters a namespace.
 */
const ALLOWED: Readonly<Record<string, Numbers>> = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  poll: [7, null],
  lseek: [8, 62],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigreturn: [15, 139],
  ioctl: [16, 29],
  pread64: [17, 67],
  readv: [19, 65],
  writev: [20, 66],
  sched_yield: [24, 124],
  mremap: [25, 216],
  madvise: [28, 233],
  nanosleep: [35, 101],
  getpid: [39, 172],
  sendto: [44, 206],
  recvfrom: [45, 207],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  shutdown: [48, 210],
  exit: [60, 93],
  fcntl: [72, 25],
  gettimeofday: [96, 169],
  getrusage: [98, 165],
  sysinfo: [99, 179],
  getppid: [110, 173],
  sigaltstack: [131, 132],
  gettid: [186, 178],
  futex: [202, 98],
  sched_getaffinity: [204, 123],
  restart_syscall: [219, 128],
  clock_gettime: [228, 113],
  clock_getres: [229, 114],
  clock_nanosleep: [230, 115],
  exit_group: [231, 94],
  epoll_wait: [232, null],
  epoll_ctl: [233, 21],
  tgkill: [234, 131],
  ppoll: [271, 73],
  set_robust_list: [273, 99],
  epoll_pwait: [281, 22],
  eventfd2: [290, 19],
  getcpu: [309, 168],
  getrandom: [318, 278],
  membarrier: [324, 283],
  pkey_mprotect: [329, 288],
  rseq: [334, 293],
};

/** System calls allowed only with certain first arguments. */
const BPF: Numbers = [321, 280];
/** enum bpf_cmd: look up, delete, next key, object info, look up in batches, detach a link. */
const BPF_COMMANDS = [1, 3, 4, 15, 24, 34];
const PRLIMIT64: Numbers = [302, 261];
/** The calling process: endWhenStuck raises its own limit. */
const OWN_PID = [0];
/** Threads only: a new process could outlive this one. */
const CLONE: Numbers = [56, 220];
/** Its arguments are in memory, which a filter cannot read: on ENOSYS glibc falls back to clone. */
const CLONE3: Numbers = [435, 435];

/** Takes a path, so it is refused; but Node stats its standard streams at exit and aborts on errors other than EBADF. */
const NEWFSTATAT: Numbers = [262, 79];

/** struct seccomp_data: nr, arch, instruction_pointer, args[6]. */
const NR_OFFSET = 0;
const ARCH_OFFSET = 4;
const FIRST_ARGUMENT_OFFSET = 16;

/** struct sock_filter opcodes of include/uapi/linux/bpf_common.h. */
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_SET = 0x45;
const RETURN = 0x06;
const INSTRUCTION_BYTES = 8;

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number];
const refuse = (errno: number): Instruction => [RETURN, 0, 0, SECCOMP_RET_ERRNO | errno];
const ALLOW: Instruction = [RETURN, 0, 0, SECCOMP_RET_ALLOW];
const load = (offset: number): Instruction => [LOAD, 0, 0, offset];
/** Skips the next `count` instructions unless the accumulator is `k`. */
const unlessEqual = (k: number, count: number): Instruction => [JUMP_IF_EQUAL, 0, count, k];

/** `number` with one of these first arguments. */
function withArguments(number: number, values: readonly number[]): Instruction[] {
  const tests = values.flatMap(value => [unlessEqual(value, 1), ALLOW]);
  return [unlessEqual(number, tests.length + 2), load(FIRST_ARGUMENT_OFFSET), ...tests, refuse(EPERM)];
}

/** Exported for its test. */
export function confinementFilter({ audit, column }: Architecture): readonly Instruction[] {
  const number = (numbers: Numbers): number => numbers[column] ?? -1;
  return [
    load(ARCH_OFFSET),
    [JUMP_IF_EQUAL, 1, 0, audit],
    refuse(EPERM),
    load(NR_OFFSET),
    ...Object.values(ALLOWED).flatMap(numbers =>
      numbers[column] === null ? [] : [unlessEqual(number(numbers), 1), ALLOW],
    ),
    ...withArguments(number(BPF), BPF_COMMANDS),
    ...withArguments(number(PRLIMIT64), OWN_PID),
    unlessEqual(number(CLONE), 4),
    load(FIRST_ARGUMENT_OFFSET),
    [JUMP_IF_SET, 0, 1, CLONE_THREAD],
    ALLOW,
    refuse(EPERM),
    unlessEqual(number(CLONE3), 1),
    refuse(ENOSYS),
    unlessEqual(number(NEWFSTATAT), 1),
    refuse(EBADF),
    refuse(EPERM),
  ];
}

let confined = false;

/** True once nothing can be loaded or attached any more. */
export const isConfined = (): boolean => confined;

/** Applies the filter to every thread; idempotent. Throws TracerError 'kernel' on failure, with nothing changed. */
export function confineProcess(): void {
  if (confined) return;
  const architecture = ARCHITECTURES[process.arch];
  if (!architecture)
    throw new TracerError('kernel', `The system call filter does not support ${process.arch}.`);
  const filter = confinementFilter(architecture);
  const bytes = Buffer.alloc(filter.length * INSTRUCTION_BYTES);
  for (const [index, [code, jumpTrue, jumpFalse, k]] of filter.entries()) {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jumpTrue, at + 2);
    bytes.writeUInt8(jumpFalse, at + 3);
    bytes.writeUInt32LE(k >>> 0, at + 4);
  }
  const pages = allocatePages(bytes.byteLength);
  try {
    memcpy(pages, bytes, bytes.byteLength);
    // struct sock_fprog: u16 len, padding, pointer.
    const program = Buffer.alloc(16);
    program.writeUInt16LE(filter.length, 0);
    program.writeBigUInt64LE(pages, 8);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const result = Number(
      seccompCall(architecture.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, program),
    );
    if (result < 0) throw systemError('kernel', 'Confining the tracer failed', lastErrno(), '');
    // A positive result is the id of a thread that could not be synchronised.
    if (result > 0)
      throw new TracerError(
        'kernel',
        `Confining the tracer failed: thread ${result} already has a seccomp filter.`,
      );
    confined = true;
  } finally {
    freePages(pages, bytes.byteLength);
  }
}
