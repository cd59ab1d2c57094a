/** The kernel's information on a loaded program or map (BPF_OBJ_GET_INFO_BY_FD). */

import { MISSING_CAPABILITY, systemError } from './errors';
import { close, enableStats, lastErrno, objectInfo } from './ffi';

/** struct bpf_prog_info and bpf_map_info of include/uapi/linux/bpf.h; older kernels fill in less and leave the rest zero. */
const INFO_BYTES = 232;
const ID_OFFSET = 4;
const RUN_TIME_NS_OFFSET = 192;
const RUN_COUNT_OFFSET = 200;
/** Since 5.16. */
const VERIFIED_INSTRUCTIONS_OFFSET = 216;
const PROGRAM_ID_OFFSET = 4;
/** enum bpf_stats_type */
const BPF_STATS_RUN_TIME = 0;

function infoOf(fd: number): Buffer {
  const info = Buffer.alloc(INFO_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(INFO_BYTES);
  const result = objectInfo(fd, info, length);
  if (result < 0) throw systemError('kernel', 'BPF_OBJ_GET_INFO_BY_FD failed', -result, '');
  return info;
}

export interface ProgramInfo {
  readonly id: number;
  /** Counted only while statistics are enabled. */
  readonly runTimeNs: bigint;
  readonly runCount: bigint;
  /** Instructions the verifier walked; 0 where the kernel does not report it. */
  readonly verifiedInstructions: number;
}

export function programInfo(fd: number): ProgramInfo {
  const info = infoOf(fd);
  return {
    id: info.readUInt32LE(PROGRAM_ID_OFFSET),
    runTimeNs: info.readBigUInt64LE(RUN_TIME_NS_OFFSET),
    runCount: info.readBigUInt64LE(RUN_COUNT_OFFSET),
    verifiedInstructions: info.readUInt32LE(VERIFIED_INSTRUCTIONS_OFFSET),
  };
}

export const mapId = (fd: number): number => infoOf(fd).readUInt32LE(ID_OFFSET);

/** Enables run-time statistics of all BPF programs until the returned function is called. Needs CAP_SYS_ADMIN. */
export function holdStatistics(): () => void {
  const fd = enableStats(BPF_STATS_RUN_TIME);
  if (fd < 0) {
    throw systemError(
      'not-permitted',
      'Enabling BPF run-time statistics failed',
      fd === -1 ? lastErrno() : -fd,
      `It needs CAP_SYS_ADMIN. ${MISSING_CAPABILITY}`,
    );
  }
  return () => void close(fd);
}
