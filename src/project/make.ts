/**
 * The command with which the project's make would compile the program, from a dry run.
 *
 * `make -n` alone is not dry: it runs $(shell …), !=, lines with + or $(MAKE), and the rules of included makefiles. So
 * SHELL is a script of ours that runs nothing: it prints what is known about a question and records it otherwise. A
 * makefile can only escape that by overriding SHELL, loading a library or writing with $(file): one that has the words for
 * it is not used.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../system/child-process';
import { findExecutable } from '../system/find-executable';
import { readText } from './files';
import { answer } from './make-questions';
import type { Program, Reading } from './model';
import { commandsOf, isForBpf, runsClang } from './shell-words';

/** GNU make's own order. */
const MAKEFILES = ['GNUmakefile', 'makefile', 'Makefile'];
const MAKEFILE_BYTES = 4 << 20;
/** For all dry runs of one program together. */
const DEADLINE_MS = 20_000;
const MEMORY_BYTES = 1024 << 20;
const OUTPUT_BYTES = 16 << 20;
/** Runs until every question has its answer and every missing prerequisite is known. */
const MOST_ROUNDS = 6;
const MOST_QUESTIONS = 200;

/** What a makefile needs to run a command of its choice or to write a file while it is only read. */
const ESCAPES =
  /\boverride\b[^\n]*(?:SHELL|MAKEFLAGS)|^[ \t]*-?load[ \t]|\$[({](?:file|guile)\b|\bundefine[ \t]+\.?SHELL|^[ \t]*(?:unexport|private)[^\n]*SHELL/m;

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
    const object = path.relative(folder, program.source).replace(/\.c$/, '.o');
    for (const goals of [[], [object], [path.basename(object)]]) {
      if (performance.now() > deadlineAt)
        return { unused: `its dry run took longer than ${DEADLINE_MS / 1000} s`, file };
      const output = await new DryRun(make, folder, file, program, deadlineAt).run(goals);
      const found = commandFor(program, output, folder, file);
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

class DryRun {
  private readonly mark = `bpfw-${randomBytes(8).toString('hex')}`;
  private readonly answers = new Map<string, string>();
  private readonly missing = new Set<string>();

  constructor(
    private readonly make: string,
    private readonly folder: string,
    private readonly file: string,
    private readonly program: Program,
    private readonly deadlineAt: number,
  ) {}

  /** What make prints for the goals. Never fails: a run that stops early prints less. */
  async run(goals: readonly string[]): Promise<string> {
    const parent = path.join(this.program.cacheFolder, 'make');
    await mkdir(parent, { recursive: true });
    const scratch = await mkdtemp(path.join(parent, 'run-'));
    try {
      let output = '';
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const result = await this.once(scratch, goals);
        output = result.output;
        if (!(await this.learn(scratch, goals, result.errors))) break;
      }
      return output;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  private async once(
    scratch: string,
    goals: readonly string[],
    more: readonly string[] = [],
  ): Promise<{ output: string; errors: string }> {
    const shell = path.join(scratch, 'shell');
    await writeFile(shell, this.shell());
    await chmod(shell, 0o700);
    const known = [...this.missing].flatMap(name => ['-o', name]);
    const args = ['-f', this.file, '-n', '-B', '-k', '-r', '--no-print-directory', ...more, ...known];
    const settings = [`SHELL=${shell}`, '.SHELLFLAGS=-c', 'V=1', 'MAKE=:'];
    const { stdout, stderr } = await runChild('compiler', this.make, [...args, ...settings, '--', ...goals], {
      cwd: this.folder,
      deadlineMs: Math.max(1, this.deadlineAt - performance.now()),
      memoryBytes: MEMORY_BYTES,
      outputBytes: OUTPUT_BYTES,
      extraEnv: { LC_ALL: 'C' },
    });
    return { output: stdout.toString(), errors: stderr };
  }

  /** Succeeds and runs nothing; `$2` is the command, because .SHELLFLAGS is -c. */
  private shell(): string {
    const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
    const cases = [...this.answers].map(
      ([question, text]) => `${quoted(question)}) printf '%s\\n' ${quoted(text)};;`,
    );
    return `#!/bin/sh\ncase "$2" in\n${cases.join('\n')}\n*) printf '%s %s\\n%s.\\n' ${this.mark} "$2" ${this.mark} >&2;;\nesac\n`;
  }

  /** Finds answers to new questions, and files that make has no rule for; false if there are none. */
  private async learn(scratch: string, goals: readonly string[], errors: string): Promise<boolean> {
    const before = this.answers.size + this.missing.size;
    const asked = errors.matchAll(new RegExp(`^${this.mark} ([\\s\\S]*?)\\n${this.mark}\\.$`, 'gm'));
    for (const [, question = ''] of asked) {
      if (this.answers.size >= MOST_QUESTIONS || this.answers.has(question)) continue;
      this.answers.set(question, await answer(question, this.folder, this.program));
    }
    const without = [...errors.matchAll(/No rule to make target '([^'\n]+)'/g)].map(([, name = '']) => name);
    if (without.length === 0) return this.answers.size > before;
    // A pattern rule with a missing prerequisite does not apply, and make names its target instead of the prerequisite.
    const { output: rules } = await this.once(scratch, goals, ['-p']);
    const prerequisites = [...rules.matchAll(/^[^#\t\n=]*%[^:=\n]*:(?!=)([^=\n]*)$/gm)].flatMap(
      ([, names = '']) => names.split(/[\s|]+/).filter(name => name !== '' && !name.includes('%')),
    );
    const absent = prerequisites.filter(
      name => !this.missing.has(name) && !existsSync(path.resolve(this.folder, name)),
    );
    for (const name of absent.length > 0 ? absent : without) {
      if (this.missing.size < MOST_QUESTIONS) this.missing.add(name);
    }
    return this.answers.size + this.missing.size > before;
  }
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
