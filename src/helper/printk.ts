/**
 * bpf_trace_printk's lines. The kernel has one trace pipe for everybody and reading takes lines out of it: only lines
 * that BPF programs printed are passed on, and what was in it before anybody watched is passed over.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { DataContent } from '../shared/protocol/frames';
import { HelperError } from './errors';
import { CHUNK_BYTES, type Chunk, type SourceMark, type StreamSource } from './stream-source';
import { TRACEFS_FOLDERS } from './tracefs';

const READ_BYTES = 64 << 10;
/** Lines of a BPF program: the event's name since 5.9, the caller's symbol before that. */
const PRINTED = /: (?:bpf_trace_printk|0x[0-9a-f]+): /;
/** "CPU:1 [LOST 123 EVENTS]", where the ring behind the pipe was overwritten. */
const LOST = /\[LOST (\d+) EVENTS\]/;

/** What to pass on of some text, and the unfinished line to put in front of the next. Exported for its test. */
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
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  private rest = '';
  private emptyReads = 0;
  private closed = false;

  /** Throws HelperError 'not-permitted' without CAP_DAC_READ_SEARCH, 'not-found' without tracefs. */
  constructor() {
    this.fd = openTracePipe();
    this.descriptors = [this.fd];
    while (this.read() !== null);
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

  /** Reached after one more look that found the pipe empty. */
  mark(): SourceMark {
    this.emptyReads = 0;
    return { reached: () => this.closed || this.emptyReads > 0 };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    closeSync(this.fd);
  }

  private read(): string | null {
    try {
      const count = readSync(this.fd, this.buffer, 0, READ_BYTES, null);
      return count > 0 ? this.buffer.toString('utf8', 0, count) : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
      throw error;
    }
  }
}

function openTracePipe(): number {
  let refusal: NodeJS.ErrnoException | undefined;
  for (const folder of TRACEFS_FOLDERS) {
    try {
      return openSync(`${folder}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure.code !== 'ENOENT') refusal ??= failure;
    }
  }
  if (refusal?.code === 'EACCES' || refusal?.code === 'EPERM') {
    throw new HelperError(
      'not-permitted',
      `Reading the trace pipe was refused: ${refusal.code}. It needs CAP_DAC_READ_SEARCH.`,
    );
  }
  if (refusal)
    throw new HelperError(
      'kernel',
      `Opening the trace pipe failed: ${refusal.code}. Only one reader at a time can have it.`,
    );
  throw new HelperError(
    'not-found',
    'tracefs is not mounted. Mount it with: sudo mount -t tracefs tracefs /sys/kernel/tracing',
  );
}
