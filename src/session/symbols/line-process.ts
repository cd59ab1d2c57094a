/** An LLVM tool that answers each input line with one output line; it runs without privileges and with limits. */

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { SYSTEM_FOLDERS } from '../../shared/bpf/binary-folders';
import { startPiped } from '../../system/child-process';
import { findExecutable } from '../../system/find-executable';

/** Newest first; llvm-symbolizer's JSON output and llvm-cxxfilt's Rust support need LLVM 13. */
const VERSIONS = Array.from({ length: 10 }, (_, index) => 22 - index);

/** llvm-symbolizer needs seconds for the debug information of a large program; an endless file would take for ever. */
const ANSWER_DEADLINE_MS = 30_000;
/** Limit of the address space, which includes the mapped input files. */
const MEMORY_BYTES = 4 * 1024 ** 3;
const ANSWER_BYTES = 1 << 20;
const MOST_WAITING = 32_768;

export interface LineProcessOptions {
  /** For one answer, counted from the previous one. */
  readonly deadlineMs?: number;
  /** Called when the process exited, or was killed at a limit, before it answered this line. */
  readonly onLost?: (line: string) => void;
}

interface Question {
  readonly line: string;
  readonly answer: (answer: string | null) => void;
}

export class LineProcess {
  private ended = false;
  private readonly waiting: Question[] = [];
  private pending = '';
  private timer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly options: LineProcessOptions,
  ) {
    child.stderr.resume();
    child.stdin.on('error', () => this.end());
    child.once('error', () => this.end());
    child.once('close', () => this.end());
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.read(text));
  }

  /** Null when the tool is not installed: `sudo apt-get install llvm`. */
  static async start(
    tool: string,
    args: readonly string[],
    options: LineProcessOptions = {},
  ): Promise<LineProcess | null> {
    const path = await findTool(tool);
    if (path === null) return null;
    return new LineProcess(startPiped('tool', path, args, { memoryBytes: MEMORY_BYTES }), options);
  }

  get isAlive(): boolean {
    return !this.ended;
  }

  /**
   * The answer; null when the process has exited or exits without one, by itself or at a limit (time and size of an
   * answer, memory, number of pending lines). Also null for a question that contains a newline.
   */
  ask(line: string): Promise<string | null> {
    if (line.includes('\n') || this.ended || this.waiting.length >= MOST_WAITING)
      return Promise.resolve(null);
    const asked = new Promise<string | null>(answer => this.waiting.push({ line, answer }));
    if (this.waiting.length === 1) this.restartTimer();
    this.child.stdin.write(`${line}\n`);
    return asked;
  }

  dispose(): void {
    this.end();
    this.child.stdin.end();
  }

  private read(text: string): void {
    if (this.ended) return;
    const lines = (this.pending + text).split('\n');
    this.pending = lines.pop() ?? '';
    for (const line of lines) this.waiting.shift()?.answer(line);
    if (this.pending.length > ANSWER_BYTES) this.end();
    else if (lines.length > 0) this.restartTimer();
  }

  private restartTimer(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.waiting.length === 0) return;
    this.timer = setTimeout(() => this.end(), this.options.deadlineMs ?? ANSWER_DEADLINE_MS);
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.timer) clearTimeout(this.timer);
    this.child.kill('SIGKILL');
    const [culprit, ...others] = this.waiting.splice(0);
    if (culprit) this.options.onLost?.(culprit.line);
    for (const { answer } of culprit ? [culprit, ...others] : others) answer(null);
  }
}

async function findTool(tool: string): Promise<string | null> {
  for (const name of [tool, ...VERSIONS.map(version => `${tool}-${version}`)]) {
    const found = await findExecutable(name, SYSTEM_FOLDERS);
    if (found) return found;
  }
  return null;
}
