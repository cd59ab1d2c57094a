/** Arguments of `//go:generate … bpf2go …` lines, read without running Go. */
import path from 'node:path';
import { findFiles, readText } from './files';
import type { Program, Reading } from './model';
import { commandsOf, wordsOf } from './shell-words';

const FILE_BYTES = 1 << 20;
const MOST_FILES = 3000;

/** The line that names the program, in any Go file of the project: nearest first. */
export async function fromBpf2go(program: Program): Promise<Reading> {
  let module: string | null = null;
  for (const folder of program.folders) {
    if ((await readText(path.join(folder, 'go.mod'), FILE_BYTES)) !== null) module = folder;
  }
  if (module === null) return null;
  const files = await findFiles(module, name => name.endsWith('.go'));
  files.sort((a, b) => distance(program, a) - distance(program, b));
  for (const file of files.slice(0, MOST_FILES)) {
    const text = await readText(file, FILE_BYTES);
    for (const [, line = ''] of text?.matchAll(/^\/\/go:generate[ \t]+(.*bpf2go.*)$/gm) ?? []) {
      const words = commandsOf(line).find(command => command.some(word => word.includes('bpf2go'))) ?? [];
      const folder = path.dirname(file);
      if (!words.some(word => path.resolve(folder, word) === program.source)) continue;
      const after = words.indexOf('--');
      const options = words.flatMap((word, at) => {
        const given =
          /^--?cflags=(.*)$/s.exec(word)?.[1] ?? (/^--?cflags$/.test(words[at - 1] ?? '') ? word : '');
        return wordsOf(given);
      });
      return { words: [...options, ...(after < 0 ? [] : words.slice(after + 1))], folder, file };
    }
  }
  return { unused: 'no //go:generate line with bpf2go names the program', file: path.join(module, 'go.mod') };
}

function distance({ source }: Program, file: string): number {
  return path.relative(path.dirname(source), path.dirname(file)).split('/').length;
}
