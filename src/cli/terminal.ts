/**
 * The one way to stdout and stderr (test/unit/cli/terminal-door.test.ts holds that): names in objects, words of logs and
 * what processes call themselves are in all that is printed, and a terminal obeys escape sequences. Line ends are
 * written here only, so that no text can look like a line of its own.
 */
import { escapeLines } from '../shared/text/escape';

/** Prints a line, or several, on stdout. */
export function print(lines: string | readonly string[]): void {
  process.stdout.write(joined(lines));
}

/** Prints a line, or several, on stderr. */
export function tell(lines: string | readonly string[]): void {
  process.stderr.write(joined(lines));
}

/** Prints a message on stderr. Lines after its first do not begin at the margin: there bpfw speaks. */
export function tellMessage(message: string): void {
  tell(
    message
      .trimEnd()
      .split(/\r?\n/)
      .map((line, index) => (index === 0 ? line : `  ${line}`)),
  );
}

/** Prints several lines that came as one text on stderr, such as clang's output. */
export function tellText(text: string): void {
  if (text.trim() !== '') tell(text.trimEnd().split(/\r?\n/));
}

/** What a program says on its stderr while it runs, piece by piece: sudo's question has no line end. */
export function tellPiece(text: string): void {
  process.stderr.write(escapeLines(text));
}

/** Shows the step on the terminal's last line in place of the step before; '' clears the line. */
export function showStep(step: string): void {
  process.stderr.write(`\r\u001b[K${step === '' ? '' : `${oneLine(step)}…`}`);
}

/** A traced command's own output, byte by byte: it is the user's command, and its colours are for this terminal. */
export function passThrough(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  process[stream].write(bytes);
}

/** Ends the process in order when who reads stdout closes it early, as `bpfw … | head` does. */
export function endWithReader(exitCode: number): void {
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(exitCode);
    throw error;
  });
}

function joined(lines: string | readonly string[]): string {
  return typeof lines === 'string' ? `${oneLine(lines)}\n` : `${lines.map(oneLine).join('\n')}\n`;
}

function oneLine(text: string): string {
  return escapeLines(text).replaceAll('\n', '\\n');
}
