/**
 * Parses verifier logs of any origin: bare from the kernel, or with a loader's, a logger's and a test runner's texts around
 * them. Time and memory are linear in the text, which may be untrusted input.
 */
import { isKernelSentence } from './catalogue';
import { type LoaderPart, readLoaderLine } from './loader-lines';
import { classifyLine, isWrappedState, type LogLine } from './log-lines';
import { LogPath } from './log-path';
import type { LoaderMessage, ParsedLog, ProgramLog, VerifierStatistics } from './model';
import { parseReport, REPORT_START } from './report';
import { unwrapLog } from './unwrap-log';

/** A message of the kernel has at most two lines, the states after "infinite loop" some more. */
const MAX_SENTENCES = 16;

export function parseVerifierLog(text: string): ParsedLog {
  const reader = new LogReader();
  for (const line of unwrapLog(text)) {
    const parts = readLoaderLine(line);
    if (parts) for (const part of parts) reader.loader(part);
    else reader.line(line);
  }
  return reader.finish();
}

/** Divides the lines into the logs of programs, and keeps what is not the kernel's out of them. */
class LogReader {
  private readonly programs: ProgramLog[] = [];
  private readonly messages: LoaderMessage[] = [];
  private log = new OpenLog(null, false);
  /** Named by the loader before the log began. */
  private nextProgram: string | null = null;

  loader(part: LoaderPart): void {
    switch (part.kind) {
      case 'begin': {
        const known = this.nextProgram ?? (this.log.isEmpty ? this.log.program : null);
        this.close();
        this.log = new OpenLog(part.program ?? known, part.isDelimited);
        this.log.isOpen = true;
        break;
      }
      case 'end':
        this.close();
        break;
      case 'program':
        this.name(part.name);
        break;
      case 'message':
        this.log.interrupt();
        this.messages.push({ by: part.by, text: part.text, program: part.program });
        break;
      case 'line':
        this.line(part.text);
        break;
    }
  }

  line(raw: string): void {
    const line: LogLine = this.log.isInReport ? { kind: 'message', text: raw } : classifyLine(raw);
    // "processed N insns" is the last line of a log.
    const begins = line.kind === 'message' ? isKernelSentence(line.text) === 'surely' : !isQuiet(line);
    if (this.log.isFinished && begins && line.kind !== 'statistics' && line.kind !== 'detail') this.close();
    this.log.add(raw, line);
  }

  finish(): ParsedLog {
    this.close();
    return { programs: withoutRepetitions(this.programs), loaderMessages: this.messages };
  }

  private close(): void {
    this.log.program ??= this.nextProgram;
    const log = this.log.parse();
    if (log) {
      this.programs.push(log);
      if (log.program === this.nextProgram) this.nextProgram = null;
    }
    this.log = new OpenLog(null, false);
  }

  /** A log is named before it begins or after its end. */
  private name(program: string): void {
    if (!this.log.isEmpty && this.log.program === null) {
      this.log.program = program;
      return;
    }
    const last = this.programs.at(-1);
    if (last?.program === program) return;
    if (this.log.isEmpty && last && last.program === null)
      this.programs[this.programs.length - 1] = { ...last, program };
    else this.nextProgram = program;
  }
}

const isQuiet = (line: LogLine): boolean => line.kind === 'blank' || line.kind === 'noise';

/** Some loaders print the end of a log in one line and then all of it: the longer one is kept. */
function withoutRepetitions(programs: readonly ProgramLog[]): ProgramLog[] {
  const kept: ProgramLog[] = [];
  for (const log of programs) {
    const sentence = log.sentences.at(-1);
    const at = kept.findIndex(
      other =>
        sentence !== undefined &&
        other.sentences.at(-1) === sentence &&
        other.path.at(-1)?.instruction === (log.path.at(-1)?.instruction ?? other.path.at(-1)?.instruction) &&
        (other.program === null || log.program === null || other.program === log.program),
    );
    const other = kept[at];
    if (!other) kept.push(log);
    else
      kept[at] = {
        ...(log.path.length > other.path.length ? log : other),
        program: other.program ?? log.program,
      };
  }
  return kept;
}

/** One program's log while its lines arrive. */
class OpenLog {
  /** True after a line of the kernel's, or where a loader said that its lines follow. */
  isOpen = false;
  isFinished = false;
  isEmpty = true;
  private readonly path = new LogPath();
  private statistics: VerifierStatistics | null = null;
  private details: Partial<VerifierStatistics> = {};
  private sentences: string[] = [];
  /** Sentences that no kernel known here says: they are the kernel's if its statistics follow. */
  private unknown: string[] = [];
  private remarks: string[] = [];
  private types: string | null = null;
  private report: string[] | null = null;

  constructor(
    public program: string | null,
    private readonly isDelimited: boolean,
  ) {}

  get isInReport(): boolean {
    return this.report !== null && !this.isFinished;
  }

  add(raw: string, read: LogLine): void {
    if (raw.startsWith(REPORT_START)) this.report = [];
    const line = this.isInReport && /^processed \d/.test(raw) ? classifyLine(raw) : read;
    if (this.isInReport && line.kind !== 'statistics') {
      this.report?.push(raw);
      this.confirm();
      return;
    }
    switch (line.kind) {
      case 'message':
        this.message(line.text);
        return;
      case 'blank':
        if (this.unknown.length > 0) this.isOpen = this.isDelimited;
        return;
      case 'source':
        if (line.source.text !== '') this.path.setSource(line.source);
        break;
      case 'step':
        this.path.step(line.instruction, line.text, line.state);
        // Messages before instructions are about something else (arguments, functions).
        this.sentences = [];
        this.remarks = [];
        this.unknown = [];
        break;
      case 'state':
        this.path.state(line.state);
        break;
      case 'jump':
        this.path.jump(line.from, line.state);
        break;
      case 'statistics':
        this.statistics = line.statistics;
        this.isFinished = true;
        this.confirm();
        break;
      case 'detail':
        this.details = { ...this.details, ...line.detail };
        this.confirm();
        break;
      case 'remark':
        if (this.remarks.length < MAX_SENTENCES) this.remarks.push(line.text);
        break;
      case 'types':
        this.types = line.text;
        break;
      default:
    }
    this.isOpen = true;
    this.isEmpty = false;
  }

  /** A line of another program: an unknown sentence before it was none of the kernel's. */
  interrupt(): void {
    if (!this.isDelimited) this.unknown = this.unknown.filter(text => isKernelSentence(text) === 'maybe');
  }

  /** Null when the lines contain no part of a log. */
  parse(): ProgramLog | null {
    if (this.isDelimited) this.confirm();
    // A log that was cut off at its end.
    if (this.isOpen)
      for (const text of this.unknown) if (isKernelSentence(text) === 'maybe') this.sentence(text);
    const { path, statistics, report } = this;
    const sentences =
      this.sentences.length > 0 || path.steps.length > 0 || report
        ? this.sentences
        : [...this.remarks, ...(this.types === null ? [] : [this.types])];
    const isTypes = this.types !== null && path.steps.length === 0 && statistics === null;
    if (path.steps.length === 0 && sentences.length === 0 && !report && !statistics) return null;
    return {
      program: isTypes ? null : this.program,
      isTypes,
      path: path.steps,
      entryState: path.entryState,
      dropped: path.dropped,
      sentences,
      report: report ? parseReport(report) : null,
      statistics: statistics && { ...statistics, ...this.details },
    };
  }

  private message(text: string): void {
    if (this.isFinished) return;
    const isKernels = isKernelSentence(text);
    if (isKernels === 'surely') this.sentence(text);
    else if (this.isOpen && !isWrappedState(text)) {
      this.unknown.push(text);
      if (this.unknown.length > MAX_SENTENCES) this.unknown.shift();
    } else if (!this.isOpen) {
      // Of lines that no loader announced only the one right before the statistics may be the kernel's.
      this.unknown = isKernels === 'maybe' ? [text] : [];
    }
  }

  private confirm(): void {
    for (const text of this.unknown) this.sentence(text);
    this.unknown = [];
  }

  private sentence(text: string): void {
    if (this.sentences.length < MAX_SENTENCES && !this.sentences.includes(text)) this.sentences.push(text);
    this.isOpen = true;
    this.isEmpty = false;
  }
}
