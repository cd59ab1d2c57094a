/** Classifies the lines of a verifier log (kernel/bpf/verifier.c and log.c, 4.x to 7.x). */
import { type LogSource, MAX_LINE, type VerifierStatistics } from './model';

export type LogLine =
  | { readonly kind: 'blank' | 'noise' }
  | { readonly kind: 'source'; readonly source: LogSource }
  | { readonly kind: 'step'; readonly instruction: number; readonly text: string; readonly state: string }
  /** instruction null: a state without an instruction ("caller:", "R0=…"). */
  | { readonly kind: 'state'; readonly instruction: number | null; readonly state: string }
  | { readonly kind: 'jump'; readonly from: number; readonly to: number; readonly state: string }
  | { readonly kind: 'statistics'; readonly statistics: VerifierStatistics }
  | { readonly kind: 'detail'; readonly detail: Partial<VerifierStatistics> }
  /** A line of a BTF dump (kernel/bpf/btf.c); the last one of a refused load ends with the reason. */
  | { readonly kind: 'types'; readonly text: string }
  /** A remark about a function's arguments: the reason only where the log says nothing after it. */
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'message'; readonly text: string };

const STEP = /^(\d+): \([0-9a-f]{2}\) (.*)$/;
/** libbpf replaces the call left by a failed relocation with this. */
const POISON = /^(\d+): (<invalid [^>]+>)$/;
const STATE_AT = /^(\d+): ((?:frame\d+: )?R\d.*|safe)$/;
const STATE = /^ ?(?:frame\d+:? ?)?(R\d+(?:_[a-zA-Z]+)?=.*)$/;
const JUMP = /^(?:from )?(\d+) to (\d+)(?: \(speculative execution\))?: ?(.*)$/;
const PLACED_SOURCE = /^(.*?) ?@ ([^@\s]+):(\d+)(?::\d+)?$/;
const STATISTICS =
  /^processed (\d+) insns(?: \(limit (\d+)\))?(?:.*?max_states_per_insn (\d+))?(?:.*?total_states (\d+))?(?:.*?peak_states (\d+))?(?:.*?mark_read (\d+))?/;
/** Verifier output that is never the reason: precision marks, function lists, live registers, pruning. */
const NOISE = new RegExp(
  [
    'func#\\d+ @\\d+',
    'last_idx ',
    'first_idx ',
    'regs=',
    'parent ',
    'mark_precise',
    'propagating ',
    'caller:',
    'callee:',
    'returning from callee:',
    'to caller at \\d+:',
    'returning to callee:',
    'Live regs before insn:',
    'Validating \\S+\\(\\) func#\\d+',
    'Func#\\d+ (?:.*)?is safe for any args',
    'Func#\\d+ is global and valid\\. Skipping',
    "func '\\S+' arg\\d+ has btf_id",
    'cur state:',
    'old state:',
    'stack=',
    'insn_idx ',
    '\\((?:\\d+ line(?:s|\\(s\\))? omitted|truncated)\\)',
  ].join('|'),
).source;
const NOISE_LINE = new RegExp(`^\\s*(?:${NOISE})`);
const REMARK =
  /^(?:arg#\d+ reference type\(.*\) size cannot be determined|reg type unsupported for arg#\d+ function|trace type programs with run-time allocated hash maps are unsafe)/;
/** States that a terminal has wrapped: their first register, or whatever was cut at the end of a line. */
const WRAPPED_STATE =
  /^\s*(?:(?:R\d+|fp-?\d+)(?:_\w+)?=|refs=\d|\S*(?:var_off|umax(?:_value)?|umin(?:_value)?|ref_obj_id|imm)=)/;
const TYPES =
  /^(?:\[\d+\] (?:(?:INT|PTR|ARRAY|STRUCT|UNION|ENUM|ENUM64|FWD|TYPEDEF|VOLATILE|CONST|RESTRICT|FUNC|FUNC_PROTO|VAR|DATASEC|FLOAT|DECL_TAG|TYPE_TAG)\b|Invalid|Unknown)|(?:magic|version|flags|hdr_len|type_off|type_len|str_off|str_len|btf_total_size): |\t?[\w.()]+ type_id=\d+ )/;
/** Level 2: "  3: .1........ (b7) r1 = 0" of the live register table. */
const LIVE_REGISTERS = /^\s*\d+: [.0-9]{10,11} \([0-9a-f]{2}\)/;

export function classifyLine(line: string): LogLine {
  if (line.trim() === '') return { kind: 'blank' };
  if (line.startsWith(';')) return { kind: 'source', source: parseSource(line.slice(1)) };
  const step = STEP.exec(line);
  if (step) return { kind: 'step', instruction: Number(step[1]), ...splitState(step[2] ?? '') };
  const poison = POISON.exec(line);
  if (poison) return { kind: 'step', instruction: Number(poison[1]), text: poison[2] ?? '', state: '' };
  const stateAt = STATE_AT.exec(line);
  if (stateAt) return { kind: 'state', instruction: Number(stateAt[1]), state: stateAt[2] ?? '' };
  const jump = JUMP.exec(line);
  if (jump) return { kind: 'jump', from: Number(jump[1]), to: Number(jump[2]), state: jump[3] ?? '' };
  const state = STATE.exec(line);
  if (state) return { kind: 'state', instruction: null, state: state[1] ?? '' };
  const statistics = STATISTICS.exec(line);
  if (statistics) return { kind: 'statistics', statistics: readStatistics(statistics) };
  const time = /^verification time (\d+) usec/.exec(line);
  if (time) return { kind: 'detail', detail: { verificationTimeUs: Number(time[1]) } };
  const depth = /^stack depth ([\d+]+)/.exec(line);
  if (depth) return { kind: 'detail', detail: { stackDepthBytes: (depth[1] ?? '').split('+').map(Number) } };
  if (NOISE_LINE.test(line) || LIVE_REGISTERS.test(line)) return { kind: 'noise' };
  if (TYPES.test(line)) return { kind: 'types', text: line.trim() };
  if (REMARK.test(line.trimStart())) return { kind: 'remark', text: line.trim() };
  return { kind: 'message', text: line.trim() };
}

/** True for the rest of a state line; ask only for lines that no sentence of the kernel is like. */
export const isWrappedState = (line: string): boolean => WRAPPED_STATE.test(line);

function parseSource(text: string): LogSource {
  const placed = PLACED_SOURCE.exec(text.trim());
  return placed && Number(placed[3]) <= MAX_LINE
    ? { text: (placed[1] ?? '').trim(), file: placed[2] ?? null, line: Number(placed[3]) }
    : { text: text.trim(), file: null, line: 0 };
}

/**
 * "r1 = 0                ; R1_w=0" → instruction and the state that 5.18 and later print after it. Where the kernel
 * truncated the log at a branch, the next line follows on the same line: "if w2 > 0x40 goto pc+1 6: R1_w=…",
 * "… goto pc-2 ; while (busy)".
 */
function splitState(text: string): { text: string; state: string } {
  const branch = /^(.* goto pc[+-]\d+) (?:\d+: (R\d.*|frame\d+: .*)|; .*)$/.exec(text);
  if (branch && !/^; (?:frame\d+: )?R\d/.test(text.slice((branch[1] ?? '').length + 1)))
    return { text: branch[1] ?? '', state: branch[2] ?? '' };
  const at = text.search(/\s+; (?:frame\d+: )?R\d/);
  if (at < 0) return { text: text.replace(/\s*;\s*$/, '').trimEnd(), state: '' };
  return { text: text.slice(0, at).trimEnd(), state: text.slice(at).replace(/^\s+; /, '') };
}

function readStatistics(match: RegExpExecArray): VerifierStatistics {
  const number = (group: number) => Number(match[group] ?? 0);
  return {
    processedInstructions: number(1),
    limit: number(2),
    maxStatesPerInstruction: number(3),
    totalStates: number(4),
    peakStates: number(5),
    markRead: number(6),
    verificationTimeUs: null,
    stackDepthBytes: [],
  };
}
