import { showStep } from './terminal';

/** Progress as one line on stderr that is rewritten, when stderr is a terminal; nothing otherwise. */
export interface TerminalProgress {
  (step: string): void;
  /** Clears the line; idempotent. */
  done(): void;
}

export function terminalProgress(): TerminalProgress {
  const live = process.stderr.isTTY === true;
  let shown = false;
  return Object.assign(
    (step: string) => {
      if (!live) return;
      showStep(step);
      shown = true;
    },
    {
      done: () => {
        if (shown) showStep('');
        shown = false;
      },
    },
  );
}
