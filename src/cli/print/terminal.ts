/**
 * The only module that writes to stdout and stderr (enforced by test/unit/cli/terminal-output.test.ts). Printed text
 * contains untrusted names from objects, logs and processes, and terminals interpret escape sequences. Newlines are
 * written only here, so that untrusted text cannot forge a line.
 */
import { systemErrno } from '../../shared/errors/system-errno';
import { escapeLines, isHarmless } from '../../shared/text/escape';

/** Lines of printTogether() that are not written yet; null outside of it. */
let held: string | null = null;

/** Prints a line, or several, on stdout. */
export function print(lines: string | readonly string[]): void {
  if (held === null) process.stdout.write(joined(lines));
  else held += joined(lines);
}

/** What `work` prints on stdout is written at once when it returns or throws: a write per line costs more than its text. */
export function printTogether(work: () => void): void {
  held = '';
  try {
    work();
  } finally {
    const text = held;
    held = null;
    if (text !== '') process.stdout.write(text);
  }
}

/**
 * Prints lines that were made byte by byte, without text that may need an escape (print/json-records.ts). Within
 * printTogether() they follow what is held.
 */
export function printBytes(lines: Uint8Array): void {
  if (held) {
    process.stdout.write(held);
    held = '';
  }
  // The caller uses its memory again, and a pipe may be written later.
  process.stdout.write(lines.slice());
}

/** Prints a line, or several, on stderr. */
export function tell(lines: string | readonly string[]): void {
  process.stderr.write(joined(lines));
}

/** Prints a message on stderr. Lines after the first are indented: only bpfw's own text starts at the margin. */
export function tellMessage(message: string): void {
  tell(
    message
      .trimEnd()
      .split(/\r?\n/)
      .map((line, index) => (index === 0 ? line : `  ${line}`)),
  );
}

/** Prints a text of several lines on stderr, such as clang's output. */
export function tellText(text: string): void {
  if (text.trim() !== '') tell(text.trimEnd().split(/\r?\n/));
}

/** Prints a running program's stderr piece by piece: sudo's prompt has no newline. */
export function tellPiece(text: string): void {
  process.stderr.write(escapeLines(text));
}

/** Replaces the terminal's last line with this step; '' clears the line. */
export function showStep(step: string): void {
  process.stderr.write(`\r\u001b[K${step === '' ? '' : `${oneLine(step)}…`}`);
}

/** Writes a traced command's output unchanged: it is the user's own command, and its colours are meant for this terminal. */
export function passThrough(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  process[stream].write(bytes);
}

/** Exits in an orderly way when the reader of stdout closes it early, as in `bpfw … | head`. */
export function endWithReader(exitCode: number): void {
  process.stdout.on('error', error => {
    if (systemErrno(error) === 'EPIPE') process.exit(exitCode);
    throw error;
  });
}

function joined(lines: string | readonly string[]): string {
  return typeof lines === 'string' ? `${oneLine(lines)}\n` : `${lines.map(oneLine).join('\n')}\n`;
}

function oneLine(text: string): string {
  return isHarmless(text) ? text : escapeLines(text).replaceAll('\n', '\\n');
}
