/** Helpers as declared and documented by the machine's libbpf. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type HelperDeclaration, helperDeclarations } from '../../shared/bpf/helper-declarations';

export interface Helper extends Omit<HelperDeclaration, 'comment' | 'parameters'> {
  /** Declarations, e.g. "void *map". */
  readonly parameters: readonly string[];
  /** Markdown. */
  readonly documentation: string;
}

/** Reads every helper of a bpf_helper_defs.h. */
export function parseHelperDefs(text: string): Map<string, Helper> {
  return new Map(
    helperDeclarations(text).map(({ comment, parameters, ...rest }) => [
      rest.name,
      {
        ...rest,
        parameters: parameters === 'void' ? [] : parameters.split(/,\s*/),
        documentation: documentationOf(comment, rest.name),
      },
    ]),
  );
}

/** The helpers of the libbpf headers in the first of `folders` that has them; empty if none has. */
export function readHelperDefs(folders: readonly string[]): Map<string, Helper> {
  for (const folder of folders) {
    try {
      return parseHelperDefs(readFileSync(path.join(folder, 'bpf', 'bpf_helper_defs.h'), 'utf8'));
    } catch {
      // Not installed there: try the next folder.
    }
  }
  return new Map();
}

/** Converts the comment's reStructuredText to Markdown. */
function documentationOf(comment: string, name: string): string {
  const lines = comment.split('\n').map(line => line.replace(/^ \*\s?/, '').replace(/^\t/, ''));
  const text: string[] = [];
  let isLiteral = false;
  for (const line of lines) {
    if (line.trim() === name && text.length === 0) continue;
    if (line.trim() === '::') {
      isLiteral = true;
      text.push('```');
      continue;
    }
    if (isLiteral && line.trim() !== '' && !/^\s/.test(line)) {
      isLiteral = false;
      text.push('```');
    }
    if (isLiteral) {
      text.push(line);
      continue;
    }
    const plain = line
      .replace(/\\\//g, '/')
      .replace(/\\ /g, '')
      .replace(/``([^`]+)``/g, '`$1`');
    text.push(
      plain === 'Returns' ? '\n**Returns**\n' : plain.replace(/^\t+/, indent => '  '.repeat(indent.length)),
    );
  }
  if (isLiteral) text.push('```');
  return text
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** "void *map" → "map". */
export function parameterName(declaration: string): string {
  return /(\w+)(?:\[\w*\])?$/.exec(declaration)?.[1] ?? declaration;
}

export function helperPrototype(helper: Helper): string {
  const star = helper.returnType.endsWith('*') ? '' : ' ';
  return `${helper.returnType}${star}${helper.name}(${helper.parameters.join(', ') || 'void'})`;
}
