/**
 * The errors shown to the user: one factory per situation, one way to show them. A message states what failed and what
 * to do; its buttons do it. Cancelling is not an error and is not shown.
 */
import * as vscode from 'vscode';
import { fixText, WorkbenchError } from '../../shared/errors/workbench-error';
import { notify } from '../ui/messages';
import { CommandIds } from './command-ids';
import type { Log } from './log';

export interface ErrorAction {
  readonly label: string;
  run(): unknown;
}

/** An error as it is shown: the message contains the fix, `actions` are its buttons; `code` is that of the cause. */
export class UserError extends WorkbenchError {
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly actions: readonly ErrorAction[] = [],
    options: { readonly cause?: unknown } = {},
  ) {
    super(options.cause instanceof WorkbenchError ? options.cause.code : 'user', message, null, options);
  }
}

/** The user declined or pressed Escape. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

const run = (command: string, ...args: unknown[]) => vscode.commands.executeCommand(command, ...args);

export function showLogAction(): ErrorAction {
  return { label: 'Show Log', run: () => run(CommandIds.showLog) };
}

export function copyCommandAction(command: string): ErrorAction {
  return { label: 'Copy Command', run: () => vscode.env.clipboard.writeText(command) };
}

const checkEnvironment: ErrorAction = {
  label: 'Check Environment',
  run: () => run(CommandIds.checkEnvironment),
};

export const errors = {
  untrusted: (what: string) =>
    new UserError(
      `${what} requires a trusted workspace: it runs clang on the workspace's files or loads them into a kernel.`,
      [{ label: 'Manage Workspace Trust', run: () => run('workbench.trust.manage') }],
    ),
  noProgram: () =>
    new UserError('No BPF program is open. Open a .bpf.c file, or start from a template.', [
      { label: 'New Program from Template', run: () => run(CommandIds.newProgram) },
    ]),
  noFolder: () =>
    new UserError('No folder is open. Open the folder with your programs: .clangd is written there.'),
  notAFile: (uri: vscode.Uri) =>
    new UserError(`${uri.toString(true)} is not a file on disk. clang can only read files on disk.`),
  compileFailed: (file: string, errorCount: number) =>
    new UserError(
      `${file} does not compile: ${errorCount === 1 ? '1 error' : `${errorCount} errors`}. Nothing was attached.`,
      [{ label: 'Show Problems', run: () => run('workbench.actions.view.problems') }],
    ),
  /** `byKernel`: the verifier's reason; otherwise libbpf's, before it loaded anything. */
  verifierRejected: (
    program: string,
    sentence: string,
    byKernel: boolean,
    showLog: () => Thenable<unknown>,
  ) =>
    new UserError(
      `${byKernel ? `The kernel rejected ${program}` : `${program} cannot be loaded`}: ${sentence} Nothing was attached.`,
      [
        { label: 'Show Whole Log', run: showLog },
        { label: 'Show Problems', run: () => run('workbench.actions.view.problems') },
      ],
    ),
  nothingToAttachAgain: () =>
    new UserError('Nothing has been attached in this workspace yet. Open a .bpf.c file and press ▶.'),
  nothingToExport: () =>
    new UserError('Nothing to export yet. Attach a program and wait for its first data.'),
  notExported: (what: string, why: string) =>
    new UserError(`${what} was not written: ${why}`, [showLogAction()]),
  pageDoesNotAnswer: (panel: string) =>
    new UserError(`The ${panel} panel does not respond. Close and reopen it; the log may show why.`, [
      showLogAction(),
    ]),
  fileExists: (file: vscode.Uri) =>
    new UserError(`${file.fsPath} already exists and was not changed. Choose another folder or name.`),
  targetDied: (title: string, why: string) =>
    new UserError(`${title} ended: ${why} Data received before that is kept in the panels.`, [
      { label: 'Attach Again', run: () => run(CommandIds.attachAgain) },
      showLogAction(),
    ]),
} as const;

/** Missing parts that `BPF: Install Sandbox VM` installs: VmErrorCode of src/session/vm. */
const INSTALLABLE: ReadonlySet<string> = new Set(['kernel-missing', 'qemu-missing', 'tool-missing']);

const installSandbox: ErrorAction = {
  label: 'Install Sandbox VM',
  run: () => run(CommandIds.installSandbox),
};

const installTracer: ErrorAction = { label: 'Install Tracer', run: () => run(CommandIds.installTracer) };

/** Converts any error to one with a message and buttons; null if the user cancelled. */
export function toUserError(error: unknown): UserError | null {
  if (error instanceof Cancelled || error instanceof vscode.CancellationError) return null;
  if (error instanceof Error && error.name === 'AbortError') return null;
  if (error instanceof UserError) return error;
  if (!(error instanceof WorkbenchError)) {
    const text = error instanceof Error ? error.message : String(error);
    return new UserError(`Internal error in BPF Workbench: ${text}`, [showLogAction()], {
      cause: error,
    });
  }
  const { code, message, fix } = error;
  if (code === 'cancelled') return null;
  if (fix === null) return new UserError(message, [showLogAction()], { cause: error });
  const install = INSTALLABLE.has(code)
    ? [installSandbox]
    : code === 'installed-tracer'
      ? [installTracer]
      : [];
  const isCommand = 'command' in fix;
  return new UserError(
    `${message} ${isCommand ? 'To fix it: ' : ''}${fixText(fix)}`,
    [...install, ...(isCommand ? [copyCommandAction(fix.command)] : []), checkEnvironment, showLogAction()],
    { cause: error },
  );
}

/** Logs the error with its stack and shows it to the user. Does not wait for an answer. */
export function present(error: unknown, log: Log): void {
  const shown = toUserError(error);
  if (!shown) return;
  const code = error instanceof WorkbenchError ? `[${error.code}] ` : '';
  log.error(code + (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  if (shown.cause instanceof Error && shown.cause !== error) log.error(String(shown.cause.stack));
  void showError(shown);
}

/** Shows an error and runs the action the user picks; resolves when that is done or the message was closed. */
export async function showError(error: UserError): Promise<void> {
  const choice = await notify('error', error.message, ...error.actions.map(action => action.label));
  await error.actions.find(action => action.label === choice)?.run();
}
