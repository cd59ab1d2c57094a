/**
 * The end of a verifier log: the sentence that says why a program was refused, and the C line it is about. Reads the
 * plain dialect (kernel/bpf/verifier.c up to 7.2) and the report that 7.3 appends to it ("Verification failed: ...").
 */
import type { Program, SourceLine } from '../object/model';

export interface LastWords {
  /** "R1 invalid mem access 'scalar'", "Memory Safety: out-of-bounds access". */
  readonly sentence: string;
  /** Instruction the verifier stopped at, counted in the loaded program; null when the log names none. */
  readonly instruction: number | null;
  /** C text of the last source line in the log (BTF line_info), trimmed. */
  readonly sourceText: string | null;
  /** Where the log itself says so: "@ file:line" (6.3 and later) or the 7.3 report. Column is 0 when unknown. */
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null;
}

const INSTRUCTION = /^\s*(\d+): \([0-9a-f]{2}\) /;
/** Register states: "12: R0=...", "; R1_w=...", "from 3 to 7: R0=...". */
const STATE = /^(?:\s*\d+: (?:R\d|frame)|from \d+ to \d+|\s*R\d\w*=)/;
const SOURCE = /^; (.*)$/;
const SOURCE_PLACE = /^(.*?) @ ([^@\s]+):(\d+)$/;
const STATISTICS =
  /^(?:processed \d+ insns|verification time |stack depth |-- (?:BEGIN|END) PROG LOAD LOG|max_states_per_insn|func#\d+ @|last_idx |regs=|mark_precise|propagating )/;

/** Null when the log has no line that could be a reason. */
export function lastWords(log: string): LastWords | null {
  const lines = log.split('\n');
  const report = lines.findIndex(line => line.startsWith('Verification failed: '));
  const plain = readPlain(report === -1 ? lines : lines.slice(0, report));
  if (report === -1) return plain;
  const reported = readReport(lines.slice(report));
  return {
    sentence: reported.sentence,
    instruction: reported.instruction ?? plain?.instruction ?? null,
    sourceText: plain?.sourceText ?? null,
    place: reported.place ?? plain?.place ?? null,
  };
}

/** The source line of `program` that the words are about, or null when the object has no line information for it. */
export function sourceLineOf(words: LastWords, program: Program): SourceLine | null {
  const { place, sourceText, instruction } = words;
  if (place) {
    const named = program.sourceLines.find(
      each => each.line === place.line && each.file.endsWith(place.file.replace(/^.*\//, '')),
    );
    return named ?? { instruction: 0, ...place, text: sourceText ?? '' };
  }
  if (sourceText === null) return null;
  const same = program.sourceLines.filter(each => each.text.trim() === sourceText);
  if (instruction === null || same.length < 2) return same.at(-1) ?? null;
  // The same text can be on several lines: the last one at or before the instruction, counted from the program's first.
  const first = program.sourceLines[0]?.instruction ?? 0;
  return same.filter(each => each.instruction - first <= instruction).at(-1) ?? same[0] ?? null;
}

function readPlain(lines: readonly string[]): LastWords | null {
  let instruction: number | null = null;
  let sourceText: string | null = null;
  let place: LastWords['place'] = null;
  let sentence: string | null = null;
  for (const line of lines) {
    const source = SOURCE.exec(line);
    const step = INSTRUCTION.exec(line);
    if (source) {
      const placed = SOURCE_PLACE.exec(source[1] ?? '');
      sourceText = (placed ? placed[1] : source[1])?.trim() ?? null;
      place = placed ? { file: placed[2] ?? '', line: Number(placed[3]), column: 0 } : null;
    } else if (step) {
      instruction = Number(step[1]);
    } else if (line.trim() !== '' && !STATE.test(line) && !STATISTICS.test(line)) {
      sentence = line.trim();
    }
  }
  return sentence === null ? null : { sentence, instruction, sourceText, place };
}

/** "Verification failed: <Category>: <Problem>", then sections at column 0 whose bodies are indented. */
function readReport(lines: readonly string[]): Pick<LastWords, 'sentence' | 'instruction' | 'place'> {
  const sentence = (lines[0] ?? '').replace('Verification failed: ', '').trim();
  const at = lines.indexOf('At:');
  const where = at === -1 ? '' : (lines[at + 1] ?? '').trim();
  const placed = /^\S+ @ (.+):(\d+):(\d+)$/.exec(where);
  const counted = /^insn (\d+)$/.exec(where);
  return {
    sentence,
    instruction: counted ? Number(counted[1]) : null,
    place: placed ? { file: placed[1] ?? '', line: Number(placed[2]), column: Number(placed[3]) } : null,
  };
}
