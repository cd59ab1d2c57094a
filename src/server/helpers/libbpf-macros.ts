/** Macros of libbpf's BPF headers that programs call (bpf_helpers.h, bpf_core_read.h, bpf_tracing.h, usdt.bpf.h, bpf_endian.h). */

export interface LibbpfMacro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly description: string;
  readonly snippet: string;
}

function macro(name: string, parameters: string, description: string): LibbpfMacro {
  const list = parameters === '' ? [] : parameters.split(', ');
  const snippet = `${name}(${list.map((one, index) => `\${${index + 1}:${one}}`).join(', ')})$0`;
  return { name, parameters: list, description, snippet };
}

export const LIBBPF_MACROS: readonly LibbpfMacro[] = [
  macro(
    'BPF_CORE_READ',
    'src, member, ...',
    'Reads kernel memory along a chain of members, relocated to the kernel it runs on',
  ),
  macro(
    'BPF_CORE_READ_INTO',
    'dst, src, member, ...',
    'BPF_CORE_READ into a variable; returns 0 or a negative errno',
  ),
  macro(
    'BPF_CORE_READ_STR_INTO',
    'dst, src, member, ...',
    'Reads a kernel string at the end of a chain of members',
  ),
  macro('BPF_CORE_READ_USER', 'src, member, ...', 'BPF_CORE_READ of user memory laid out by kernel types'),
  macro('BPF_CORE_READ_BITFIELD', 'src, member', 'Reads a bit field through a trusted pointer'),
  macro('BPF_CORE_READ_BITFIELD_PROBED', 'src, member', 'Reads a bit field of kernel memory'),
  macro('BPF_PROBE_READ', 'src, member, ...', 'Chain of reads without CO-RE relocations'),
  macro('BPF_PROBE_READ_USER', 'src, member, ...', 'Chain of reads of user memory'),
  macro('bpf_core_read', 'dst, size, src', 'bpf_probe_read_kernel with a CO-RE relocated source'),
  macro('bpf_core_read_str', 'dst, size, src', 'bpf_probe_read_kernel_str with a CO-RE relocated source'),
  macro('bpf_core_field_exists', 'field', 'Whether the target kernel has the member'),
  macro('bpf_core_field_size', 'field', 'Size of the member on the target kernel'),
  macro('bpf_core_field_offset', 'field', 'Offset of the member on the target kernel'),
  macro('bpf_core_type_exists', 'type', 'Whether the target kernel has the type'),
  macro('bpf_core_type_size', 'type', 'Size of the type on the target kernel'),
  macro('bpf_core_enum_value', 'enum_type, value', 'The enumerator as the target kernel numbers it'),
  macro('bpf_core_enum_value_exists', 'enum_type, value', 'Whether the target kernel has the enumerator'),
  macro('bpf_core_type_id_kernel', 'type', "The type's id in the kernel's BTF"),
  macro('bpf_printk', '"format", ...', 'Writes a line to the trace pipe; for debugging'),
  macro('BPF_SEQ_PRINTF', 'seq, "format", ...', "Prints into an iterator's file"),
  macro('BPF_SNPRINTF', 'out, out_size, "format", ...', 'Formats into a buffer (5.13)'),
  macro('bpf_for', 'i, start, end', 'Loop of any number of rounds that the verifier takes (6.4)'),
  macro('bpf_repeat', 'count', 'Repeats that many times (6.4)'),
  macro('PT_REGS_PARM1', 'ctx', 'First argument of the function a kprobe is at'),
  macro('PT_REGS_PARM2', 'ctx', 'Second argument'),
  macro('PT_REGS_PARM3', 'ctx', 'Third argument'),
  macro('PT_REGS_RC', 'ctx', 'What the function returned, in a kretprobe'),
  macro('PT_REGS_IP', 'ctx', 'Instruction pointer'),
  macro('bpf_htons', 'x', '16 bits from host to network byte order'),
  macro('bpf_ntohs', 'x', '16 bits from network to host byte order'),
  macro('bpf_htonl', 'x', '32 bits from host to network byte order'),
  macro('bpf_ntohl', 'x', '32 bits from network to host byte order'),
];

/** Macros that define a program; the name is followed by the arguments of its attach point. */
export const PROGRAM_MACRO_TEXT: Readonly<Record<string, string>> = {
  BPF_PROG:
    'Program with typed arguments: fentry, fexit, tp_btf, raw_tp, lsm. An fexit program may name the result last.',
  BPF_PROG2: 'BPF_PROG for functions that take structs by value (6.0)',
  BPF_KPROBE: "Kprobe with the function's arguments by name",
  BPF_KRETPROBE: 'Kretprobe with the result by name',
  BPF_UPROBE: "Uprobe with the function's arguments by name",
  BPF_URETPROBE: 'Uretprobe with the result by name',
  BPF_KSYSCALL: "Program at a system call, with the call's arguments by name",
  BPF_USDT: "Program at a static probe, with the probe's arguments by name",
};
