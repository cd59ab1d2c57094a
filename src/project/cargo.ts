/** Arguments for clang in a Cargo build script, read without building it. */
import path from 'node:path';
import { readText } from './files';
import type { Program, Reading } from './model';
import { wordsOf } from './shell-words';

const FILE_BYTES = 1 << 20;

/** The flags among the string literals of the nearest build.rs that mentions clang or libbpf; relative to its crate. */
export async function fromCargo(program: Program): Promise<Reading> {
  for (const folder of program.folders) {
    const file = path.join(folder, 'build.rs');
    const text = await readText(file, FILE_BYTES);
    if (text === null || !/clang|libbpf/i.test(text)) continue;
    return { words: flagsIn(text.replace(/\/\/.*$/gm, '')), folder, file };
  }
  return null;
}

/** What may stand between a flag and its value: `OsStr::new("-I"), OsStr::new("include")`. */
const NEXT_ARGUMENT = /^[\s)&]*(?:\.\w+\(\))?[\s)]*,[\s(&]*(?:(?:\w+::)*(?:new|from)\()?[\s&]*$/;

function flagsIn(text: string): string[] {
  const literals = [...text.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(found => ({
    value: (found[1] ?? '').replace(/\\(.)/g, '$1'),
    start: found.index,
    end: found.index + found[0].length,
  }));
  return literals.flatMap(({ value, end }, at) => {
    if (!/^-[A-Za-z]/.test(value)) return [];
    const next = literals[at + 1];
    if (/^-(?:I|D|U|isystem|idirafter|iquote|include)$/.test(value))
      return [value, next && NEXT_ARGUMENT.test(text.slice(end, next.start)) ? next.value : '$<computed>'];
    return wordsOf(value);
  });
}
