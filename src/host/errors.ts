/**
 * What people are told when something fails: one factory per situation, one way of showing them. The message says what
 * failed and what to do; buttons do it. Cancelling is not an error and is not shown.
 */
import * as vscode from 'vscode';
import { CommandIds } from './command-ids';
import type { Log } from './log';
import { notify } from './ui/messages';

export interface ErrorAction {
  readonly label: string;
  run(): unknown;
}

/** An error whose message was written for the user, with what can be done about it. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly actions: readonly ErrorAction[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'UserError';
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
      `${what} waits until you trust this workspace: it runs clang on its files or loads them into a kernel.`,
      [{ label: 'Manage Workspace Trust', run: () => run('workbench.trust.manage') }],
    ),
  noProgram: () =>
    new UserError('No BPF program is open. Open a .bpf.c file, or start from a template.', [
      { label: 'New Program from Template', run: () => run(CommandIds.newProgram) },
    ]),
  noFolder: () =>
    new UserError('No folder is open. Open the folder of your programs: .clangd is written into it.'),
  notAFile: (uri: vscode.Uri) =>
    new UserError(`${uri.toString(true)} is not a file on this machine's disk, which is what clang reads.`),
  compileFailed: (file: string, errorCount: number) =>
    new UserError(
      `${file} does not compile: ${errorCount === 1 ? '1 error' : `${errorCount} errors`}. Nothing was attached.`,
      [{ label: 'Show Problems', run: () => run('workbench.actions.view.problems') }],
    ),
  verifierRejected: (program: string, sentence: string, showLog: () => Thenable<unknown>) =>
    new UserError(`The kernel refused ${program}: ${sentence} Nothing was attached.`, [
      { label: 'Show Whole Log', run: showLog },
      { label: 'Show Problems', run: () => run('workbench.actions.view.problems') },
    ]),
  nothingToAttachAgain: () =>
    new UserError('Nothing was attached in this workspace yet. Open a .bpf.c file and press ▶.'),
  nothingToExport: () =>
    new UserError('There is nothing to export yet: attach a program and wait for its first data.'),
  notExported: (what: string, why: string) =>
    new UserError(`${what} was not written: ${why}`, [showLogAction()]),
  pageDoesNotAnswer: (panel: string) =>
    new UserError(`The ${panel} panel does not answer. Close and open it; the log may tell why.`, [
      showLogAction(),
    ]),
  fileExists: (file: vscode.Uri) =>
    new UserError(`${file.fsPath} exists already and was left as it is. Choose another folder or name.`),
  targetDied: (title: string, why: string) =>
    new UserError(`${title} ended: ${why} What was received up to then is kept in the panels.`, [
      { label: 'Attach Again', run: () => run(CommandIds.attachAgain) },
      showLogAction(),
    ]),
} as const;

/** Rooms below throw errors with a code, a message for people and a fix: the same shape in each. */
interface RoomError extends Error {
  readonly code: string;
  readonly fix?: string | null;
}

function isRoomError(error: unknown): error is RoomError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

/** What `BPF: Install Sandbox VM` brings: VmErrorCode of src/session/vm. */
const INSTALLABLE: ReadonlySet<string> = new Set(['kernel-missing', 'qemu-missing', 'tool-missing']);

const installSandbox: ErrorAction = {
  label: 'Install Sandbox VM',
  run: () => run(CommandIds.installSandbox),
};

const installTracer: ErrorAction = { label: 'Install Tracer', run: () => run(CommandIds.installTracer) };

/** A fix that is a command line: worth a copy button rather than a sentence. */
function isCommandLine(fix: string): boolean {
  return /^(sudo|apt|apt-get|npm|sysctl|usermod|modprobe) /.test(fix) && !/[—.]\s|\bor:/.test(fix);
}

/** Any error as one with words and buttons; null when it only says that the user cancelled. */
export function toUserError(error: unknown): UserError | null {
  if (error instanceof Cancelled || error instanceof vscode.CancellationError) return null;
  if (error instanceof Error && error.name === 'AbortError') return null;
  if (error instanceof UserError) return error;
  if (!isRoomError(error)) {
    const text = error instanceof Error ? error.message : String(error);
    return new UserError(`Something failed inside BPF Workbench: ${text}`, [showLogAction()], {
      cause: error,
    });
  }
  if (error.code === 'cancelled') return null;
  const fix = error.fix ?? '';
  const install = INSTALLABLE.has(error.code)
    ? [installSandbox]
    : error.code === 'installed-tracer'
      ? [installTracer]
      : [];
  if (fix === '') return new UserError(error.message, [showLogAction()], { cause: error });
  if (isCommandLine(fix)) {
    return new UserError(
      `${error.message} To fix it: ${fix}`,
      [...install, copyCommandAction(fix), checkEnvironment, showLogAction()],
      { cause: error },
    );
  }
  return new UserError(`${error.message} ${fix}`, [...install, checkEnvironment, showLogAction()], {
    cause: error,
  });
}

/** Logs the error whole and tells the user; resolves when the message was sent, not when it was answered. */
export function present(error: unknown, log: Log): void {
  const shown = toUserError(error);
  if (!shown) return;
  log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (shown.cause instanceof Error && shown.cause !== error) log.error(String(shown.cause.stack));
  void tell(shown);
}

/** Shows an error's words and runs what its button does; resolves when that is done or the message was closed. */
export async function tell(error: UserError): Promise<void> {
  const choice = await notify('error', error.message, ...error.actions.map(action => action.label));
  await error.actions.find(action => action.label === choice)?.run();
}
