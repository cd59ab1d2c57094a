/** The tracer's own process, as only the C library can see or set it. */
import { TracerError } from '../errors';
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
/** Above what the data path allocates again and again, below the kernel's BTF, which libbpf reads for each object. */
const LARGE_ALLOCATION_BYTES = 2 << 20;

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who is at the other end of a connected Unix socket: for the dialling end, whoever called listen(2). */
export function peerCredentials(socketFd: number): PeerCredentials {
  const value = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.byteLength);
  if (getsockopt(socketFd, SOL_SOCKET, SO_PEERCRED, value, length) < 0) {
    throw systemError('not-permitted', 'The peer of the socket is unknown', lastErrno(), '');
  }
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}

/** The kernel kills this process when its parent ends. Throws when the parent already has. */
export function dieWithParent(parentPid: number): void {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) {
    throw systemError('kernel', 'Tying the tracer to its parent failed', lastErrno(), '');
  }
  if (process.ppid !== parentPid)
    throw new TracerError('internal', 'The process that started the tracer is gone.');
}

/** No core dump of kernel data, and no other process of the same uid may attach to the one that holds capabilities. */
export function forbidInspection(): void {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/**
 * What is large goes back to the system when it is freed. By itself glibc keeps, on each thread of the pool, room for
 * the largest block it saw freed: 11 MB a thread here, once each has loaded an object (mallopt(3), M_MMAP_THRESHOLD); and
 * each thread an arena of its own, though they hardly ever work at the same time (M_ARENA_MAX). Huge pages, which some
 * distributions give unasked, would make 2 MB of each corner that a thread touches.
 */
export function holdLittleMemory(): void {
  mallopt(M_MMAP_THRESHOLD, LARGE_ALLOCATION_BYTES);
  mallopt(M_ARENA_MAX, 1);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/** sys/resource.h */
const RLIMIT_CPU = 0;
const REARM_MS = 3000;
/** A dozen threads could not use it up between two turns of the timer. */
const CPU_BUDGET_SECONDS = 30;

/**
 * The kernel ends this process (SIGXCPU) when it computes for half a minute and its event loop does not turn: damaged
 * input can send a library round in circles, and then nothing here would see that the client is gone.
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

/** Ends at once. process.exit() would wait for a thread of the pool, which may be loading an object for long. */
export function endProcess(code: number): never {
  try {
    exitProcess(code);
  } catch {
    // No C library by its name.
  }
  process.exit(code);
}

/** "1.1" */
export const libbpfVersion = (): string => `${libbpfMajorVersion()}.${libbpfMinorVersion()}`;
