/**
 * Which programs only observe, and which can change the system. The second kind is loaded or attached only after the
 * person agreed to it by name (OpenSession.allowChangingPrograms).
 */

/** enum bpf_prog_type of include/uapi/linux/bpf.h: types that can only look. */
const OBSERVING_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'socket filter'],
  [2, 'kprobe'],
  [5, 'tracepoint'],
  [7, 'perf event'],
  [17, 'raw tracepoint'],
  [26, 'tracing'],
]);

const CHANGING_TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [3, 'traffic control classifier'],
  [4, 'traffic control action'],
  [6, 'XDP'],
  [8, 'control group packet filter'],
  [9, 'control group socket'],
  [13, 'socket operations'],
  [24, 'writable raw tracepoint'],
  [27, 'struct_ops'],
  [28, 'program extension'],
  [29, 'LSM'],
  [31, 'syscall'],
]);

/** enum bpf_attach_type: fmod_ret replaces a kernel function's return value. */
const BPF_MODIFY_RETURN = 26;

/** enum bpf_func_id: helpers that change what runs. */
const CHANGING_HELPERS: ReadonlyMap<number, string> = new Map([
  [36, 'bpf_probe_write_user'],
  [58, 'bpf_override_return'],
  [109, 'bpf_send_signal'],
  [117, 'bpf_send_signal_thread'],
]);

/** Why this type needs consent, or null when it only observes. */
export function changingType(programType: number, expectedAttachType: number): string | null {
  if (programType === 26 && expectedAttachType === BPF_MODIFY_RETURN) return 'fmod_ret changes return values';
  if (OBSERVING_TYPES.has(programType)) return null;
  const name = CHANGING_TYPE_NAMES.get(programType);
  return `${name ?? `type ${programType}`} programs can change what the system does`;
}

/** BPF_JMP | BPF_CALL with source register 0: a call of the helper whose number is the immediate. */
const CALL_OPCODE = 0x85;
const INSTRUCTION_BYTES = 8;

/**
 * The first helper call among the instructions that changes the system, as a reason, or null. Give it the
 * instructions after load: libbpf has then appended the program's static functions.
 */
export function changingHelper(instructions: Uint8Array): string | null {
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.byteLength);
  for (let at = 0; at + INSTRUCTION_BYTES <= instructions.byteLength; at += INSTRUCTION_BYTES) {
    if (view.getUint8(at) !== CALL_OPCODE || view.getUint8(at + 1) >> 4 !== 0) continue;
    const name = CHANGING_HELPERS.get(view.getInt32(at + 4, true));
    if (name) return `it calls ${name}`;
  }
  return null;
}
