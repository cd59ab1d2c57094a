/**
 * Dry runs of GNU make that run nothing of the project.
 *
 * `make -n` alone is not dry: it runs $(shell …), !=, lines with + or $(MAKE), and the rules of included makefiles. So
 * SHELL is a script of ours: it prints what is known about a question and records it otherwise.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../system/child-process';
import { answer } from './make-questions';
import { goalsFor, rulesIn } from './make-rules';
import type { Program } from './model';

const MEMORY_BYTES = 1024 << 20;
const OUTPUT_BYTES = 16 << 20;
/** Runs until every question has its answer and every missing prerequisite is known. */
const MOST_ROUNDS = 6;
const MOST_QUESTIONS = 200;

export class DryRun {
  private readonly mark = `bpfw-${randomBytes(8).toString('hex')}`;
  private readonly answers = new Map<string, string>();
  private readonly missing = new Set<string>();
  private untried: string[] | null = null;

  constructor(
    private readonly make: string,
    private readonly folder: string,
    private readonly file: string,
    private readonly program: Program,
    private readonly deadlineAt: number,
  ) {}

  /** What make prints for the goals. Never fails: a run that stops early prints less. */
  async run(goals: readonly string[]): Promise<string> {
    return this.inScratch(async scratch => {
      let output = '';
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const result = await this.once(scratch, goals);
        output = result.output;
        if (!(await this.learn(scratch, goals, result.errors))) break;
      }
      return output;
    });
  }

  private async inScratch<T>(work: (scratch: string) => Promise<T>): Promise<T> {
    const parent = path.join(this.program.cacheFolder, 'make');
    await mkdir(parent, { recursive: true });
    const scratch = await mkdtemp(path.join(parent, 'run-'));
    try {
      return await work(scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  /** Goals to try next: targets made from the program, then those whose recipes name clang; undefined: there are no more. */
  async nextGoals(): Promise<readonly string[] | undefined> {
    this.untried ??= await this.inScratch(async scratch =>
      goalsFor(this.folder, this.program.source, rulesIn((await this.once(scratch, [], ['-p'])).output)),
    );
    const next = this.untried.shift();
    return next === undefined ? undefined : [next];
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
    const rules = rulesIn((await this.once(scratch, goals, ['-p'])).output);
    const prerequisites = rules.flatMap(rule =>
      rule.target.includes('%') ? rule.prerequisites.filter(name => !name.includes('%')) : [],
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
