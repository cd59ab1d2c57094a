/** Progress for people: one line on stderr, rewritten, when it is a terminal; nothing otherwise. */
export interface TerminalProgress {
  (step: string): void;
  /** Clears the line; idempotent. */
  done(): void;
}

export function terminalProgress(): TerminalProgress {
  const live = process.stderr.isTTY === true;
  let shown = false;
  const clear = () => {
    if (shown) process.stderr.write('\r\u001b[K');
    shown = false;
  };
  return Object.assign(
    (step: string) => {
      if (!live) return;
      clear();
      process.stderr.write(`${step}…`);
      shown = true;
    },
    { done: clear },
  );
}
