/**
 * Explains a verifier log in terms of the C program: the line, the variable, the reason, the fix, and related locations.
 * Pure: takes the log, and the object and source if available; returns diagnostics.
 */

import {
  addressArgument,
  argumentOf,
  assignedName,
  indexExpression,
  kconfigName,
  quoted,
} from '../c/line-names';
import type { BpfObject, Program } from '../object/model';
import { entryOf, type Recognised, recognise, UNKNOWN } from './catalogue';
import type { CatalogueEntry, Facts, Related } from './catalogue/entry';
import { Dataflow, type Definition } from './dataflow';
import { isRegister } from './instruction';
import type { LogStep, ProgramLog, ReportPlace, VerifierStatistics } from './model';
import { parseVerifierLog } from './parse-log';
import { type Position, type PositionOf, positionOfName, positionsFrom, programPosition } from './positions';
import { isSignedTest, type RelatedPlace, relatedPlaces, testsOf } from './related';

export interface VerifierDiagnostic {
  /** Path from the line information or the log; '' when unknown. */
  readonly file: string;
  /** 1-based; 1 when unknown. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error';
  /** Stable; an anchor in docs/verifier.md. */
  readonly code: string;
  /** One sentence in terms of the C program. */
  readonly message: string;
  /** Why, and what to change. */
  readonly explanation: string;
  /** The kernel's message. */
  readonly sentence: string;
  readonly related: readonly RelatedPlace[];
}

export interface Explanation {
  /** Null when unknown. */
  readonly program: string | null;
  /** Empty when the program was accepted. */
  readonly diagnostics: readonly VerifierDiagnostic[];
  readonly statistics: VerifierStatistics | null;
}

export interface ExplainOptions {
  /** The loaded object, for exact lines and columns. */
  readonly object?: BpfObject | undefined;
  /** The program's name, when the log does not contain it. */
  readonly program?: string | undefined;
  /** The C source, when there is no object. */
  readonly source?: { readonly file: string; readonly text: string } | undefined;
  /** The file to report when no line is known. */
  readonly file?: string | undefined;
  /** Other messages about the rejection: libbpf's messages, the errno's name. */
  readonly messages?: readonly string[] | undefined;
}

/** One explanation per program in the text. Empty only when neither the text nor the messages contain anything. */
export function explainLog(text: string, options: ExplainOptions = {}): Explanation[] {
  const parsed = parseVerifierLog(text);
  const messages = [...(options.messages ?? []), ...parsed.loaderMessages];
  const programs = parsed.programs.filter(isLog);
  const failed = programs.filter(log => log.sentences.length > 0 || log.report !== null || isCutOff(log));
  const logs = failed.length > 0 ? failed : programs;
  const explained = logs.map(log => explainProgram(log, messages, options));
  if (failed.length > 0 || messages.length === 0) return explained;
  const loader = explainMessages(messages, options);
  return loader ? [loader] : explained;
}

/** A text is a log if it has instructions, statistics, a report, or at least a message of the kernel. */
function isLog(log: ProgramLog): boolean {
  return (
    log.path.length > 0 || log.statistics !== null || log.report !== null || recognise(log.sentences) !== null
  );
}

/** Instructions without a reason or statistics after them. */
const isCutOff = (log: ProgramLog): boolean => log.statistics === null && log.path.length > 0;

function explainProgram(log: ProgramLog, messages: readonly string[], options: ExplainOptions): Explanation {
  const program = findProgram(log, options);
  const name = program?.name ?? options.program ?? log.program;
  const sentences = [...log.sentences];
  if (sentences.length === 0 && (isCutOff(log) || log.statistics === null)) sentences.push(...messages);
  if (sentences.length === 0 && isCutOff(log)) sentences.push('No space left on device');
  if (sentences.length === 0 && log.report) sentences.push(`${log.report.category}: ${log.report.problem}`);
  if (sentences.length === 0) return { program: name ?? null, diagnostics: [], statistics: log.statistics };
  const positionOf = positionsFrom({
    program,
    subprogramLines: options.object?.subprogramLines,
    source: options.source,
  });
  const diagnostic = new Diagnosis(log, program, positionOf, options).diagnose(sentences);
  return { program: name ?? null, diagnostics: [diagnostic], statistics: log.statistics };
}

/** Rejections without a log: only libbpf's messages or the errno are known. */
function explainMessages(messages: readonly string[], options: ExplainOptions): Explanation | null {
  const program = options.program ?? messages.map(line => /prog '([^']+)'/.exec(line)?.[1]).find(Boolean);
  const empty: ProgramLog = {
    program: program ?? null,
    path: [],
    entryState: '',
    dropped: 0,
    sentences: [],
    report: null,
    statistics: null,
  };
  return explainProgram({ ...empty, sentences: messages }, [], { ...options, program });
}

function findProgram(log: ProgramLog, options: ExplainOptions): Program | undefined {
  const programs = options.object?.programs ?? [];
  const name = options.program ?? log.program;
  if (name !== null) return programs.find(each => each.name === name);
  if (programs.length === 1) return programs[0];
  // A bare log: the only program whose lines include all those of the log's first steps.
  const texts = new Set(
    log.path.flatMap(step => (step.source && step.frame === 0 ? [step.source.text] : [])),
  );
  const fitting = programs.filter(each => {
    const own = new Set(each.sourceLines.map(line => line.text.trim()));
    return texts.size > 0 && [...texts].every(text => own.has(text));
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

class Diagnosis {
  private readonly flow: Dataflow;
  /** Index of the step where the verifier stopped; -1 without one. */
  private readonly last: number;

  constructor(
    private readonly log: ProgramLog,
    private readonly program: Program | undefined,
    private readonly positionOf: PositionOf,
    private readonly options: ExplainOptions,
  ) {
    this.flow = new Dataflow(log);
    this.last = log.path.length - 1;
  }

  diagnose(sentences: readonly string[]): VerifierDiagnostic {
    const found: Recognised = recognise(sentences) ?? {
      entry: UNKNOWN,
      sentence: sentences[0] ?? '',
      groups: {},
    };
    const blamed = this.stepOf(found);
    const value = this.valueOf(found);
    const index = this.indexOf(value);
    const entry = this.refined(found.entry, value, index);
    const facts = this.facts(found, value, index);
    const position = this.placeOfName(found) ?? this.place(blamed);
    const kinds: readonly Related[] = entry.related ?? [];
    const { report } = this.log;
    const related = relatedPlaces({
      kinds,
      flow: this.flow,
      positionOf: this.positionOf,
      value,
      index,
      acquired: Number(found.groups.insn ?? -1),
      position,
      facts,
    });
    return {
      ...position,
      severity: 'error',
      code: entry.code,
      message:
        entry === UNKNOWN && report ? sentenceOf(report.reason || report.problem) : entry.message(facts),
      explanation: [
        entry.why,
        entry.fix,
        ...(report?.suggestion ? [`The kernel suggests: ${report.suggestion}`] : []),
      ].join(' '),
      sentence: found.sentence,
      related: report ? mergeReport(report.causalPath, related, position) : related,
    };
  }

  /** The kernel reports a 32-bit number that is compared as signed as unbounded, although only its lower bound is missing. */
  private refined(entry: CatalogueEntry, value: readonly Definition[], index: readonly Definition[]) {
    if (entry.code !== 'unbounded-memory-access') return entry;
    const signed = testsOf({ flow: this.flow, value, index }).some(isSignedTest);
    return (signed ? entryOf('negative-size') : null) ?? entry;
  }

  /** The step that caused the rejection: the last one, unless the message names another instruction. */
  private stepOf(found: Recognised): LogStep | null {
    if (found.entry.code === 'loop-not-bounded' || found.entry.code === 'missing-exit') {
      const named = Number(found.groups.to || found.groups.insn || -1);
      const step = this.log.path.find(each => each.instruction === named);
      if (step) return step;
    }
    const last = this.log.path[this.last] ?? null;
    if (found.entry.code !== 'unreleased-reference' || !last) return last;
    // All returns share one exit, the closing brace: report the last branch before it.
    const text = this.positionOf(last)?.text;
    const [branch] = this.flow.decisions();
    return (text === undefined || text === '}') && branch ? branch.step : last;
  }

  /** Position of errors about a field or symbol: the loader replaced the instruction, so the name is searched. */
  private placeOfName({ entry, groups }: Recognised): { file: string; line: number; column: number } | null {
    const name =
      entry.code === 'core-relocation-failed'
        ? /(\w+)$/.exec(groups.what ?? '')?.[1]
        : entry.code === 'missing-kernel-config'
          ? groups.symbol || kernelOptionsOf(this.options.source?.text ?? '')[0]
          : (groups.symbol ?? groups.map);
    if (!name) return null;
    const from = this.log.path[this.last]?.instruction ?? 0;
    const found = positionOfName(name, { ...this.options, program: this.program }, from);
    return found && { file: found.file, line: found.line, column: found.column };
  }

  private place(step: LogStep | null): { file: string; line: number; column: number } {
    const at = this.log.report?.at;
    if (at?.file) return { file: at.file, line: at.line, column: Math.max(1, at.column) };
    const found: Position | null =
      (step && (this.positionOf(step) ?? this.nearest(step))) ?? programPosition(this.program);
    return {
      file: found?.file ?? this.options.file ?? this.options.source?.file ?? '',
      line: found?.line ?? 1,
      column: found?.column ?? 1,
    };
  }

  /** The last known position before `step`. */
  private nearest(step: LogStep): Position | null {
    for (let at = this.log.path.lastIndexOf(step); at >= 0; at--) {
      const before = this.log.path[at];
      const position = before && this.positionOf(before);
      if (position) return position;
    }
    return null;
  }

  /** Definitions of the message's register, latest first; if it names none, of the dereferenced pointer. */
  private valueOf(found: Recognised): readonly Definition[] {
    const acquired = found.entry.code === 'unreleased-reference' ? Number(found.groups.insn || -1) : -1;
    if (acquired >= 0) {
      const at = this.flow.steps.findLastIndex(step => step.instruction === acquired);
      const step = this.flow.steps[at];
      return step ? [{ at, step, operation: this.flow.operation(at) }] : [];
    }
    const named = found.groups.register;
    if (named) return this.flow.definitions(`r${named}`, this.last);
    const operation = this.flow.operation(this.last);
    if (operation.kind === 'load' || operation.kind === 'store')
      return this.flow.definitions(operation.base, this.last);
    if (operation.kind === 'arithmetic' && isRegister(operation.operand)) return [this.step(this.last)];
    return [];
  }

  /** Definitions of the number that was added to the pointer; of the value itself when it is a number. */
  private indexOf(value: readonly Definition[]): readonly Definition[] {
    for (const { at, operation } of value) {
      if (operation.kind !== 'arithmetic' || !isRegister(operation.operand)) continue;
      // The number is the operand whose state is a scalar.
      const added = this.flow.stateOf(operation.operand, at - 1);
      const register = added && added.type !== 'scalar' ? operation.to : operation.operand;
      return this.flow.definitions(register, at);
    }
    return [];
  }

  private facts(found: Recognised, value: readonly Definition[], index: readonly Definition[]): Facts {
    const operation = this.flow.operation(this.last);
    const origin = value.find(({ operation }) => operation.kind === 'call' && !operation.isLocal);
    const helper = origin?.operation.kind === 'call' ? origin.operation.function : '';
    const line = this.sourceText(this.log.path[this.last]);
    return {
      sentence: found.sentence,
      groups: found.groups,
      subject: otherwise => {
        const passed =
          operation.kind === 'call' && line && found.groups.register
            ? argumentOf(line, operation.function, Number(found.groups.register))
            : null;
        return passed ? quoted(passed) : this.nameOf(value, otherwise);
      },
      index: otherwise => {
        const expression = index.length > 0 && line ? indexExpression(line) : null;
        if (expression) return quoted(expression);
        return index.length > 0 ? this.nameOf(index, otherwise) : otherwise;
      },
      origin:
        origin && helper !== ''
          ? {
              helper: helper.replace(/^bpf_/, ''),
              map: addressArgument(this.sourceText(origin.step) ?? '', helper),
            }
          : null,
      called:
        operation.kind === 'call' && !operation.isLocal && /^bpf_/.test(operation.function)
          ? operation.function.replace(/^bpf_/, '')
          : null,
      kernelOptions: kernelOptionsOf(this.options.source?.text ?? ''),
      section: this.program?.section ?? null,
    };
  }

  /**
   * The variable that holds a value: the one assigned in the line of its latest definition. The line of the error itself
   * assigns something else, unless a call in it returns the value.
   */
  private nameOf(definitions: readonly Definition[], otherwise: string): string {
    const line = this.sourceText(this.log.path[this.last]);
    for (const { step, operation } of definitions) {
      const text = this.sourceText(step);
      if (text === null || text === '' || (text === line && operation.kind !== 'call')) continue;
      const name = assignedName(text) ?? argumentName(text, operation.kind === 'load');
      if (name) return quoted(name);
    }
    return otherwise;
  }

  private sourceText(step: LogStep | undefined): string | null {
    if (!step) return null;
    return this.positionOf(step)?.text ?? step.source?.text ?? null;
  }

  private step(at: number): Definition {
    const step = this.flow.steps[at];
    if (!step) throw new RangeError(`no step ${at}`);
    return { at, step, operation: this.flow.operation(at) };
  }
}

/** "int BPF_KPROBE(on_read, struct file *file)" defines one argument: returns its name. With several it is ambiguous. */
function argumentName(text: string, isLoad: boolean): string | null {
  if (!isLoad) return null;
  const inside = /\bBPF_\w+\(\w+, ([^,()]+)\)/.exec(text)?.[1];
  return inside ? (/(\w+)\s*$/.exec(inside)?.[1] ?? null) : null;
}

/** The kernel's own report of the path (7.3) comes first; ours adds locations that it lacks. */
function mergeReport(
  causal: readonly ReportPlace[],
  own: readonly RelatedPlace[],
  at: { readonly file: string; readonly line: number },
): RelatedPlace[] {
  const theirs = causal.flatMap(place =>
    place.file === null
      ? []
      : [{ file: place.file, line: place.line, column: Math.max(1, place.column), message: place.message }],
  );
  const sameLine = (one: RelatedPlace) => (other: RelatedPlace) =>
    one.line === other.line && one.file.endsWith(other.file.replace(/^.*\//, ''));
  const merged = new Map<number, RelatedPlace>();
  // Ours names variables, theirs registers.
  for (const place of theirs)
    if (place.line !== at.line) merged.set(place.line, own.find(sameLine(place)) ?? place);
  for (const place of own) if (!merged.has(place.line)) merged.set(place.line, place);
  return [...merged.values()];
}

function sentenceOf(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Names in declarations such as `extern unsigned int CONFIG_HZ __kconfig;`, in order. */
function kernelOptionsOf(source: string): string[] {
  return source.split('\n').flatMap(line => kconfigName(line)?.match(/^CONFIG_.*/) ?? []);
}
