/** What to do about an error: a command line to type, or a sentence. */
export type Fix = { readonly command: string } | { readonly text: string };

/** A fix as text; '' when there is none. */
export function fixText(fix: Fix | null): string {
  if (fix === null) return '';
  return 'command' in fix ? fix.command : fix.text;
}

/**
 * An error of ours: `code` is stable, `message` is written for the user (what failed, the errno's name), `fix` says what
 * to do. Errors of the system, of Node and of VS Code have a `code` as well and are not of this class.
 */
export abstract class WorkbenchError<Code extends string = string> extends Error {
  constructor(
    readonly code: Code,
    message: string,
    readonly fix: Fix | null = null,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
