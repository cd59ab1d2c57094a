import { describe, expect, it } from 'vitest';
import { ARCHITECTURES, confinementFilter } from '../../../src/tracer/libbpf/confine';

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EBADF = 0x00050009;

/** What the kernel's interpreter of classic BPF makes of it. */
function verdict(
  filter: ReturnType<typeof confinementFilter>,
  call: { arch: number; nr: number; first?: number },
) {
  const data = new Map([
    [0, call.nr],
    [4, call.arch],
    [16, call.first ?? 0],
  ]);
  let accumulator = 0;
  for (let at = 0; at < filter.length; at++) {
    const [code, jumpTrue, jumpFalse, k] = filter[at] ?? [0, 0, 0, 0];
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = data.get(k) ?? 0;
    else if (code === 0x15) at += accumulator === k ? jumpTrue : jumpFalse;
    else if (code === 0x45) at += (accumulator & k) !== 0 ? jumpTrue : jumpFalse;
    else throw new Error(`opcode ${code}`);
  }
  throw new Error('the filter has no end');
}

describe.each([
  // x86: arch/x86/entry/syscalls/syscall_64.tbl; arm64: include/uapi/asm-generic/unistd.h
  {
    machine: 'x64',
    numbers: {
      read: 0,
      write: 1,
      mmap: 9,
      futex: 202,
      bpf: 321,
      clone: 56,
      clone3: 435,
      prlimit: 302,
      newfstatat: 262,
    },
    refused: {
      ...{ open: 2, openat: 257, openat2: 437, open_by_handle_at: 304, execve: 59, execveat: 322, fork: 57 },
      ...{ socket: 41, ptrace: 101, mount: 165, unshare: 272, setns: 308, perf_event_open: 298, capset: 126 },
      ...{ io_uring_setup: 425, io_uring_enter: 426, process_vm_writev: 311, pidfd_getfd: 438, syslog: 103 },
      ...{
        prctl: 157,
        kill: 62,
        setuid: 105,
        keyctl: 250,
        fanotify_init: 300,
        umount2: 166,
        sethostname: 170,
      },
    },
  },
  {
    machine: 'arm64',
    numbers: {
      read: 63,
      write: 64,
      mmap: 222,
      futex: 98,
      bpf: 280,
      clone: 220,
      clone3: 435,
      prlimit: 261,
      newfstatat: 79,
    },
    refused: {
      ...{ openat: 56, openat2: 437, open_by_handle_at: 265, execve: 221, execveat: 281, socket: 198 },
      ...{ ptrace: 117, mount: 40, unshare: 97, setns: 268, perf_event_open: 241, capset: 91, syslog: 116 },
      ...{ io_uring_setup: 425, io_uring_enter: 426, process_vm_writev: 271, pidfd_getfd: 438, prctl: 167 },
      ...{ kill: 129, setuid: 146, keyctl: 219, fanotify_init: 262, umount2: 39, sethostname: 161 },
    },
  },
] as const)('the filter of a confined tracer, $machine', ({ machine, numbers, refused }) => {
  const architecture = ARCHITECTURES[machine];
  if (!architecture) throw new Error('no such architecture');
  const filter = confinementFilter(architecture);
  const arch = architecture.audit;
  const of = (nr: number, first = 0) => verdict(filter, { arch, nr, first });

  it('allows reading and waiting', () => {
    for (const nr of [numbers.read, numbers.write, numbers.mmap, numbers.futex]) expect(of(nr)).toBe(ALLOW);
  });

  it.each(Object.entries(refused))('refuses %s', (_name, nr) => {
    expect(of(nr)).toBe(EPERM);
  });

  it('allows bpf(2) to look, and neither to create, load, attach nor turn on', () => {
    // enum bpf_cmd: map lookup, next key, object info, batch lookup, link detach.
    for (const command of [1, 4, 15, 24, 34]) expect(of(numbers.bpf, command)).toBe(ALLOW);
    // Map create and update, program load, pin, attach, test run, raw tracepoint, BTF, link create, statistics, token.
    for (const command of [0, 2, 5, 6, 7, 8, 10, 17, 18, 19, 28, 32, 36])
      expect(of(numbers.bpf, command)).toBe(EPERM);
  });

  it('allows new threads and no processes', () => {
    // CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | …, as glibc makes threads; SIGCHLD, as fork does.
    expect(of(numbers.clone, 0x3d0f00)).toBe(ALLOW);
    expect(of(numbers.clone, 17)).toBe(EPERM);
    expect(of(numbers.clone3)).toBe(ENOSYS);
  });

  it('allows no file to be looked at by its path', () => {
    expect(of(numbers.newfstatat)).toBe(EBADF);
  });

  it('allows the tracer to move its own limits only', () => {
    expect(of(numbers.prlimit, 0)).toBe(ALLOW);
    expect(of(numbers.prlimit, 1234)).toBe(EPERM);
  });

  it('refuses the calls of another architecture', () => {
    expect(verdict(filter, { arch: 0x40000003, nr: numbers.read })).toBe(EPERM);
    expect(of(numbers.read + 0x40000000)).toBe(EPERM);
  });
});
