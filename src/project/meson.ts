/** Commands for BPF in meson.build files, read without running Meson. */
import path from 'node:path';
import { readText } from './files';
import type { Program, Reading } from './model';
import { isForBpf } from './shell-words';

const FILE_BYTES = 1 << 20;
/** What a part of an expression becomes that only Meson can compute; sortFlags drops a word with it. */
const UNKNOWN = '$<unknown>';

type Value = readonly string[];

/** The list with a BPF target in the nearest meson.build that has one. */
export async function fromMeson(program: Program): Promise<Reading> {
  const files: { file: string; text: string }[] = [];
  for (const folder of program.folders) {
    const file = path.join(folder, 'meson.build');
    const text = await readText(file, FILE_BYTES);
    if (text !== null) files.push({ file, text: text.replace(/^((?:[^'#\n]|'[^'\n]*')*)#.*$/gm, '$1') });
  }
  const [nearest] = files;
  if (!nearest) return null;
  const root = path.dirname(files.at(-1)?.file ?? nearest.file);
  const variables = new Map<string, Value>();
  for (const { file, text } of [...files].reverse()) {
    for (const [, name = '', operator, value = ''] of text.matchAll(
      /^\s*(\w+)\s*(\+?=)\s*(\[[^\]]*\]|[^\n[]+)$/gm,
    )) {
      const values = evaluate(value, { variables, folder: path.dirname(file), root });
      variables.set(name, operator === '+=' ? [...(variables.get(name) ?? []), ...values] : values);
    }
  }
  for (const { file, text } of files) {
    const folder = path.dirname(file);
    for (const [list] of text.matchAll(/\[[^[\]]*\]/g)) {
      const words = evaluate(list, { variables, folder, root });
      if (isForBpf(words)) return { words, folder: root, file };
    }
  }
  return { unused: 'no command in it compiles for BPF', file: nearest.file };
}

interface Scope {
  readonly variables: ReadonlyMap<string, Value>;
  readonly folder: string;
  readonly root: string;
}

/** The strings of an expression: a list, or parts joined with + and /. */
function evaluate(expression: string, scope: Scope): Value {
  const text = expression.trim();
  if (text.startsWith('[') && text.endsWith(']'))
    return splitAt(text.slice(1, -1), ',').flatMap(item => evaluate(item, scope));
  if (text === '') return [];
  const sum = splitAt(text, '+');
  if (sum.length > 1) return sum.map(part => evaluate(part, scope)).reduce(joined);
  const paths = splitAt(text, '/');
  if (paths.length > 1) return [paths.map(part => evaluate(part, scope).join('')).join('/')];
  const string = /^'([^']*)'$/.exec(text)?.[1];
  if (string !== undefined) return [string];
  if (/^meson\.current_source_dir\(\)$/.test(text)) return [scope.folder];
  if (/^meson\.(?:project_|global_)?source_root\(\)$/.test(text)) return [scope.root];
  return scope.variables.get(text) ?? [UNKNOWN];
}

/** Lists are appended to each other, strings are concatenated. */
function joined(left: Value, right: Value): Value {
  return left.length === 1 && right.length === 1 ? [`${left[0]}${right[0]}`] : [...left, ...right];
}

/** Splits outside of quotes and parentheses. */
function splitAt(text: string, separator: string): string[] {
  const parts = [''];
  let depth = 0;
  let quoted = false;
  for (const character of text) {
    if (character === "'") quoted = !quoted;
    if (!quoted && '([{'.includes(character)) depth++;
    if (!quoted && ')]}'.includes(character)) depth--;
    if (character === separator && depth === 0 && !quoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
