/** Explains one rejection in terms of the C program: the line, the variable, the reason, the fix, and related locations. */
import {
  addressArgument,
  argumentOf,
  assignedName,
  indexExpression,
  kconfigName,
  quoted,
} from '../c/line-names';
import type { BpfObject, Program } from '../object/model';
import { entryOf, type Recognised, UNKNOWN } from './catalogue';
import type { CatalogueEntry, Facts, Related } from './catalogue/entry';
import { Dataflow, type Definition } from './dataflow';
import { isRegister } from './instruction';
import type { LogStep, ProgramLog, ReportPlace } from './model';
import { type Position, type PositionOf, positionOfName, programPosition } from './positions';
import { isSignedTest, type RelatedPlace, relatedPlaces, testsOf } from './related';

/** What the log or the loader says, and the kind of rejection that it is. */
export type Reason = Pick<Recognised, 'entry' | 'sentence' | 'groups'>;

type Place = Pick<VerifierDiagnostic, 'file' | 'line' | 'column'>;

export interface VerifierDiagnostic {
  /** Path from the line information or the log; '' when unknown. */
  readonly file: string;
  /** 1-based; null where neither log, object nor source say a line, or where the failure is not about one. */
  readonly line: number | null;
  /** 1-based; null with the line. */
  readonly column: number | null;
  readonly severity: 'error';
  /** Stable; an anchor in docs/verifier.md. */
  readonly code: string;
  /** One sentence in terms of the C program. */
  readonly message: string;
  /** Why, and what to change. */
  readonly explanation: string;
  /** The message of `reporter`; '' when the text ends before it. */
  readonly sentence: string;
  /** Who printed the sentence: "kernel", "libbpf", "ebpf-go" …; '' without one. */
  readonly reporter: string;
  readonly related: readonly RelatedPlace[];
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

/** One rejection: from its reason to the place, the words and the places that led there. */
export class Diagnosis {
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

  diagnose(found: Reason, reporter: string): VerifierDiagnostic {
    const blamed = this.stepOf(found);
    const value = this.valueOf(found);
    const index = this.indexOf(value);
    const entry = this.refined(found.entry, value, index);
    const facts = this.facts(found, value, index);
    const position = this.placeOfName(found) ?? this.place(blamed, entry);
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
      reporter,
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
  private stepOf(found: Reason): LogStep | null {
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
  private placeOfName({ entry, groups }: Reason): Place | null {
    const name =
      entry.code === 'core-relocation-failed'
        ? /(\w+)$/.exec(groups.what ?? '')?.[1]
        : entry.code === 'missing-kernel-config'
          ? groups.symbol || kernelOptionsOf(this.options.source?.text ?? '')[0]
          : entry.code === 'legacy-map-definition'
            ? legacyMapsOf(this.options.source?.text ?? '')[0]
            : (groups.symbol ?? groups.map);
    if (!name) return null;
    const from = this.log.path[this.last]?.instruction ?? 0;
    const found = positionOfName(name, { ...this.options, program: this.program }, from);
    return found && { file: found.file, line: found.line, column: found.column };
  }

  private place(step: LogStep | null, entry: CatalogueEntry): Place {
    const at = this.log.report?.at;
    if (at?.file) return { file: at.file, line: at.line, column: Math.max(1, at.column) };
    const found: Position | null =
      (step && (this.positionOf(step) ?? this.nearest(step))) ??
      (entry.isOfObject ? null : programPosition(this.program));
    return {
      file: found?.file ?? this.options.file ?? this.options.source?.file ?? '',
      line: found?.line ?? null,
      column: found?.column ?? null,
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
  private valueOf(found: Reason): readonly Definition[] {
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

  private facts(found: Reason, value: readonly Definition[], index: readonly Definition[]): Facts {
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
      legacyMaps: legacyMapsOf(this.options.source?.text ?? ''),
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
  at: Place,
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

/** Names in `struct bpf_map_def SEC("maps") NAME = …`, with the attribute on either side, in order. */
function legacyMapsOf(source: string): string[] {
  const declared =
    /\bSEC\(\s*"maps(?:\/[^"]*)?"\s*\)\s*(?:struct\s+\w+\s+)?(\w+)\s*[=;]|\bstruct\s+bpf_(?:elf_)?map(?:_def)?\s+(\w+)\s+SEC\(\s*"maps/g;
  return [...source.matchAll(declared)].flatMap(([, after, before]) => after ?? before ?? []);
}
