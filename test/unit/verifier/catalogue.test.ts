/** Sentences of kernels from 4.19 to 7.x and of libbpf, and the code each must get. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL_ENTRIES, recognise } from '../../../src/shared/verifier/catalogue';

const SENTENCES: readonly (readonly [string, string])[] = [
  ["R0 invalid mem access 'map_value_or_null'", 'unchecked-map-value'],
  ['R2 type=map_value_or_null expected=map_ptr', 'unchecked-map-value'],
  ["R6 invalid mem access 'alloc_mem_or_null'", 'unchecked-pointer'],
  ["R6 invalid mem access 'ringbuf_mem_or_null'", 'unchecked-pointer'],
  ['R1 type=alloc_mem_or_null expected=alloc_mem', 'unchecked-pointer'],
  ['Possibly NULL pointer passed to trusted arg0', 'unchecked-pointer'],
  ["R1 invalid mem access 'scalar'", 'invalid-memory-access'],
  ["R1 invalid mem access 'inv'", 'invalid-memory-access'],
  ["R3 min value is negative, either use unsigned or 'var &= const'", 'negative-size'],
  ['R2 min value is negative, either use unsigned index or do a if (index >=0) check.', 'negative-size'],
  ["R2 unbounded memory access, use 'var &= const' or 'if (var < const)'", 'unbounded-memory-access'],
  ['R1 unbounded memory access, make sure to bounds check any such access', 'unbounded-memory-access'],
  [
    'math between map_value pointer and register with unbounded min value is not allowed',
    'unbounded-memory-access',
  ],
  ['value -2147483648 makes map_value pointer be out of bounds', 'unbounded-memory-access'],
  ['invalid access to map value, value_size=64 off=64 size=4', 'out-of-bounds-access'],
  ['R1 max value is outside of the allowed memory range', 'out-of-bounds-access'],
  ['R0 max value is outside of the array range', 'out-of-bounds-access'],
  ['invalid access to memory, mem_size=8 off=8 size=8', 'out-of-bounds-access'],
  ['R3 invalid zero-sized read: u64=[0,64]', 'zero-sized-access'],
  ['R2 invalid zero-sized read', 'zero-sized-access'],
  ['invalid indirect read from stack off -24+4 size 20', 'invalid-stack-read'],
  ['invalid indirect read from stack R2 off -24+4 size 20', 'invalid-stack-read'],
  ['invalid read from stack R10 off -8+0 size 8', 'invalid-stack-read'],
  ['invalid read from stack off -8+0 size 8', 'invalid-stack-read'],
  ['invalid write to stack R10 off=-520 size=8', 'stack-out-of-bounds'],
  ['invalid variable-offset write to stack R2 var_off=(0x0; 0x3f) size=1', 'stack-out-of-bounds'],
  ['invalid unbounded variable-offset indirect access to stack R2', 'stack-out-of-bounds'],
  ['invalid stack type R2 off=-600 access_size=8', 'stack-out-of-bounds'],
  ['invalid stack off=-520 size=8', 'stack-out-of-bounds'],
  ['combined stack size of 2 calls is 640. Too large', 'stack-too-large'],
  ['attempt to corrupt spilled pointer on stack', 'corrupted-spill'],
  ['misaligned stack access off (0x0; 0x0)+-15+0 size 8', 'misaligned-access'],
  ['misaligned access off (0x0; 0x0)+-15+0 size 8', 'misaligned-access'],
  ['misaligned packet access off 2+(0x0; 0x0)+13+0 size 4', 'misaligned-access'],
  ['invalid access to packet, off=12 size=1, R1(id=0,off=12,r=0)', 'unchecked-packet-access'],
  ['R1 offset is outside of the packet', 'unchecked-packet-access'],
  ['write into map forbidden, value_size=4 off=0 size=4', 'read-only-memory'],
  ['R1 cannot write into rdonly_mem', 'read-only-memory'],
  ['only read is supported', 'kernel-memory-write'],
  ['access beyond struct file at off 8192 size 8', 'invalid-struct-access'],
  [
    'access beyond the end of member comm (mend:16) in struct task_struct with off 20 size 4',
    'invalid-struct-access',
  ],
  ['invalid bpf_context access off=4096 size=8', 'invalid-context-access'],
  ['dereference of modified ctx ptr R1 off=8 disallowed', 'invalid-context-access'],
  ["func 'vfs_read' doesn't have 7-th argument", 'invalid-context-access'],
  ['dereference of modified ptr_file ptr R1 off=8 disallowed', 'modified-pointer'],
  [
    'R0 pointer arithmetic on map_value_or_null prohibited, null-check it first',
    'pointer-arithmetic-forbidden',
  ],
  ['R1 pointer arithmetic with *= operator prohibited', 'pointer-arithmetic-forbidden'],
  ['R1 bitwise operator &= on pointer prohibited', 'pointer-arithmetic-forbidden'],
  ['R1 pointer += pointer prohibited', 'pointer-arithmetic-forbidden'],
  ['R1 32-bit pointer arithmetic prohibited', 'pointer-arithmetic-forbidden'],
  ['R0 leaks addr as return value', 'pointer-leak'],
  ['R6 leaks addr into map', 'pointer-leak'],
  ['same insn cannot be used with different pointers', 'mixed-pointers'],
  ['R0 !read_ok', 'uninitialized-register'],
  ["R2 is not a known constant'", 'constant-required'],
  ['cannot pass map_type 1 into func bpf_ringbuf_output#130', 'wrong-map-type'],
  ['R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value', 'wrong-argument-type'],
  ['R1 type=inv expected=fp', 'wrong-argument-type'],
  ['cannot call GPL-restricted function from non-GPL compatible program', 'gpl-only-helper'],
  ['cannot call GPL only function from proprietary program', 'gpl-only-helper'],
  ['unknown func bpf_copy_from_user#148', 'sleepable-required'],
  ['helper call might sleep in a non-sleepable prog', 'sleepable-required'],
  [
    'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable',
    'sleepable-not-supported',
  ],
  ['vfs_read is not sleepable', 'sleepable-not-supported'],
  ['tail_calls are not allowed in non-JITed programs with bpf-to-bpf calls', 'tail-call-rule'],
  ['unknown func bpf_redirect#23', 'helper-not-allowed'],
  ['program of this type cannot use helper bpf_redirect#23', 'helper-not-allowed'],
  ['invalid func unknown#9999', 'unknown-helper'],
  ['invalid func unknown#195896080', 'core-relocation-failed'],
  ['failed to resolve CO-RE relocation <byte_off> [5] struct a.b (0:0 @ offset 0)', 'core-relocation-failed'],
  ['calling kernel function bpf_task_acquire is not allowed', 'kfunc-not-allowed'],
  ['Unreleased reference id=2 alloc_insn=4', 'unreleased-reference'],
  ['BPF_EXIT instruction in main prog would lead to reference leak', 'unreleased-reference'],
  ['tail_call would lead to reference leak', 'unreleased-reference'],
  ['R1 must be referenced when passed to release function', 'reference-not-held'],
  ['tracing progs cannot use bpf_spin_lock yet', 'lock-misuse'],
  ['function calls are not allowed while holding a lock', 'lock-misuse'],
  [
    'At program exit the register R0 has value (0x1; 0x0) should have been in (0x0; 0x0)',
    'return-value-range',
  ],
  ['At program exit the register R0 has smin=1 smax=1 should have been in [0, 0]', 'return-value-range'],
  [
    'At program exit the register R0 has unknown scalar value should have been in (0x0; 0x3)',
    'return-value-range',
  ],
  ['Caller passes invalid args into func#1', 'invalid-function-arguments'],
  ['infinite loop detected at insn 2', 'loop-not-bounded'],
  ['back-edge from insn 9 to 4', 'loop-not-bounded'],
  ['BPF program is too large. Processed 1000001 insn', 'too-many-instructions'],
  ['The sequence of 8193 jumps is too complex.', 'too-many-instructions'],
  ['the call stack of 9 frames is too deep !', 'call-chain-too-deep'],
  ['unreachable insn 3', 'unreachable-code'],
  ['last insn is not an exit or jmp', 'missing-exit'],
  ['jump out of range from insn 3 to 900', 'jump-out-of-range'],
  ['unknown opcode db', 'invalid-instruction'],
  ['BPF_ATOMIC stores into R1 ctx is not allowed', 'invalid-instruction'],
  ["prog 'x': failed to find kernel BTF type ID of 'no_such': -3", 'attach-target-missing'],
  ['failed to open system Kconfig', 'missing-kernel-config'],
  ["extern 'CONFIG_NO_SUCH' (strong): not resolved", 'missing-kernel-config'],
  ["extern (var ksym) 'no_such': not found in kernel BTF", 'missing-kernel-symbol'],
  ["extern (func ksym) 'no_such': not found in kernel or module BTFs", 'missing-kernel-symbol'],
  ['BTF is required, but is missing or corrupted.', 'missing-btf'],
  ["kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?", 'missing-btf'],
  ["prog 'x': BPF program load failed: Operation not permitted", 'permission-denied'],
  // E2BIG is the verifier's limit of instructions that it walks.
  ["prog 'x': BPF program load failed: Argument list too long", 'too-many-instructions'],
  ['load program: argument list too long', 'too-many-instructions'],
  ['Program on_open too large (5000 insns), at most 4096 insns', 'program-too-large'],
  ['too many subprograms', 'program-too-large'],
  ['math between map_value pointer and 4294967295 is not allowed', 'pointer-offset-too-large'],
  ['math between fp pointer and -2147483648 is not allowed', 'pointer-offset-too-large'],
  ['helper access to the packet is not allowed', 'packet-access-by-helper'],
  ['invalid zero-sized read', 'zero-sized-access'],
  ["map 'tasks' has no valid kptr", 'kptr-misuse'],
  ["off=8 kptr isn't referenced kptr", 'kptr-misuse'],
  ['Expected an initialized dynptr as arg #1', 'dynptr-misuse'],
  ['cannot overwrite referenced dynptr', 'dynptr-misuse'],
  ['expected an initialized iter_num as arg #1', 'iterator-misuse'],
  ['tracing progs cannot use bpf_timer yet', 'timer-misuse'],
  ['callback function not static', 'callback-misuse'],
  ['bpf_spin_lock at off=16 must be held for bpf_list_head', 'lock-misuse'],
  ['rbtree_remove node input must be non-owning ref', 'graph-node-misuse'],
  ['only read from bpf_array is supported', 'map-struct-access'],
  ['access beyond struct bpf_map at off 256 size 4', 'map-struct-access'],
  ['cannot access ptr member ops with moff 0 in struct bpf_map with off 0 size 4', 'map-struct-access'],
  ['cannot return stack pointer to the caller', 'stack-pointer-escapes'],
  ['vfs_read() is not modifiable', 'attach-not-allowed'],
  ['Attaching fexit/fmod_ret to __noreturn functions is rejected.', 'attach-not-allowed'],
  [
    'R2 pointer arithmetic of map value goes out of range, prohibited for !root',
    'pointer-arithmetic-forbidden',
  ],
  ["'struct task_struct' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN", 'unprivileged-program'],
  ['verifier bug: allocated_stack too small', 'verifier-bug'],
  ['verifier internal error: no dynptr id', 'verifier-bug'],
  ["arg#0 reference type('UNKNOWN ') size cannot be determined: -22", 'invalid-function-arguments'],
  ["number of funcs in func_info doesn't match number of subprogs", 'function-info-mismatch'],
  ['missing btf func_info', 'function-info-mismatch'],
  ["prog 'x': missing .BTF.ext function info.", 'function-info-mismatch'],
  ['[14] Invalid kind:13', 'btf-rejected'],
  ["Error loading .BTF into kernel: -22. BTF is mandatory, can't proceed.", 'btf-rejected'],
  [
    "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
    'legacy-map-definition',
  ],
  ["map 'hosts': can't determine value size for type [12]: -22.", 'map-definition-invalid'],
  ["map 'hosts': unknown field 'sise'.", 'map-definition-invalid'],
  ["prog 'x': missing BPF prog type, check ELF section name 'handler'", 'unknown-section'],
  ["object file doesn't contain any bpf program", 'no-programs'],
  ["elf: 'a.txt' is not a proper ELF object", 'not-an-object'],
  ["prog 'x': failed to create kprobe 'vfs_reed+0x0' perf event: No such file or directory", 'attach-failed'],
  ["prog 'x': failed to load: -22", 'log-missing'],
  ['load program: permission denied', 'log-missing'],
  ["map 'totals': failed to create: Operation not permitted(-1)", 'permission-denied'],
  ['map events: map create: operation not permitted (MEMLOCK may be too low)', 'permission-denied'],
  ['map events: map create: invalid argument', 'map-creation-failed'],
  ["map 'totals': failed to create: Invalid argument(-22)", 'map-creation-failed'],
  ['ENOSPC', 'log-truncated'],
];

describe('the catalogue', () => {
  it.each(SENTENCES)('%s', (sentence, code) => {
    expect(recognise([sentence])?.entry.code).toBe(code);
  });

  it('leaves what it does not know', () => {
    expect(recognise(['a sentence nobody wrote yet'])).toBeNull();
  });

  it('has stable codes, each once, each with text', () => {
    const codes = ALL_ENTRIES.map(entry => entry.code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const entry of ALL_ENTRIES) {
      expect(entry.code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
      expect(entry.why.length).toBeGreaterThan(40);
      expect(entry.fix.length).toBeGreaterThan(20);
    }
  });

  it('has an example sentence here for every code but the last resort', () => {
    const tried = new Set(SENTENCES.map(([, code]) => code));
    const untried = ALL_ENTRIES.map(entry => entry.code).filter(code => !tried.has(code));
    // The path tells the first from others with the same sentence (history.test.ts).
    expect(untried).toEqual(['packet-pointer-invalidated', 'loader-failed', 'verifier-rejected']);
  });

  it('is the content of docs/verifier.md', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/verifier.md'), 'utf8');
    for (const entry of ALL_ENTRIES) expect(page).toContain(`\n## ${entry.code}\n\n**${entry.title}.**`);
  });
});
