/** From what was typed to the program: what `bpfw trace` and the editor share. */
import { KernelTypes } from '../server/kernel/kernel-types';
import type { Btf } from '../shared/btf/btf-model';
import type { Mode } from './plan';
import { parseProbe } from './probe-name';
import { resolveProbe } from './resolve-probe';
import { type WrittenProgram, writeProgram } from './write-program';

export interface TraceRequest {
  /** As typed: "vfs_read", "tcp:tcp_retransmit_skb". */
  readonly probes: readonly string[];
  readonly mode: Mode;
  /** Expressions; one for each part of the key. */
  readonly by: readonly string[];
  readonly where: string | null;
  /** What relative paths of programs start from. */
  readonly folder: string;
}

/** Throws TraceError for a probe or expression that is not right on a kernel with this BTF (read from `bytes`). */
export function traceProgram(
  { probes, mode, by, where, folder }: TraceRequest,
  { btf, bytes }: { readonly btf: Btf; readonly bytes: Uint8Array },
): WrittenProgram {
  const types = new KernelTypes(btf, bytes);
  const resolved = probes.map(text => resolveProbe(parseProbe(text), types, folder));
  return writeProgram({ probes: resolved, mode, by, where });
}
