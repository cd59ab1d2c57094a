/** clang's diagnostics as data. Lines and columns are 1-based; columns count bytes, as clang does. */

export interface Fixit {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Exclusive; equal to `column` (on the same line) for an insertion. */
  readonly endColumn: number;
  readonly text: string;
}

export interface DiagnosticNote {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface CompileDiagnostic {
  /** '' and line 0 if the diagnostic has no location (an unknown flag, an unreadable file). */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Exclusive end on the same line, if clang reported a range. */
  readonly endColumn?: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** The warning's flag, e.g. "-Wunused-variable"; '' if it has none. */
  readonly flag: string;
  readonly notes: readonly DiagnosticNote[];
  readonly fixits: readonly Fixit[];
}

/** Flags that make clang's text output parseable, unchanged since clang 14 (SARIF output has no fix-its and came with 15). */
export const DIAGNOSTIC_FLAGS: readonly string[] = [
  '-fno-color-diagnostics',
  '-fdiagnostics-print-source-range-info',
  '-fdiagnostics-parseable-fixits',
  '-fdiagnostics-absolute-paths',
];

const LOCATED =
  /^(.+?):(\d+):(\d+):((?:\{\d+:\d+-\d+:\d+\})*):? ?(fatal error|error|warning|note|remark): (.*)$/;
const UNLOCATED = /^(?:[\w./+-]+: )?(fatal error|error|warning): (.*)$/;
const FIXIT = /^fix-it:"((?:[^"\\]|\\.)*)":\{(\d+):(\d+)-(\d+):(\d+)\}:"((?:[^"\\]|\\.)*)"$/;
const RANGE = /\{(\d+):(\d+)-(\d+):(\d+)\}/g;

type Draft = { -readonly [K in keyof CompileDiagnostic]: CompileDiagnostic[K] } & {
  notes: DiagnosticNote[];
  fixits: Fixit[];
};

/**
 * Parses clang's standard error, written with DIAGNOSTIC_FLAGS. Notes, and their fix-its, belong to the diagnostic
 * before them. Unknown lines (source excerpts, "In file included from") are skipped.
 */
export function parseDiagnostics(stderr: string): CompileDiagnostic[] {
  const diagnostics: Draft[] = [];
  for (const line of stderr.split('\n')) {
    const last = diagnostics.at(-1);
    const fixit = FIXIT.exec(line);
    if (fixit) {
      const [, file = '', startLine, column, endLine, endColumn, text = ''] = fixit;
      last?.fixits.push({
        file: unescapeC(file),
        line: Number(startLine),
        column: Number(column),
        endLine: Number(endLine),
        endColumn: Number(endColumn),
        text: unescapeC(text),
      });
      continue;
    }
    const located = LOCATED.exec(line);
    if (located) {
      const [, file = '', atLine, atColumn, ranges = '', severity = '', text = ''] = located;
      const place = { file, line: Number(atLine), column: Number(atColumn) };
      if (severity === 'note') last?.notes.push({ ...place, message: text });
      else diagnostics.push(draft(place, severity, text, endColumn(ranges, place.line, place.column)));
      continue;
    }
    const unlocated = UNLOCATED.exec(line);
    if (unlocated) {
      const [, severity = '', text = ''] = unlocated;
      diagnostics.push(draft({ file: '', line: 0, column: 0 }, severity, text, undefined));
    }
  }
  return diagnostics;
}

/** Removes the machine-readable parts: leaves what clang prints without DIAGNOSTIC_FLAGS. */
export function readableOutput(stderr: string): string {
  return stderr
    .split('\n')
    .filter(line => !line.startsWith('fix-it:"'))
    .map(line => line.replace(/^(.+?:\d+:\d+):(?:\{\d+:\d+-\d+:\d+\})+:/, '$1:'))
    .join('\n');
}

function draft(
  place: { file: string; line: number; column: number },
  severity: string,
  text: string,
  end: number | undefined,
): Draft {
  const flag = / \[(-W[^\]]*)\]$/.exec(text);
  return {
    ...place,
    ...(end === undefined ? {} : { endColumn: end }),
    severity: severity.endsWith('error') ? 'error' : 'warning',
    message: flag ? text.slice(0, flag.index) : text,
    flag: flag?.[1] ?? '',
    notes: [],
    fixits: [],
  };
}

/** End of the range around the caret, else of the first range after it on that line. */
function endColumn(ranges: string, line: number, column: number): number | undefined {
  let following: number | undefined;
  for (const [, startLine, start, endLine, end] of ranges.matchAll(RANGE)) {
    if (Number(startLine) !== line || Number(endLine) !== line) continue;
    if (Number(start) <= column && column < Number(end)) return Number(end);
    if (Number(start) > column) following ??= Number(end);
  }
  return following;
}

/** Reverses raw_ostream::write_escaped (LLVM): \\ \t \n \" and octal. */
function unescapeC(text: string): string {
  const bytes: number[] = [];
  const source = Buffer.from(text, 'utf8');
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] ?? 0;
    if (byte !== 0x5c) {
      bytes.push(byte);
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(source.toString('latin1', i + 1, i + 4))?.[0];
    if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8));
      i += 3;
      continue;
    }
    const next = source[++i] ?? 0x5c;
    bytes.push(next === 0x74 ? 9 : next === 0x6e ? 10 : next);
  }
  return Buffer.from(bytes).toString('utf8');
}
