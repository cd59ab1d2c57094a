import path from 'node:path';
import type { VerifierDiagnostic } from '../../shared/verifier/explain';
import { readUntrustedFileSync } from '../../system/untrusted-file';
import { printJson } from './json';

/** A file as typed by the user, to shorten the absolute paths of line information. */
export interface TypedFile {
  readonly typed: string;
  /** Absolute. */
  readonly path: string;
}

/** docs/cli.md: one object per rejected program. */
export function printRejectedJson(
  program: string,
  diagnostics: readonly VerifierDiagnostic[],
  files: readonly TypedFile[],
): void {
  printJson({
    type: 'rejected',
    program,
    diagnostics: diagnostics.map(({ sentence, reporter, related, ...diagnostic }) => ({
      ...diagnostic,
      file: shown(diagnostic.file, files),
      related: related.map(place => ({ ...place, file: shown(place.file, files) })),
      sentence,
      reporter,
    })),
  });
}

/** In compiler format: location, message, the source line with a caret; then the reason and fix; then related locations. */
export function diagnosticRows(diagnostic: VerifierDiagnostic, files: readonly TypedFile[]): string[] {
  const { code, message, explanation, related, sentence, reporter } = diagnostic;
  return [
    ...placeRows(diagnostic, `error: ${message} [${code}]`, files),
    ...wrap(explanation, 96).map(line => `    ${line}`),
    ...(sentence === ''
      ? []
      : [`    ${reporter === 'kernel' ? 'The kernel' : reporter} reported: ${sentence}`]),
    ...related.flatMap(place => placeRows(place, `note: ${place.message}`, files)),
  ];
}

interface Place {
  readonly file: string;
  /** null where the failure is not about a line. */
  readonly line: number | null;
  readonly column: number | null;
}

function placeRows(place: Place, text: string, files: readonly TypedFile[]): string[] {
  const file = shown(place.file, files);
  if (file === '' || place.line === null) return [file === '' ? text : `${file}: ${text}`];
  const head = `${file}:${place.line}:${place.column}: ${text}`;
  const source = sourceLine(files.find(each => each.typed === file)?.path ?? place.file, place.line);
  if (source === null || source.trim() === '') return [head];
  const number = String(place.line).padStart(5);
  // Keep tabs, so that the caret is below its character.
  const indent = source.slice(0, Math.max(0, (place.column ?? 1) - 1)).replace(/[^\t]/g, ' ');
  return [head, `${number} | ${source.trimEnd()}`, `${' '.repeat(5)} | ${indent}^`];
}

/** The path as typed if it is the same file; otherwise relative to the working directory, or absolute when outside it. */
function shown(file: string, files: readonly TypedFile[]): string {
  const same =
    files.find(each => each.path === path.resolve(file)) ??
    files.find(each => each.typed.endsWith('.c') && path.basename(each.path) === path.basename(file));
  if (same || file === '') return same?.typed ?? file;
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** Limit of the source file's size: its path comes from an object's line information, which is untrusted input. */
const SOURCE_BYTES = 16 << 20;

const contents = new Map<string, readonly string[] | null>();

function sourceLine(file: string, line: number): string | null {
  let lines = contents.get(file);
  if (lines === undefined) {
    try {
      lines = readUntrustedFileSync(file, SOURCE_BYTES).toString().split('\n');
    } catch {
      // Compiled elsewhere, or a log without its source: show only the location.
      lines = null;
    }
    contents.set(file, lines);
  }
  return lines?.[line - 1] ?? null;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}
