/** Exit codes of bpfw (docs/cli.md) and their mapping from errors. */
import { ObjectError } from '../../shared/elf/object-error';
import { type Fix, fixText, WorkbenchError } from '../../shared/errors/workbench-error';
import { tell, tellMessage, tellText } from './terminal';

export const EXIT = { done: 0, rejected: 1, usage: 2, environment: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Invalid arguments; the message says what is valid. */
export class UsageError extends WorkbenchError<'usage'> {
  override readonly name = 'UsageError';

  constructor(message: string, fix: Fix | null = null) {
    super('usage', message, fix);
  }
}

/** The program was rejected by clang or by the kernel; the details are already printed. */
export class RejectedError extends WorkbenchError<'rejected'> {
  override readonly name = 'RejectedError';

  constructor(message: string) {
    super('rejected', message);
  }
}

const USAGE_CODES: ReadonlySet<string> = new Set([
  'usage',
  'bad-parameter',
  'unknown-parameter',
  'unknown-template',
  'bad-probe',
  'bad-expression',
  'bad-choice',
  'file-exists',
]);

/** Prints the error and its fix on stderr; returns the exit code. */
export function reportFailure(error: unknown): ExitCode {
  if (error instanceof RejectedError) {
    if (error.message) tell(`bpfw: ${error.message}`);
    return EXIT.rejected;
  }
  const message = error instanceof Error ? error.message : String(error);
  const fix = error instanceof WorkbenchError ? fixText(error.fix) : '';
  tellMessage(`bpfw: ${message}`);
  if (fix) tellMessage(`bpfw: to fix it: ${fix}`);
  if (process.env.BPFW_DEBUG && error instanceof Error) tellText(String(error.stack));
  return error instanceof WorkbenchError ? exitCodeOf(error) : EXIT.environment;
}

function exitCodeOf(error: WorkbenchError): ExitCode {
  if (USAGE_CODES.has(error.code)) return EXIT.usage;
  return error instanceof ObjectError || error.code === 'object-rejected' ? EXIT.rejected : EXIT.environment;
}
