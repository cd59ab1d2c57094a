/** The program as a whole: loops, size, shape. */
import type { CatalogueEntry } from './entry';

export const FLOW: readonly CatalogueEntry[] = [
  {
    code: 'loop-not-bounded',
    title: 'A loop that the verifier cannot prove to end',
    sentences: [
      /^infinite loop detected at insn (?<insn>\d+)/,
      /^back-edge from insn (?<insn>\d+) to (?<to>\d+)/,
    ],
    message: () => 'The verifier cannot prove that this loop ends.',
    why: 'Another iteration of the loop leads to a state that the verifier has already seen, so the loop might never end. A loop must count towards a known limit, in a variable that the compiler keeps in a register.',
    fix: 'Loop a fixed number of times and break early (for (i = 0; i < MAX; i++) if (done) break;), or use bpf_loop() (5.17 and later) or bpf_for() (6.4 and later). Kernels before 5.3 do not allow loops: use #pragma unroll.',
    example: {
      wrong: 'while (busy)\n\t;',
      right: 'for (i = 0; i < 16 && busy; i++)\n\t;',
    },
    related: ['path'],
  },
  {
    code: 'too-many-instructions',
    title: 'Too complex for the verifier',
    sentences: [
      /^BPF program is too large\. Processed (?<count>\d+) insn/,
      /^The sequence of (?<jumps>\d+) jumps is too complex/,
      /^(?:program too large|too many states)/i,
      /^frame\d+ bpf_loop iteration limit reached/,
      // From a loader, without the log: the verifier's limit, not the program's size (E2BIG of do_check()).
      /(?:load bpf program failed|BPF program load failed|failed to load.*|load program|syscall (?:failed|returned)|rejected|event=\S+|Failed to load .*): ?(?<errno>-7\b|Argument list too long)/i,
      /syscall (?:failed|returned) (?<errno>Argument list too long)/i,
      /^(?<errno>Argument list too long)/i,
      /\b(?<errno>E2BIG)\b/,
    ],
    message: ({ groups }) =>
      groups.jumps
        ? `The verifier gave up after ${groups.jumps} unexplored branches.`
        : `The verifier gave up after ${groups.count ? `${groups.count} instructions` : 'its limit of instructions'}${groups.errno ? ' (E2BIG; it counts each instruction once for every path and round of a loop)' : ''}.`,
    why: 'The verifier follows every path through the program and each iteration of a loop, up to 1,000,000 instructions (4,096 before 5.2) and 8,192 open branches. Nested loops and branches inside loops multiply.',
    fix: 'Reduce the number of iterations, move the body of the loop into a callback of bpf_loop() (verified once), make big functions __noinline and global so that they are verified separately, or split the program with a tail call.',
    example: {
      wrong: 'for (i = 0; i < 1000000; i++)\n\tsum += step(i);',
      right: 'bpf_loop(1000000, step, &context, 0);',
    },
    related: ['path'],
  },
  {
    code: 'call-chain-too-deep',
    title: 'Functions nested too deeply',
    sentences: [/^the call stack of (?<depth>\d+) frames is too deep/, /^recursive call/],
    message: ({ groups }) =>
      groups.depth ? `Calls are nested ${groups.depth} deep; the limit is 8.` : 'A function calls itself.',
    why: 'A program may nest calls of its own functions 8 deep, and no function may call itself.',
    fix: 'Inline functions with __always_inline, or turn the recursion into a loop.',
  },
  {
    code: 'unreachable-code',
    title: 'Unreachable instructions',
    sentences: [/^unreachable insn (?<insn>\d+)/],
    message: () => 'This code is unreachable.',
    why: 'The verifier rejects code that can never run (kernels before 5.0, and programs without CAP_BPF). The compiler emits it after a false promise in the source, for instance __builtin_unreachable().',
    fix: 'Remove the code, or the __builtin_unreachable() that made it unreachable.',
  },
  {
    code: 'missing-exit',
    title: 'Control flow runs past the end',
    sentences: [/^last insn is not an exit or jmp/, /^no exit instruction/],
    message: () => 'Control flow runs past the end of the code: a path has no return.',
    why: 'Each path must end with return. The compiler omits the return where it assumes that the code is never reached: after undefined behaviour (an uninitialised variable, an endless loop, __builtin_unreachable()).',
    fix: 'Compile with -Wall and fix what it reports for this function; end every path with return.',
    example: {
      wrong: 'int f(void *ctx) {\n\t__builtin_unreachable();\n}',
      right: 'int f(void *ctx) {\n\treturn 0;\n}',
    },
  },
  {
    code: 'jump-out-of-range',
    title: 'A jump to an instruction that does not exist',
    sentences: [/^jump out of range from insn (?<insn>\d+) to (?<to>-?\d+)/],
    message: ({ groups }) =>
      `Instruction ${groups.insn} jumps to instruction ${groups.to}, which is not part of this function.`,
    why: 'Jumps stay inside their function. clang keeps that rule: the target is wrong when code was assembled by hand, patched or cut after compiling, or when a loader joined functions or moved instructions wrongly.',
    fix: 'Load the object with a current libbpf, check hand-written instructions and inline assembly for their offsets, and load every function that the program calls.',
  },
  {
    code: 'invalid-instruction',
    title: 'Instructions that this kernel does not support',
    sentences: [
      /^unknown opcode (?<opcode>\w+)/,
      /^BPF_\w+ uses reserved fields/,
      /^invalid BPF_LD_IMM64 insn/,
      /^invalid (?:BPF_)?\w+ (?:opcode|mode|instruction)/i,
      /^R\d+ is invalid$/,
      /^frame pointer is read only/,
      /^BPF_(?:ATOMIC|STX|ST|XADD) (?:stores )?into R\d+/,
      /^unrecognized bpf_ld_imm64 insn/,
      /^(?:BPF_JMP\/JMP32 uses reserved|BPF_ATOMIC uses invalid|invalid (?:BPF_JMP|BPF_LD_IMM|bpf_ld_imm64|atomic operand|shift|may_goto)|div by zero|jump into the middle of ldimm64|BPF_LD_\[ABS\|IND\] (?:uses reserved|instructions not)|at the time of BPF_LD_ABS|LD_ABS is only|addr_space_cast insn|JIT (?:does not|doesn't) support|unknown opcode)/,
      /\barena\b/,
    ],
    message: ({ sentence }) => `This kernel does not support the instruction: ${sentence}.`,
    why: 'The compiler used an instruction set that is newer than this kernel’s, or the operation is not allowed on this memory (atomics work only on map values, records and the stack).',
    fix: 'Compile for an older instruction set (-mcpu=v2 for kernels before 5.12), and use atomics only on map values.',
    related: ['origin'],
  },
];
