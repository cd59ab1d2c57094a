import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

const KEPT_LINES = 400;
const LONGEST_LINE = 2000;
/** panic() in kernel/panic.c; the backtrace after it is too long for a message. */
const PANIC = /Kernel panic - not syncing/;

/** The guest's console and QEMU's own messages: the last lines, and a way to wait for one. */
export class ConsoleLog {
  private readonly lines: string[] = [];
  private readonly listeners = new Set<(line: string) => void>();

  follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE);
      for (const line of lines) this.add(line);
    });
    stream.on('end', () => rest && this.add(rest));
    stream.on('error', () => {});
  }

  onLine(listener: (line: string) => void): { dispose(): void } {
    this.listeners.add(listener);
    return { dispose: () => void this.listeners.delete(listener) };
  }

  /** The last `count` lines that are not empty, oldest first. */
  tail(count: number): string[] {
    return this.lines.slice(-count);
  }

  /** At most `count` lines of console output that explain why the guest ended: from a panic on, if there was one. */
  lastWords(count: number): string[] {
    const panic = this.lines.findLastIndex(line => PANIC.test(line));
    return panic < 0 ? this.tail(count) : this.lines.slice(panic, panic + count);
  }

  private add(raw: string): void {
    // Remove escape sequences (the firmware clears the screen), control characters and bidirectional controls from
    // messages. Cut first: a guest's line may be endless.
    const line = stripVTControlCharacters(raw.slice(0, LONGEST_LINE))
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
      .trimEnd();
    if (line === '') return;
    this.lines.push(line);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    for (const listener of [...this.listeners]) listener(line);
  }
}
