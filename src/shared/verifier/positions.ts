/** C positions of a log's instructions: from the object's line information, the log itself, or the source text. */
import { legacyMaps } from '../c/legacy-maps';
import { kconfigName } from '../c/line-names';
import type { Program, SourceLine } from '../object/model';
import type { LogSource, LogStep } from './model';

export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based; 1 when only the line is known. */
  readonly column: number;
  /** Trimmed C text; '' when unknown. */
  readonly text: string;
}

export interface PositionSources {
  /** The program that the log is about. */
  readonly program?: Program | undefined;
  /** Line information of called functions in other sections (".text"). */
  readonly subprogramLines?: readonly SourceLine[] | undefined;
  /** The C source and its file name, when there is no object. */
  readonly source?: { readonly file: string; readonly text: string } | undefined;
}

/** Returns null when the line of an instruction is unknown. */
export type PositionOf = (step: LogStep) => Position | null;

/** The first line at or after `from` that contains a name; for errors about a name, not about an instruction. */
export function positionOfName(name: string, sources: PositionSources, from: number): Position | null {
  const whole = new RegExp(`\\b${name.replace(/[^\w]/g, '')}\\b`);
  const { program, source } = sources;
  const first = program?.sourceLines[0]?.instruction ?? 0;
  const lines = (program?.sourceLines ?? []).filter(line => whole.test(line.text));
  const found = lines.find(line => line.instruction - first >= from) ?? lines[0];
  if (found) return positionOf(found);
  if (!source) return null;
  const texts = source.text.split('\n');
  // The declaration of a __kconfig variable or of a legacy map; else the last occurrence, which is a use.
  const declared = texts.findIndex(text => kconfigName(text) === name);
  const legacy = legacyMaps(source.text).find(each => each.name === name);
  const at =
    declared >= 0 ? declared : legacy ? legacy.line - 1 : texts.findLastIndex(text => whole.test(text));
  const text = texts[at];
  return text === undefined
    ? null
    : {
        file: source.file,
        line: at + 1,
        column: text.length - text.trimStart().length + 1,
        text: text.trim(),
      };
}

export function positionsFrom(sources: PositionSources): PositionOf {
  const { program } = sources;
  const lines = program?.sourceLines ?? [];
  const first = lines[0]?.instruction ?? 0;
  const others = sources.subprogramLines ?? [];
  const text = sources.source ? sourceIndex(sources.source) : null;
  return step => {
    if (program && lines.length > 0 && step.instruction < program.instructionCount) {
      const found = lastAtOrBefore(lines, first + step.instruction);
      // The log takes precedence when it was not made from this object.
      if (found && (!step.source || step.source.text === found.text.trim())) return positionOf(found);
    }
    if (!step.source) return null;
    return fromObject(step.source, [...others, ...lines]) ?? fromLog(step.source, text) ?? null;
  };
}

/** The program's first line, for errors about the whole program. */
export function programPosition(program: Program | undefined): Position | null {
  const line = program?.sourceLines[0];
  return line ? positionOf(line) : null;
}

function positionOf(line: SourceLine): Position {
  return {
    file: line.file,
    line: line.line,
    column: Math.max(1, line.column),
    text: line.text.trim(),
  };
}

function lastAtOrBefore(lines: readonly SourceLine[], instruction: number): SourceLine | null {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.instruction ?? 0) <= instruction) low = middle + 1;
    else high = middle;
  }
  return lines[low - 1] ?? null;
}

function fromObject(source: LogSource, lines: readonly SourceLine[]): Position | null {
  const named =
    source.line > 0 ? lines.find(line => line.line === source.line && sameFile(line, source)) : undefined;
  if (named) return positionOf(named);
  const same = source.line > 0 ? [] : lines.filter(line => line.text.trim() === source.text);
  return same[0] ? positionOf(same[0]) : null;
}

function sameFile(line: SourceLine, source: LogSource): boolean {
  return source.file !== null && baseName(line.file) === baseName(source.file);
}
const baseName = (file: string): string => file.replace(/^.*\//, '');

function fromLog(source: LogSource, text: SourceIndex | null): Position | null {
  // Compilers use line 0 for code without a source line.
  if (source.file !== null && source.line > 0)
    return { file: source.file, line: source.line, column: text?.column(source) ?? 1, text: source.text };
  const line = text?.lineOf(source.text) ?? null;
  return text && line !== null
    ? { file: text.file, line, column: text.column({ ...source, line }), text: source.text }
    : null;
}

interface SourceIndex {
  readonly file: string;
  lineOf(text: string): number | null;
  column(source: LogSource): number;
}

function sourceIndex(source: { readonly file: string; readonly text: string }): SourceIndex {
  const lines = source.text.split('\n');
  const byText = new Map<string, number>();
  lines.forEach((line, index) => {
    const key = line.trim();
    if (key !== '' && !byText.has(key)) byText.set(key, index + 1);
  });
  return {
    file: source.file,
    // The first of equal lines: the log alone cannot distinguish them.
    lineOf: text => byText.get(text) ?? null,
    column: ({ line, text, file }) => {
      const found = file === null || baseName(file) === baseName(source.file) ? lines[line - 1] : undefined;
      return found !== undefined && found.trim() === text ? found.length - found.trimStart().length + 1 : 1;
    },
  };
}
