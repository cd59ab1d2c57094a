/** The report that kernels since 7.3 append to a log: "Verification failed: …" and sections at column 0. */
import { MAX_COLUMN, MAX_LINE, type ReportPlace, type VerifierReport } from './model';

export const REPORT_START = 'Verification failed: ';
/** "Reason:", "At:", "Causal path:", "Active lock:", "Suggestion:", and what later kernels add. */
const SECTION = /^([A-Z][a-z]+(?: [a-z]+)*):$/;

const PLACED = /^ {2}(?:(\S+) @ )?(\S.*):(\d+):(\d+)$/;
const UNPLACED = /^ {2}insn (\d+)$/;
/** "      | ^-- error: text"; further lines are indented to where the text began. */
const ANNOTATION = /^\s*\|\s*\^-- ([^:]+): (.*)$/;
const CONTINUATION = /^\s*\| {4,}(\S.*)$/;

/** `lines` begin with the "Verification failed: " line and end with the report. */
export function parseReport(lines: readonly string[]): VerifierReport {
  const [, category = '', problem = ''] =
    /^Verification failed: ([^:]*)(?:: (.*))?$/.exec((lines[0] ?? '').trimEnd()) ?? [];
  const sections = new Map<string, string[]>();
  let current: string[] | null = null;
  for (const line of lines.slice(1)) {
    const section = SECTION.exec(line.trimEnd())?.[1];
    if (section) {
      current = [];
      sections.set(section, current);
    } else {
      current?.push(line.trimEnd());
    }
  }
  const text = (section: string) =>
    (sections.get(section) ?? [])
      .map(line => line.trim())
      .filter(line => line !== '')
      .join(' ');
  return {
    category: category.trim(),
    problem: problem.trim(),
    reason: text('Reason'),
    at: parsePlaces(sections.get('At') ?? [])[0] ?? null,
    causalPath: [
      ...parsePlaces(sections.get('Causal path') ?? []),
      ...parsePlaces(sections.get('Active lock') ?? []),
    ],
    suggestion: text('Suggestion'),
  };
}

/** Blocks that each begin with a location; the annotation "^-- label: message" may span several lines. */
function parsePlaces(lines: readonly string[]): ReportPlace[] {
  const places: ReportPlace[] = [];
  let label = '';
  let message: string[] = [];
  let place: Omit<ReportPlace, 'label' | 'message'> | null = null;
  const finish = () => {
    if (place) places.push({ ...place, label, message: message.join(' ') });
    place = null;
    label = '';
    message = [];
  };
  for (const text of lines) {
    const placed = PLACED.exec(text);
    const counted = UNPLACED.exec(text);
    const annotation = ANNOTATION.exec(text);
    const more = label !== '' ? CONTINUATION.exec(text) : null;
    if (counted) {
      finish();
      place = { function: null, file: null, line: 0, column: 0, instruction: Number(counted[1]) };
    } else if (placed) {
      finish();
      // A number that the kernel cannot have printed means a damaged log: ignore the location.
      const [line, column] = [Number(placed[3]), Number(placed[4])];
      place = {
        function: placed[1] ?? null,
        ...(line >= 1 && line <= MAX_LINE && column <= MAX_COLUMN
          ? { file: placed[2] ?? null, line, column }
          : { file: null, line: 0, column: 0 }),
        instruction: null,
      };
    } else if (annotation) {
      label = annotation[1] ?? '';
      message = [annotation[2] ?? ''];
    } else if (more) {
      message.push(more[1] ?? '');
    }
  }
  finish();
  return places;
}
