/** A parsed verifier log: one ProgramLog per program, with the log's original texts. */

/** The C line that precedes instructions in the log: "; text" up to 6.2, "; text @ file:line" since 6.3. */
export interface LogSource {
  /** Trimmed. */
  readonly text: string;
  readonly file: string | null;
  /** 1-based; 0 when the log does not contain it. */
  readonly line: number;
}

/** One instruction that the verifier processed, in the order of the path that ends at the error. */
export interface LogStep {
  /** Index in the program as loaded (subprograms follow the main function), in 8-byte units. */
  readonly instruction: number;
  /** Disassembly without the opcode: "r1 = *(u64 *)(r0 +0)". */
  readonly text: string;
  /** 0 in the program itself, 1 in a function it calls … */
  readonly frame: number;
  readonly source: LogSource | null;
  /** Register states as printed with or after the instruction; '' when the log has none. Read with registers.ts. */
  state: string;
}

/** "processed N insns (limit 1000000) max_states_per_insn N total_states N peak_states N mark_read N". */
export interface VerifierStatistics {
  readonly processedInstructions: number;
  readonly limit: number;
  readonly maxStatesPerInstruction: number;
  readonly totalStates: number;
  readonly peakStates: number;
  readonly markRead: number;
  /** "verification time N usec"; null when the log level did not include it. */
  readonly verificationTimeUs: number | null;
  /** Bytes per function; empty when the log level did not include it. */
  readonly stackDepthBytes: readonly number[];
}

/** One location in the report that 7.3 appends: an error, a branch that was taken, a value that changed. */
export interface ReportPlace {
  readonly function: string | null;
  readonly file: string | null;
  readonly line: number;
  readonly column: number;
  /** Null when the location has line information. */
  readonly instruction: number | null;
  /** "error", "branch", "note" … */
  readonly label: string;
  readonly message: string;
}

/** "Verification failed: <category>: <problem>" and its sections (kernel/bpf/diagnostics.c, 7.3). */
export interface VerifierReport {
  readonly category: string;
  readonly problem: string;
  /** Unwrapped text; '' when the section is missing. */
  readonly reason: string;
  readonly at: ReportPlace | null;
  readonly causalPath: readonly ReportPlace[];
  readonly suggestion: string;
}

export interface ProgramLog {
  /** As the loader's messages around the log name it (tc: the section); null in a bare kernel log. */
  readonly program: string | null;
  /** True where the kernel refused the object's type information (BPF_BTF_LOAD), not a program. */
  readonly isTypes: boolean;
  /** The path to the error, oldest first; in a log of every path (level 2) the last one. */
  readonly path: readonly LogStep[];
  /** State before the first instruction. */
  readonly entryState: string;
  /** Number of steps dropped at the start of `path`, because it is too long. */
  readonly dropped: number;
  /** The kernel's last messages, in order: lines that are not instructions, states, source or statistics. */
  readonly sentences: readonly string[];
  readonly report: VerifierReport | null;
  readonly statistics: VerifierStatistics | null;
}

/** The content of a text with verifier logs: of one program, or of a loader that tried several. */
export interface ParsedLog {
  readonly programs: readonly ProgramLog[];
  readonly loaderMessages: readonly LoaderMessage[];
}

/** A sentence of a loader's own. */
export interface LoaderMessage {
  /** "libbpf", "bpftool", "ebpf-go" … */
  readonly by: string;
  /** Without the loader's name before it. */
  readonly text: string;
  /** The program it is about, where the loader said so. */
  readonly program: string | null;
}

/** BPF_LINE_INFO_LINE_NUM and _COL (include/uapi/linux/btf.h) have 22 and 10 bits. */
export const MAX_LINE = (1 << 22) - 1;
export const MAX_COLUMN = (1 << 10) - 1;
