/** Properties of the tracer's own process that only the C library can read or set. */
import { TracerError } from '../common/errors';
import { systemError } from './errors';
import {
  exitProcess,
  getrlimit,
  getsockopt,
  lastErrno,
  libbpfMajorVersion,
  libbpfMinorVersion,
  mallopt,
  prctl,
  setrlimit,
} from './ffi';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const PR_SET_PDEATHSIG = 1;
const PR_SET_DUMPABLE = 4;
/** include/uapi/linux/prctl.h, since 3.15. */
const PR_SET_THP_DISABLE = 41;
const SIGKILL = 9;
/** malloc.h of glibc */
const M_MMAP_THRESHOLD = -3;
const M_ARENA_MAX = -8;
/** Above what the data path allocates repeatedly, below the kernel's BTF, which libbpf reads for each object. */
const LARGE_ALLOCATION_BYTES = 2 << 20;

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Credentials of the peer of a connected Unix socket: for the connecting end, of the process that called listen(2). */
export function peerCredentials(socketFd: number): PeerCredentials {
  const value = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.byteLength);
  if (getsockopt(socketFd, SOL_SOCKET, SO_PEERCRED, value, length) < 0) {
    throw systemError(
      'not-permitted',
      "Reading the credentials of the socket's peer failed",
      lastErrno(),
      '',
    );
  }
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** The kernel kills this process when its parent exits. Throws when the parent has already exited. */
export function dieWithParent(parentPid: number): void {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
    throw systemError('kernel', 'prctl(PR_SET_PDEATHSIG) failed', lastErrno(), '');
  }
  if (process.ppid !== parentPid)
    throw new TracerError('internal', 'The process that started the tracer has exited.');
}

/** Prevents core dumps with kernel data, and ptrace of this privileged process by others of the same uid. */
export function forbidInspection(): void {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/**
 * Returns large blocks to the system when they are freed. By default glibc keeps, per thread of the pool, space for the
 * largest block it has freed: 11 MB per thread here, once each has loaded an object (mallopt(3), M_MMAP_THRESHOLD); and
 * one arena per thread, although they hardly ever work at the same time (M_ARENA_MAX). Transparent huge pages, which
 * some distributions enable by default, would use 2 MB for each region that a thread touches.
 */
export function holdLittleMemory(): void {
  mallopt(M_MMAP_THRESHOLD, LARGE_ALLOCATION_BYTES);
  mallopt(M_ARENA_MAX, 1);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/** sys/resource.h */
const RLIMIT_CPU = 0;
const REARM_MS = 3000;
/** More than a dozen threads can use between two runs of the timer. */
const CPU_BUDGET_SECONDS = 30;

/**
 * The kernel ends this process (SIGXCPU) when it uses half a minute of CPU time while its event loop is blocked:
 * malformed input can send a library into an endless loop, and then nothing here would notice that the client has exited.
 */
export function endWhenStuck(): void {
  const limit = Buffer.alloc(16);
  const rearm = () => {
    const { user, system } = process.cpuUsage();
    if (getrlimit(RLIMIT_CPU, limit) < 0) return;
    const soft = BigInt(Math.ceil((user + system) / 1e6) + CPU_BUDGET_SECONDS);
    const hard = limit.readBigUInt64LE(8);
    limit.writeBigUInt64LE(soft < hard ? soft : hard, 0);
    setrlimit(RLIMIT_CPU, limit);
  };
  rearm();
  setInterval(rearm, REARM_MS).unref();
}

/** Exits at once. process.exit() would wait for a pool thread, which may take long to load an object. */
export function endProcess(code: number): never {
  try {
    exitProcess(code);
  } catch {
    // libc.so.6 was not found.
  }
  process.exit(code);
}

/** "1.1" */
export const libbpfVersion = (): string => `${libbpfMajorVersion()}.${libbpfMinorVersion()}`;
