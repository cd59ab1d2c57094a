/** Commands for BPF in CMake's files, read without running CMake. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { readText } from './files';
import type { Program, Reading } from './model';
import { isForBpf } from './shell-words';

const FILE_BYTES = 1 << 20;

/** The first command for BPF of the CMakeLists.txt from the source's folder up, and of the modules in cmake/ beside them. */
export async function fromCmake(program: Program): Promise<Reading> {
  const lists = program.folders.map(folder => path.join(folder, 'CMakeLists.txt'));
  const files = [...lists];
  for (const folder of program.folders) {
    for (const modules of ['cmake', 'cmake/modules', 'tools/cmake']) {
      const names = await readdir(path.join(folder, modules)).catch(() => []);
      files.push(
        ...names.filter(name => name.endsWith('.cmake')).map(name => path.join(folder, modules, name)),
      );
    }
  }
  const texts: { file: string; calls: Call[] }[] = [];
  for (const file of files) {
    const text = await readText(file, FILE_BYTES);
    if (text !== null) texts.push({ file, calls: callsIn(text) });
  }
  const nearest = texts.find(({ file }) => lists.includes(file));
  if (!nearest) return null;
  const top = texts.filter(({ file }) => lists.includes(file)).at(-1) ?? nearest;

  const here = path.dirname(nearest.file);
  const variables = new Map<string, readonly string[]>([
    ['CMAKE_SOURCE_DIR', [path.dirname(top.file)]],
    ['PROJECT_SOURCE_DIR', [path.dirname(top.file)]],
    ['CMAKE_CURRENT_SOURCE_DIR', [here]],
    ['CMAKE_CURRENT_LIST_DIR', [here]],
    ['CMAKE_SYSTEM_PROCESSOR', [program.machine]],
    ['CMAKE_HOST_SYSTEM_PROCESSOR', [program.machine]],
  ]);
  // The outer files first, as CMake reads them.
  for (const { calls } of [...texts].reverse()) {
    for (const { name, words } of calls) {
      const [variable = '', ...values] = words;
      if (name === 'set' && !/^ARCH$/i.test(variable))
        variables.set(
          variable,
          withoutOptions(values).flatMap(word => expand(word, variables)),
        );
      if (name === 'list' && variable === 'APPEND') {
        const [into = '', ...added] = values;
        variables.set(into, [
          ...(variables.get(into) ?? []),
          ...added.flatMap(word => expand(word, variables)),
        ]);
      }
    }
  }
  const commands = texts.flatMap(({ file, calls }) =>
    calls.flatMap(({ words }) =>
      commandsIn(words).map(command => ({ file, words: command.flatMap(word => expand(word, variables)) })),
    ),
  );
  const forBpf = commands.filter(({ words }) => isForBpf(words));
  const base = path.basename(program.source);
  const found = forBpf.find(({ words }) => words.some(word => path.basename(word) === base)) ?? forBpf[0];
  return found
    ? { ...found, folder: here }
    : { unused: 'no command in it compiles for BPF', file: nearest.file };
}

interface Call {
  readonly name: string;
  readonly words: readonly string[];
}

/** Calls and their arguments: comments are skipped, quotes removed, inner parentheses are not arguments. */
function callsIn(text: string): Call[] {
  const calls: Call[] = [];
  const plain = text
    .replace(/#\[(=*)\[[\s\S]*?\]\1\]/g, '')
    .replace(/^((?:[^"#\n]|"(?:[^"\\]|\\[\s\S])*")*)#.*$/gm, '$1');
  const tokens = plain.matchAll(/([A-Za-z_]\w*)\s*\(|"((?:[^"\\]|\\[\s\S])*)"|[()]|[^\s()"]+/g);
  let call: { name: string; words: string[] } | null = null;
  let depth = 0;
  for (const [token, opened, quoted] of tokens) {
    if (call === null) {
      if (opened === undefined) continue;
      call = { name: opened.toLowerCase(), words: [] };
      depth = 1;
    } else if (token === ')') {
      depth--;
      if (depth > 0) continue;
      calls.push(call);
      call = null;
    } else if (token === '(' || opened !== undefined) depth++;
    else call.words.push(quoted ?? token);
  }
  return calls;
}

/** The argument lists after each COMMAND of a call. */
function commandsIn(words: readonly string[]): string[][] {
  const commands: string[][] = [];
  let inside = false;
  for (const word of words) {
    if (word === 'COMMAND') {
      commands.push([]);
      inside = true;
    } else if (
      /^(?:OUTPUT|DEPENDS|COMMENT|WORKING_DIRECTORY|VERBATIM|BYPRODUCTS|MAIN_DEPENDENCY|DEPFILE|ARGS)$/.test(
        word,
      )
    ) {
      inside &&= word === 'ARGS';
    } else if (inside) commands.at(-1)?.push(word);
  }
  return commands;
}

function withoutOptions(values: readonly string[]): readonly string[] {
  const at = values.findIndex(value => value === 'CACHE' || value === 'PARENT_SCOPE');
  return at < 0 ? values : values.slice(0, at);
}

/** A word with the variables that are known; one that is a list becomes several words. Unknown variables stay as they are. */
function expand(word: string, variables: ReadonlyMap<string, readonly string[]>): string[] {
  const alone = /^\$\{(\w+)\}$/.exec(word)?.[1];
  const known = alone === undefined ? undefined : variables.get(alone);
  if (known !== undefined) return [...known];
  const text = word.replace(/\$\{(\w+)\}/g, (as, name: string) => {
    const values = variables.get(name);
    return values === undefined ? as : values.join(';');
  });
  const [first = '', ...rest] = text.split(';');
  return [first, ...rest.filter(part => part !== '')];
}
