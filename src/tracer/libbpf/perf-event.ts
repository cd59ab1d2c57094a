/** perf_event_open(2): events to attach programs to, checks whether an event exists, and the rings of perf buffers. */
import { readFileSync } from 'node:fs';
import { TracerError } from '../common/errors';
import { isPermission, MISSING_CAPABILITY, systemError } from './errors';
import { close, lastErrno, perfEventOpenCall } from './ffi';

/** perf_event_open's number: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. */
const SYSCALL_NUMBERS: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 298, arm64: 241 };
const PERF_FLAG_FD_CLOEXEC = 8;

/** struct perf_event_attr of include/uapi/linux/perf_event.h, PERF_ATTR_SIZE_VER5. */
const ATTR_BYTES = 112;
const FLAG_FREQUENCY = 1 << 10;
const PERF_SAMPLE_BRANCH_STACK = 1n << 11n;

export interface PerfEvent {
  readonly type: number;
  readonly config: bigint;
  /** 0: counting without sampling. */
  readonly frequencyHz: number;
  /** A sample every so many events; 0 when frequencyHz is used. */
  readonly samplePeriod: number;
  readonly sampleType: bigint;
  readonly branchSampleType: bigint;
  /** Records before a waiting reader is woken; 0 leaves it to the kernel. */
  readonly wakeupEvents: number;
  /** Additional bits of struct perf_event_attr's bit field; none by default. */
  readonly flags?: number;
}

export function encodePerfAttr(event: PerfEvent): Uint8Array {
  const attr = Buffer.alloc(ATTR_BYTES);
  const sampleType = event.sampleType | (event.branchSampleType === 0n ? 0n : PERF_SAMPLE_BRANCH_STACK);
  attr.writeUInt32LE(event.type, 0);
  attr.writeUInt32LE(ATTR_BYTES, 4);
  attr.writeBigUInt64LE(event.config, 8);
  attr.writeBigUInt64LE(BigInt(event.frequencyHz || event.samplePeriod), 16);
  attr.writeBigUInt64LE(sampleType, 24);
  attr.writeUInt32LE((event.frequencyHz > 0 ? FLAG_FREQUENCY : 0) | (event.flags ?? 0), 40);
  attr.writeUInt32LE(event.wakeupEvents, 48);
  attr.writeBigUInt64LE(event.branchSampleType, 72);
  return attr;
}

/** A file descriptor. `pid` 0: every process; `cpu` -1: any. Throws 'attach-failed' or 'not-permitted' with the errno. */
export function openPerfEvent(event: PerfEvent, pid: number, cpu: number): number {
  const number = SYSCALL_NUMBERS[process.arch];
  if (number === undefined) throw new Error(`perf_event_open is not supported on ${process.arch}`);
  const fd = Number(
    perfEventOpenCall(number, encodePerfAttr(event), pid === 0 ? -1 : pid, cpu, -1, PERF_FLAG_FD_CLOEXEC),
  );
  if (fd >= 0) return fd;
  const errno = lastErrno();
  const what = `Opening perf event ${event.type}:${event.config} on CPU ${cpu} failed`;
  if (isPermission(errno)) {
    throw systemError('not-permitted', what, errno, `${MISSING_CAPABILITY} See kernel.perf_event_paranoid.`);
  }
  throw systemError(
    'attach-failed',
    what,
    errno,
    'This machine may lack the event; virtual machines often do.',
  );
}

/** True when the first online CPU has the event. Throws TracerError 'not-permitted'. */
export function canOpenPerfEvent(type: number, config: bigint, branchSampleType: bigint): boolean {
  const event = {
    type,
    config,
    branchSampleType,
    frequencyHz: 1,
    samplePeriod: 0,
    sampleType: 0n,
    wakeupEvents: 0,
  };
  try {
    close(openPerfEvent(event, 0, onlineCpus()[0] ?? 0));
    return true;
  } catch (error) {
    if (error instanceof TracerError && error.code === 'attach-failed') return false;
    throw error;
  }
}

/** Numbers of the online CPUs, e.g. from "0-3,8". */
export function onlineCpus(): number[] {
  return parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8'));
}

export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const range of text.trim().split(',')) {
    const [first = 0, last = first] = range.split('-').map(Number);
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}
