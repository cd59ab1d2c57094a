/**
 * Parses verifier logs of any origin: bare from the kernel, or with libbpf's messages around them. Time and memory are
 * linear in the text, which may be untrusted input.
 */
import { classifyLine } from './log-lines';
import type { LogSource, LogStep, ParsedLog, ProgramLog, VerifierStatistics } from './model';
import { parseReport, REPORT_START } from './report';

/** A longer path is an unrolled loop: its oldest part is dropped. */
const MAX_PATH = 65_536;
/** A message of the kernel has at most two lines, the states after "infinite loop" some more. */
const MAX_SENTENCES = 16;

/** Before libbpf 0.7: "BEGIN DUMP LOG" and "END LOG". */
const BEGIN = /-- BEGIN (?:PROG LOAD|DUMP) LOG --/;
const END = /-- END (?:PROG LOAD )?LOG --/;
/** Indentation by a loader or a bug report. A state line itself begins with one space. */
const INDENT =
  /^ {2,}(?=; |\d+: (?:\([0-9a-f]{2}\) |<invalid |R\d|frame\d)|from \d+ to \d|R\d+(?:_\w+)?=|processed \d)/;
const LOADER = /^(?:libbpf:(?: |$)|libbpf\[|bpftool: |Error: |veristat: )/;
/** veristat's heading of a program's log. */
const VERISTAT_PROGRAM = /^PROCESSING \S+\/(\S+), DURATION US: /;
const LOADER_PROGRAM = /\bprog(?:ram)? '([^']+)'/;

export function parseVerifierLog(text: string): ParsedLog {
  const programs: ProgramLog[] = [];
  const loaderMessages: string[] = [];
  let open: { program: string | null; lines: string[] } = { program: null, lines: [] };
  const close = () => {
    const log = parseProgramLog(open.lines, open.program);
    if (log) programs.push(log);
    open = { program: null, lines: [] };
  };
  // Loaders in Go indent the kernel's lines; the rest of a state line distinguishes its own space from that.
  for (const raw of text.split('\n')) {
    const line = raw.replace(/\r$/, '').replace(/^\t+/, '').replace(INDENT, '');
    if (BEGIN.test(line)) {
      close();
      open.program = LOADER_PROGRAM.exec(line)?.[1] ?? null;
    } else if (VERISTAT_PROGRAM.test(line)) {
      close();
      open.program = VERISTAT_PROGRAM.exec(line)?.[1] ?? null;
    } else if (END.test(line)) {
      close();
    } else if (LOADER.test(line)) {
      const message = line.replace(/^libbpf: ?/, '').trim();
      if (message !== '') loaderMessages.push(message);
    } else {
      open.lines.push(line);
    }
  }
  close();
  return { programs, loaderMessages };
}

/** Null when the lines contain no part of a log. */
function parseProgramLog(all: readonly string[], program: string | null): ProgramLog | null {
  const reportAt = all.findIndex(line => line.startsWith(REPORT_START));
  const reportEnd =
    reportAt < 0 ? -1 : all.findIndex((line, at) => at > reportAt && /^processed \d/.test(line));
  const lines =
    reportAt < 0 ? all : [...all.slice(0, reportAt), ...(reportEnd < 0 ? [] : all.slice(reportEnd))];
  const path = new Path();
  let statistics: VerifierStatistics | null = null;
  let details: Partial<VerifierStatistics> = {};
  let messages: string[] = [];
  for (const raw of lines) {
    const line = classifyLine(raw);
    switch (line.kind) {
      case 'source':
        if (line.source.text !== '') path.setSource(line.source);
        break;
      case 'step':
        path.step(line.instruction, line.text, line.state);
        // Messages before instructions are about something else (arguments, functions).
        messages = [];
        break;
      case 'state':
        path.state(line.state);
        break;
      case 'jump':
        path.jump(line.from, line.state);
        break;
      case 'statistics':
        statistics = line.statistics;
        break;
      case 'detail':
        details = { ...details, ...line.detail };
        break;
      case 'message':
        if (messages.length < MAX_SENTENCES) messages.push(line.text);
        break;
      default:
    }
  }
  if (path.steps.length === 0 && messages.length === 0 && reportAt < 0 && !statistics) return null;
  return {
    program,
    path: path.steps,
    entryState: path.entryState,
    dropped: path.dropped,
    sentences: messages,
    report: reportAt < 0 ? null : parseReport(all.slice(reportAt, reportEnd < 0 ? undefined : reportEnd)),
    statistics: statistics && { ...statistics, ...details },
  };
}

/** Collects steps, and returns to a branch when the verifier does ("from X to Y"). */
class Path {
  steps: LogStep[] = [];
  private source: LogSource | null = null;
  entryState = '';
  dropped = 0;
  /** C lines by instruction: after a jump the kernel repeats a line only when it has printed another one since. */
  private readonly sources = new Map<number, LogSource>();
  /** True when a C line was printed since the last instruction. */
  private sourceIsFresh = false;
  private readonly explored = new WeakSet<LogStep>();

  setSource(source: LogSource): void {
    this.source = source;
    this.sourceIsFresh = true;
  }

  step(instruction: number, text: string, state: string): void {
    const last = this.steps.at(-1);
    // A jump without a C line after it: the kernel printed that line on another path, which it has truncated.
    if (last && /goto pc/.test(last.text) && instruction !== last.instruction + 1 && !this.sourceIsFresh)
      this.source = this.sources.get(instruction) ?? null;
    this.sourceIsFresh = false;
    const { source } = this;
    if (source) this.sources.set(instruction, source);
    this.steps.push({ instruction, text, frame: this.frameOf(instruction), source, state });
    if (this.steps.length > MAX_PATH) {
      this.dropped += MAX_PATH / 2;
      this.steps = this.steps.slice(MAX_PATH / 2);
    }
  }

  state(state: string): void {
    const last = this.steps.at(-1);
    if (!last) this.entryState ||= state;
    else if (last.state === '') last.state = state;
  }

  /**
   * The verifier continues with the other branch of the jump at `from`: truncates the path after it. The kernel has
   * already truncated level 1 logs; in level 2 logs it is the latest such jump whose other branch is still unexplored.
   */
  jump(from: number, state: string): void {
    for (let at = this.steps.length - 1; at >= 0; at--) {
      const step = this.steps[at];
      if (!step || step.instruction !== from || this.explored.has(step)) continue;
      this.explored.add(step);
      this.steps.length = at + 1;
      step.state = state === '' ? step.state : state;
      break;
    }
    this.sourceIsFresh = false;
  }

  private frameOf(instruction: number): number {
    const last = this.steps.at(-1);
    if (!last) return 0;
    const call = /^call pc([+-]\d+)/.exec(last.text);
    if (call && last.instruction + 1 + Number(call[1]) === instruction) return last.frame + 1;
    if (last.text === 'exit') return Math.max(0, last.frame - 1);
    return last.frame;
  }
}
