/**
 * Lines of bpf_trace_printk. The kernel has a single trace pipe and reading consumes its lines: only lines printed by
 * BPF programs are forwarded, and lines from before the first watch are skipped.
 */

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { systemErrno } from '../shared/errors/system-errno';
import { DataContent } from '../shared/protocol/frames';
import { readFailure } from './common/errors';
import { CHUNK_BYTES, type Chunk, type SourceMark, type StreamSource } from './common/stream-source';
import { NEEDS_READ_SEARCH, notMounted, TRACEFS_FOLDERS } from './tracefs';

const READ_BYTES = 64 << 10;
/** Lines of a BPF program: the event's name since 5.9, the caller's symbol before that. */
const PRINTED = /: (?:bpf_trace_printk|0x[0-9a-f]+): /;
/** "CPU:1 [LOST 123 EVENTS]", where the ring behind the pipe was overwritten. */
const LOST = /\[LOST (\d+) EVENTS\]/;

/** "cat-1234 [001] d..31 2347.123456: bpf_trace_printk: …": seconds of the trace clock. */
const WHEN = / (\d+\.\d{6}): /;
/** In per_cpu/cpu0/stats: the current value of the trace clock. */
const NOW = /^now ts: +(\d+\.\d+)$/m;
/** For a trace clock that does not count seconds ("counter"): limit of the wait for an endless flow of lines. */
const NEVER_EMPTY_MS = 1000;

/** The lines of a text to forward, and the unfinished line to prepend to the next text. Exported for its test. */
export function printedLines(text: string): {
  readonly lines: readonly string[];
  readonly lost: number;
  readonly rest: string;
} {
  const all = text.split('\n');
  const rest = all.pop() ?? '';
  let lost = 0;
  const lines = all.filter(line => {
    lost += Number(LOST.exec(line)?.[1] ?? 0);
    return PRINTED.test(line);
  });
  return { lines, lost, rest };
}

export class PrintkSource implements StreamSource {
  readonly content = DataContent.printk;
  readonly descriptors: readonly number[];
  readonly capacityBytes = 1 << 20;
  private readonly fd: number;
  /** Kept open, because a confined tracer cannot open files. Null when the kernel has none. */
  private readonly clockFd: number | null;
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private rest = '';
  private emptyReads = 0;
  /** Trace clock of the last line read, seconds. */
  private lastLineAt = 0;
  private closed = false;

  /** Throws TracerError 'not-permitted' without CAP_DAC_READ_SEARCH, 'not-found' without tracefs. */
  constructor() {
    this.fd = openTracePipe();
    this.clockFd = openTraceClock();
    this.descriptors = [this.fd];
    const old = this.mark();
    while (!old.reached()) if (this.read() === null) break;
    this.rest = '';
  }

  take(): Chunk | null {
    if (this.closed) return null;
    const lines: string[] = [];
    let lost = 0;
    let bytes = 0;
    while (bytes < CHUNK_BYTES) {
      const text = this.read();
      if (text === null) break;
      bytes += text.length;
      const found = printedLines(this.rest + text);
      this.rest = found.rest;
      lines.push(...found.lines);
      lost += found.lost;
    }
    this.emptyReads = bytes === 0 ? this.emptyReads + 1 : 0;
    if (lines.length === 0 && lost === 0) return null;
    return {
      bytes: Buffer.from(`${lines.join('\n')}\n`, 'utf8'),
      records: lines.length,
      lost,
      more: bytes >= CHUNK_BYTES,
    };
  }

  /** Reached by a line printed after now (lines are in order), or when the pipe was found empty. */
  mark(): SourceMark {
    this.emptyReads = 0;
    const now = this.traceClock();
    const lastMs = performance.now() + NEVER_EMPTY_MS;
    return {
      reached: () =>
        this.closed ||
        this.emptyReads > 0 ||
        (now === null ? performance.now() > lastMs : this.lastLineAt > now),
    };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
    if (this.clockFd !== null) closeSync(this.clockFd);
  }

  /** In seconds; null when the kernel does not report it or counts another unit. */
  private traceClock(): number | null {
    if (this.clockFd === null || this.closed) return null;
    const count = readSync(this.clockFd, this.buffer, 0, READ_BYTES, 0);
    const now = NOW.exec(this.buffer.toString('latin1', 0, count));
    return now ? Number(now[1]) : null;
  }

  private read(): string | null {
    try {
      const count = readSync(this.fd, this.buffer, 0, READ_BYTES, null);
      if (count === 0) return null;
      const text = this.buffer.toString('utf8', 0, count);
      this.lastLineAt = lastTime(text) ?? this.lastLineAt;
      return text;
    } catch (error) {
      if (systemErrno(error) === 'EAGAIN') return null;
      throw error;
    }
  }
}

/** Timestamp of the last line of a text that has one, in seconds of the trace clock. Exported for its test. */
export function lastTime(text: string): number | null {
  const lines = text.split('\n');
  for (let i = lines.length - 1; i >= 0; i--) {
    const when = WHEN.exec(lines[i] ?? '');
    if (when) return Number(when[1]);
  }
  return null;
}

function openTraceClock(): number | null {
  for (const folder of TRACEFS_FOLDERS) {
    try {
      return openSync(`${folder}/per_cpu/cpu0/stats`, constants.O_RDONLY);
    } catch {
      // The pipe was opened, so the file is missing: another folder or an old kernel.
    }
  }
  return null;
}

function openTracePipe(): number {
  let refusal: unknown = null;
  for (const folder of TRACEFS_FOLDERS) {
    try {
      return openSync(`${folder}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (systemErrno(error) !== 'ENOENT') refusal ??= error;
    }
  }
  if (!refusal) throw notMounted();
  throw readFailure('the trace pipe', refusal, NEEDS_READ_SEARCH, 'Only one reader at a time can have it.');
}
