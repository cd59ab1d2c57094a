/** .clangd, as far as it adds flags to the program. */
import path from 'node:path';
import { withoutOwnPart } from './clangd-file';
import { readText } from './files';
import { namesHeaders } from './flag-words';
import type { Program, Reading } from './model';

const CLANGD_BYTES = 1 << 20;

/** CompileFlags.Add of the nearest .clangd that says something about headers or macros of the program, without the part that we wrote. */
export async function fromClangd(program: Program): Promise<Reading> {
  for (const folder of program.folders) {
    const file = path.join(folder, '.clangd');
    const text = await readText(file, CLANGD_BYTES);
    if (text === null) continue;
    // Loaded with the first .clangd: it would cost every start of the extension otherwise.
    const { parseAllDocuments } = await import('yaml');
    const words = parseAllDocuments(withoutOwnPart(text)).flatMap(document =>
      document.errors.length > 0
        ? []
        : addedFlags(document.toJS({ maxAliasCount: 0 }), path.relative(folder, program.source)),
    );
    if (words.some(namesHeaders)) return { words, folder, file };
  }
  return null;
}

function addedFlags(fragment: unknown, relative: string): string[] {
  const { If: condition, CompileFlags: flags } = record(fragment);
  const { PathMatch: only, PathExclude: never } = record(condition);
  if (only !== undefined && !list(only).some(pattern => matches(pattern, relative))) return [];
  if (list(never).some(pattern => matches(pattern, relative))) return [];
  return list(record(flags).Add);
}

/** clangd's patterns match the whole path. One that could take exponential time (a repeated group) matches nothing. */
function matches(pattern: string, relative: string): boolean {
  if (pattern.length > 200 || /\)[*+?{]/.test(pattern)) return false;
  try {
    return new RegExp(`^(?:${pattern})$`).test(relative);
  } catch {
    return false;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter(one => typeof one === 'string');
}
