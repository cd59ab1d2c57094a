/** Exit codes of bpfw (docs/cli.md) and their mapping from errors. */
import { SessionError } from '../session/errors';
import { TracerRequestError } from '../session/targets/tracer-connection';
import { ObjectError } from '../shared/elf/object-error';
import { fixText, WorkbenchError } from '../shared/errors/workbench-error';
import { TemplateError } from '../templates/catalogue';
import { tell, tellMessage, tellText } from './terminal';

export const EXIT = { done: 0, rejected: 1, usage: 2, environment: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Invalid arguments; the message says what is valid. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The program was rejected by clang or by the kernel; the details are already printed. */
export class RejectedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RejectedError';
  }
}

const USAGE_CODES: ReadonlySet<string> = new Set([
  'bad-parameter',
  'unknown-parameter',
  'unknown-template',
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
  if (error instanceof UsageError) return EXIT.usage;
  if ((error instanceof SessionError || error instanceof TemplateError) && USAGE_CODES.has(error.code))
    return EXIT.usage;
  if (error instanceof ObjectError) return EXIT.rejected;
  if (error instanceof TracerRequestError && error.code === 'object-rejected') return EXIT.rejected;
  return EXIT.environment;
}
