/** compile_commands.json and compile_flags.txt, as clang's tools read them. */
import path from 'node:path';
import { readText } from './files';
import { namesHeaders } from './flag-words';
import type { Program, Reading } from './model';
import { isForBpf, wordsOf } from './shell-words';

/** Of a large kernel tree. */
const DATABASE_BYTES = 64 << 20;
const FLAGS_BYTES = 1 << 20;

/** The program's entry in the nearest compile_commands.json, there or in build/; else that of a BPF program beside it. */
export async function fromCompileCommands(program: Program): Promise<Reading> {
  for (const folder of program.folders) {
    for (const file of [
      path.join(folder, 'compile_commands.json'),
      path.join(folder, 'build/compile_commands.json'),
    ]) {
      const text = await readText(file, DATABASE_BYTES);
      if (text === null) continue;
      const entries = readEntries(text, path.dirname(file));
      if (entries === null) return { unused: 'it is not a JSON compilation database', file };
      const own = entries.find(entry => entry.source === program.source);
      if (own) return { words: own.words, folder: own.folder, file };
      const beside = entries.find(
        entry => path.dirname(entry.source) === path.dirname(program.source) && isForBpf(entry.words),
      );
      if (beside)
        return { words: beside.words, folder: beside.folder, file, sibling: path.basename(beside.source) };
    }
  }
  return null;
}

interface Entry {
  readonly source: string;
  readonly folder: string;
  readonly words: readonly string[];
}

function readEntries(text: string, at: string): Entry[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(parsed)) return null;
  return parsed.flatMap((one: unknown): Entry[] => {
    if (typeof one !== 'object' || one === null) return [];
    const { directory, file, command, arguments: listed } = one as Readonly<Record<string, unknown>>;
    if (typeof file !== 'string') return [];
    const folder = path.resolve(at, typeof directory === 'string' ? directory : '.');
    const words = Array.isArray(listed)
      ? listed.filter(word => typeof word === 'string')
      : typeof command === 'string'
        ? wordsOf(command)
        : [];
    return [{ source: path.resolve(folder, file), folder, words }];
  });
}

/** The nearest compile_flags.txt that says something about headers or macros: one flag a line, as clangd reads it. */
export async function fromCompileFlags(program: Program): Promise<Reading> {
  for (const folder of program.folders) {
    const file = path.join(folder, 'compile_flags.txt');
    const text = await readText(file, FLAGS_BYTES);
    if (text === null) continue;
    const words = text.split(/\r?\n/).map(line => line.trim());
    if (words.some(namesHeaders)) return { words: words.filter(word => word !== ''), folder, file };
  }
  return null;
}
