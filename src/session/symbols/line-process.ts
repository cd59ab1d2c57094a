/** A tool of LLVM's that answers each line of its input with one line; runs without privileges. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** The newest first; llvm-symbolizer's JSON output and llvm-cxxfilt's Rust need LLVM 13. */
const VERSIONS = Array.from({ length: 10 }, (_, index) => 22 - index);

export class LineProcess {
  private ended = false;
  private readonly waiting: ((answer: string | null) => void)[] = [];

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    child.stderr.resume();
    child.stdin.on('error', () => this.answerRest());
    child.once('error', () => this.answerRest());
    child.once('close', () => this.answerRest());
    createInterface({ input: child.stdout }).on('line', line => this.waiting.shift()?.(line));
  }

  /** Null where there is no such tool: `sudo apt-get install llvm` brings them. */
  static async start(tool: string, args: readonly string[]): Promise<LineProcess | null> {
    const path = await findTool(tool);
    return path === null ? null : new LineProcess(spawn(path, args, { stdio: 'pipe' }));
  }

  /** The answer; null when the process has ended, or ends without one. A line break in the question is refused so, too. */
  ask(line: string): Promise<string | null> {
    if (line.includes('\n') || this.ended) return Promise.resolve(null);
    const asked = new Promise<string | null>(resolve => this.waiting.push(resolve));
    this.child.stdin.write(`${line}\n`);
    return asked;
  }

  dispose(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  private answerRest(): void {
    this.ended = true;
    for (const answer of this.waiting.splice(0)) answer(null);
  }
}

async function findTool(tool: string): Promise<string | null> {
  const paths = [
    `/usr/bin/${tool}`,
    ...VERSIONS.map(version => `/usr/bin/${tool}-${version}`),
    `/usr/local/bin/${tool}`,
  ];
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not this one.
    }
  }
  return null;
}
