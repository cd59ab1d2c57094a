import path from 'node:path';
import type { VerifierDiagnostic } from '../../shared/verifier/explain';
import { readUntrustedFileSync } from '../../system/untrusted-file';
import { printJson } from './json';

/** A file as it was typed, for paths that line information holds in full. */
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
    diagnostics: diagnostics.map(({ sentence, related, ...diagnostic }) => ({
      ...diagnostic,
      file: shown(diagnostic.file, files),
      related: related.map(place => ({ ...place, file: shown(place.file, files) })),
      sentence,
    })),
  });
}

/** As compilers print: place, message, the source line with a mark; then why and what to do; then the places that led there. */
export function diagnosticRows(diagnostic: VerifierDiagnostic, files: readonly TypedFile[]): string[] {
  const { code, message, explanation, related, sentence } = diagnostic;
  return [
    ...placeRows(diagnostic, `error: ${message} [${code}]`, files),
    ...wrap(explanation, 96).map(line => `    ${line}`),
    `    The kernel says: ${sentence}`,
    ...related.flatMap(place => placeRows(place, `note: ${place.message}`, files)),
  ];
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

function placeRows(place: Place, text: string, files: readonly TypedFile[]): string[] {
  const file = shown(place.file, files);
  const head = file === '' ? text : `${file}:${place.line}:${place.column}: ${text}`;
  const source = sourceLine(files.find(each => each.typed === file)?.path ?? place.file, place.line);
  if (source === null || source.trim() === '') return [head];
  const number = String(place.line).padStart(5);
  // Tabs stay tabs under tabs, so the mark stands under its character.
  const indent = source.slice(0, Math.max(0, place.column - 1)).replace(/[^\t]/g, ' ');
  return [head, `${number} | ${source.trimEnd()}`, `${' '.repeat(5)} | ${indent}^`];
}

/** The path as it was typed where it is the same file; else from here, or in full when it lies elsewhere. */
function shown(file: string, files: readonly TypedFile[]): string {
  const same =
    files.find(each => each.path === path.resolve(file)) ??
    files.find(each => each.typed.endsWith('.c') && path.basename(each.path) === path.basename(file));
  if (same || file === '') return same?.typed ?? file;
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** The file is named by an object's line information, which anybody may have written. */
const SOURCE_BYTES = 16 << 20;

const contents = new Map<string, readonly string[] | null>();

function sourceLine(file: string, line: number): string | null {
  let lines = contents.get(file);
  if (lines === undefined) {
    try {
      lines = readUntrustedFileSync(file, SOURCE_BYTES).toString().split('\n');
    } catch {
      // Compiled elsewhere, or a log without its source: the place alone has to do.
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
