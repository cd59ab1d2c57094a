/**
 * The command with which the project's make would compile the program, from a dry run (dry-run.ts). A makefile can escape
 * the dry run by overriding SHELL, loading a library or writing with $(file): one that has the words for it is not used.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { findExecutable } from '../system/find-executable';
import { DryRun } from './dry-run';
import { readText } from './files';
import type { Program, Reading } from './model';
import { commandsOf, isForBpf, runsClang } from './shell-words';

/** GNU make's own order. */
const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile'];
const MAKEFILE_BYTES = 4 << 20;
/** For all dry runs of one program together. */
const DEADLINE_MS = 20_000;

/** What a makefile needs to run a command of its choice or to write a file while it is only read. */
const ESCAPES =
  /\boverride\b[^\n]*(?:SHELL|MAKEFLAGS)|(?:^|\beval)[ \t]*-?load[ \t]|\$[({](?:file|guile)\b|\bundefine[ \t]+\.?SHELL|^[ \t]*(?:unexport|private)[^\n]*SHELL/m;

/** Results of dry runs, by the program and the makefiles beside and above it; short, because those may include others. */
const KEPT_MS = 60_000;
const MOST_KEPT = 64;
const known = new Map<string, { readonly reading: Promise<Reading>; readonly atMs: number }>();

/** The program's command in the dry run of the nearest makefile that has one. */
export async function fromMake(program: Program): Promise<Reading> {
  const key = await stampOf(program);
  const before = known.get(key);
  if (before && performance.now() - before.atMs < KEPT_MS) return before.reading;
  const reading = search(program);
  known.delete(key);
  known.set(key, { reading, atMs: performance.now() });
  reading.catch(() => known.delete(key));
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KEPT) break;
    known.delete(oldest);
  }
  return reading;
}

async function stampOf(program: Program): Promise<string> {
  const parts = [program.source, program.machine];
  for (const folder of program.folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/^(?:GNUm|[mM])akefile$|\.mk$/.test(name)) continue;
      const found = await stat(path.join(folder, name)).catch(() => null);
      if (found) parts.push(`${path.join(folder, name)} ${found.mtimeMs} ${found.size}`);
    }
  }
  return parts.join('\n');
}

async function search(program: Program): Promise<Reading> {
  const deadlineAt = performance.now() + DEADLINE_MS;
  let unused: Reading = null;
  for (const folder of program.folders) {
    const file = await makefileIn(folder);
    if (file === null) continue;
    const make = await findExecutable('make');
    if (make === null) return { unused: 'make is not installed', file };
    const acting = await escapeIn(program, file);
    if (acting !== null) {
      unused ??= { unused: `${path.relative(program.root, acting)} could run commands in a dry run`, file };
      continue;
    }
    const run = new DryRun(make, folder, file, program, deadlineAt);
    for (let goals: readonly string[] | undefined = []; goals !== undefined; goals = await run.nextGoals()) {
      if (performance.now() > deadlineAt)
        return { unused: `its dry run took longer than ${DEADLINE_MS / 1000} s`, file };
      const found = commandFor(program, await run.run(goals), folder, file);
      if (found) return found;
    }
    unused ??= { unused: 'no command of its dry run compiles the program', file };
  }
  return unused;
}

async function makefileIn(folder: string): Promise<string | null> {
  for (const name of MAKEFILES) {
    const file = path.join(folder, name);
    if ((await stat(file).catch(() => null))?.isFile()) return file;
  }
  return null;
}

/** The makefile, or one that it names in an include, with which a dry run could act. */
async function escapeIn(program: Program, first: string): Promise<string | null> {
  const queue = [first];
  const seen = new Set<string>();
  for (let file = queue.pop(); file !== undefined && seen.size < 200; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const text = (await readText(file, MAKEFILE_BYTES))?.replace(/\\\n/g, ' ');
    if (text === undefined) continue;
    if (ESCAPES.test(text)) return file;
    for (const [, names = ''] of text.matchAll(/^[ \t]*[-s]?include[ \t]+(.+)$/gm)) {
      // A name with variables is looked for by its last part, beside and above.
      for (const name of names.trim().split(/\s+/)) {
        const plain = name.replace(/^.*\$[({][^)}]*[)}]\/*/, '');
        queue.push(...[path.dirname(first), ...program.folders].map(folder => path.resolve(folder, plain)));
      }
    }
  }
  return null;
}

/** The printed command that compiles the program, else one that compiles another BPF program of its folder. */
export function commandFor(program: Program, output: string, folder: string, file: string): Reading {
  let sibling: Reading = null;
  for (const line of output.replace(/\\\n\s*/g, ' ').split('\n')) {
    if (!line.includes('.c')) continue;
    let at = folder;
    for (const words of commandsOf(line)) {
      if (words[0] === 'cd') at = path.resolve(at, words[1] ?? '');
      if (!isForBpf(words) && !(runsClang(words) && words.some(word => word.endsWith('.bpf.c')))) continue;
      const sources = words.filter(word => word.endsWith('.c')).map(word => path.resolve(at, word));
      if (sources.includes(program.source)) return { words, folder: at, file };
      const other = sources.find(source => path.dirname(source) === path.dirname(program.source));
      if (other !== undefined) sibling ??= { words, folder: at, file, sibling: path.basename(other) };
    }
  }
  return sibling;
}
