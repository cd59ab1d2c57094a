/**
 * Tasks of type `bpf`: one per program, also usable from tasks.json ({"type": "bpf", "file": "${file}"}). A task prints
 * the exact command line and clang's output. BPF: Compile and BPF: Compile and Attach run it, so that the terminal
 * shows what was actually run.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import type { CompileResult } from '../../compile/compile';
import type { Target } from '../../session/targets/target';
import { TASK_TYPE } from '../common/command-ids';
import { Cancelled, toUserError } from '../common/errors';
import { isProgramFile, requireTrust } from '../common/program-files';
import { task } from '../ui/items';
import { TextTerminal } from '../ui/terminal';
import type { ProgramCompiler } from './compiler';

interface BpfTaskDefinition extends vscode.TaskDefinition {
  readonly type: typeof TASK_TYPE;
  readonly file: string;
}

/** A caller waiting for a program's object. */
interface Waiting {
  /** Null: the selected target. */
  readonly target: Target | null;
  settle(outcome: Promise<CompileResult>): void;
}

const MOST_TASKS = 100;
/** VS Code reports a terminal that fails sooner than this as "failed to launch" (ErrorLaunchThresholdDuration: 500 ms). */
const LAUNCH_MS = 600;

export class CompileTasks implements vscode.TaskProvider, vscode.Disposable {
  /**
   * Callers waiting for a program, by its path. VS Code identifies a task by its definition alone: while one of ours
   * starts, it may call provideTasks() and run the equal task from there instead.
   */
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly subscription: vscode.Disposable;

  constructor(private readonly compiler: ProgramCompiler) {
    this.subscription = vscode.tasks.registerTaskProvider(TASK_TYPE, this);
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const files = await vscode.workspace.findFiles('**/*.bpf.c', '**/node_modules/**', MOST_TASKS);
    return files.map(file => this.task(file.fsPath, vscode.workspace.asRelativePath(file)));
  }

  resolveTask(asked: vscode.Task): vscode.Task | undefined {
    const { file } = asked.definition;
    if (typeof file !== 'string') return undefined;
    // Pass the same definition object: VS Code identifies the task by it.
    return this.task(file, asked.name || file, asked.definition as BpfTaskDefinition, asked.scope);
  }

  /**
   * Compiles as a task, for the given or the selected target, and resolves with clang's result, including errors in the
   * program. Throws the error that kept clang from running, or Cancelled if the task was terminated.
   */
  async run(program: vscode.Uri, target: Target | null = null): Promise<CompileResult> {
    requireTrust('Compiling');
    const outcome = new Promise<CompileResult>(settle => {
      const waiting = this.waiting.get(program.fsPath) ?? [];
      this.waiting.set(program.fsPath, [...waiting, { target, settle }]);
    });
    const compile = this.task(program.fsPath, path.basename(program.path));
    compile.presentationOptions = {
      reveal: vscode.TaskRevealKind.Silent,
      clear: true,
      panel: vscode.TaskPanelKind.Dedicated,
    };
    await vscode.tasks.executeTask(compile);
    return outcome;
  }

  private tell(program: vscode.Uri, outcome: Promise<CompileResult>): void {
    // Where nobody waits, the terminal has said it.
    outcome.catch(() => undefined);
    const waiting = this.waiting.get(program.fsPath) ?? [];
    this.waiting.delete(program.fsPath);
    for (const { settle } of waiting) settle(outcome);
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private task(
    file: string,
    name: string,
    definition: BpfTaskDefinition = { type: TASK_TYPE, file },
    scope: vscode.Task['scope'] = undefined,
  ): vscode.Task {
    const compile = task({
      definition,
      scope: scope ?? vscode.TaskScope.Workspace,
      name,
      execution: new vscode.CustomExecution(async resolved => {
        const { file: resolvedFile } = resolved as BpfTaskDefinition;
        const program = vscode.Uri.file(absolute(resolvedFile));
        const target = this.waiting.get(program.fsPath)?.find(each => each.target)?.target ?? null;
        return new CompileTerminal(program, target, this.compiler, outcome => this.tell(program, outcome));
      }),
    });
    compile.group = vscode.TaskGroup.Build;
    compile.detail = 'Compile with clang for BPF';
    return compile;
  }
}

/** tasks.json may contain a path relative to the first workspace folder. */
function absolute(file: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  return path.isAbsolute(file) || folder === undefined ? file : path.join(folder, file);
}

class CompileTerminal extends TextTerminal {
  private readonly stop = new AbortController();
  private openedAtMs = 0;

  constructor(
    private readonly program: vscode.Uri,
    private readonly target: Target | null,
    private readonly compiler: ProgramCompiler,
    private readonly settle: Waiting['settle'],
  ) {
    super();
  }

  open(): void {
    this.openedAtMs = performance.now();
    void this.compile();
  }

  /** The user terminated the task. */
  close(): void {
    this.stop.abort();
    this.settle(Promise.reject(new Cancelled()));
  }

  private async compile(): Promise<void> {
    try {
      if (!isProgramFile(this.program)) throw new Error(`${this.program.fsPath} is not a .bpf.c file.`);
      const result = await this.compiler.compile(
        this.program,
        this.target,
        text => this.write(text),
        this.stop.signal,
      );
      const took = `${(result.durationMs / 1000).toFixed(2)} s`;
      this.write(
        result.objectPath === null
          ? `\nNo object: the program has errors.\n`
          : `\n${result.objectPath}${result.cached ? ' (up to date)' : `, ${took}`}\n`,
      );
      this.settle(Promise.resolve(result));
      this.end(result.objectPath === null ? 1 : 0);
    } catch (error) {
      this.write(`\n${toUserError(error)?.message ?? 'Cancelled.'}\n`);
      this.settle(Promise.reject(error));
      this.end(3);
    }
  }

  /** The callers already have the result; only the terminal of a fast failure stays open a moment longer. */
  private end(exitCode: number): void {
    const waitMs = exitCode === 0 ? 0 : this.openedAtMs + LAUNCH_MS - performance.now();
    if (waitMs <= 0) this.ended(exitCode);
    else setTimeout(() => this.ended(exitCode), waitMs);
  }
}
