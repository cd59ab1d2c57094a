/** Explains one rejection in terms of the C program: the line, the variable, the reason, the fix, and related locations. */

import type { Btf } from '../btf/btf-model';
import { legacyMaps } from '../c/legacy-maps';
import {
  addressArgument,
  argumentOf,
  assignedName,
  indexExpression,
  kconfigName,
  quoted,
} from '../c/line-names';
import { type ProgramSection, programSections } from '../c/program-sections';
import type { LocalVariables } from '../object/local-variables';
import type { BpfObject, Program } from '../object/model';
import { entryOf, type Recognised, UNKNOWN } from './catalogue';
import type { CatalogueEntry, Facts, Related } from './catalogue/entry';
import { Dataflow, type Definition } from './dataflow';
import { errorSource, packetInvalidator, packetTest } from './history';
import { isRegister } from './instruction';
import type { LogStep, ProgramLog, ReportPlace } from './model';
import { type Position, type PositionOf, positionOfName, programPosition } from './positions';
import { isSignedTest, type RelatedPlace, relatedPlaces, testsOf } from './related';
import { describeByte } from './struct-bytes';

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
  /** Types of local variables, of the object's DWARF. */
  readonly locals?: LocalVariables | null | undefined;
  /** The kernel that refused the program, and its types. */
  readonly kernel?: { readonly btf: Btf; readonly release: string } | null | undefined;
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
    const entry = this.refined(found, value, index);
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
        entry.fixFor?.(facts) ?? entry.fix,
        ...(report?.suggestion ? [`The kernel suggests: ${report.suggestion}`] : []),
      ].join(' '),
      sentence: found.sentence,
      reporter,
      related: report ? mergeReport(report.causalPath, related, position) : related,
    };
  }

  /** The same sentence may have several causes; the path before it tells which. */
  private refined(
    { entry, groups }: Reason,
    value: readonly Definition[],
    index: readonly Definition[],
  ): CatalogueEntry {
    // A 32-bit number that is compared as signed is unbounded to the kernel, although only its lower bound is missing.
    if (entry.code === 'unbounded-memory-access') {
      const signed = testsOf({ flow: this.flow, value, index }).some(isSignedTest);
      return (signed ? entryOf('negative-size') : null) ?? entry;
    }
    const isForgotten = entry.code === 'uninitialized-register' || /^(?:scalar|inv)/.test(groups.type ?? '');
    if (isForgotten && groups.register && this.packetMovedBy(groups.register) !== null)
      return entryOf('packet-pointer-invalidated') ?? entry;
    return entry;
  }

  /** As the object has it, or the source where the program has that name. */
  private section(): string | null {
    return this.program ? this.program.section : (this.writtenSection()?.section ?? null);
  }

  private writtenSection(): ProgramSection | null {
    const name = this.options.program ?? this.log.program;
    const written = programSections(this.options.source?.text ?? '').filter(
      each => name !== null && each.names.has(name),
    );
    return written.length === 1 ? (written[0] ?? null) : null;
  }

  /** The SEC() of the program in the source, for errors about the whole program. */
  private sectionPosition(): Position | null {
    const { source } = this.options;
    const section = this.writtenSection();
    if (!source || !section) return null;
    const before = source.text.slice(0, section.start).split('\n');
    return {
      file: source.file,
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
      text: source.text.slice(section.start, section.end),
    };
  }

  private packetMovedBy(register: string | undefined): string | null {
    return register ? packetInvalidator(this.flow, `r${register}`, this.last) : null;
  }

  /** What is at the first byte that was never written, where the whole variable was passed to a helper. */
  private unwritten({ groups }: Reason): string | null {
    const operation = this.flow.operation(this.last);
    const line = this.sourceText(this.log.path[this.last]);
    if (operation.kind !== 'call' || !line || !groups.register || !groups.byte) return null;
    const variable = addressArgument(line, operation.function, Number(groups.register));
    const { locals } = this.options;
    const owner = this.program?.name ?? this.options.program ?? this.log.program;
    if (!variable || /\W/.test(variable) || !locals || !owner) return null;
    const declared = locals.localsOf(owner).filter(each => each.name === variable);
    const [only] = declared;
    return only && declared.length === 1
      ? describeByte(locals.types, only.type, Number(groups.byte), variable)
      : null;
  }

  private parametersOf(name: string): readonly string[] | null {
    const kernel = this.options.kernel?.btf;
    const id = kernel?.find('func', name) ?? null;
    const type = kernel && id !== null ? kernel.type(id) : null;
    const signature = kernel && type?.kind === 'func' ? kernel.type(type.type) : null;
    return signature?.kind === 'func_proto' ? signature.parameters.map(each => each.name) : null;
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
            ? legacyMaps(this.options.source?.text ?? '')[0]?.name
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
      (entry.isOfObject ? null : (programPosition(this.program) ?? this.sectionPosition()));
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
      legacyMaps: legacyMaps(this.options.source?.text ?? '').map(each => each.name),
      kernelRelease: this.options.kernel?.release ?? null,
      sentences: this.log.sentences,
      packetMovedBy: this.packetMovedBy(found.groups.register),
      packetTest: found.groups.register
        ? packetTest(this.flow, `r${found.groups.register}`, this.last)
        : null,
      errorOf: errorSource(this.flow, index.length > 0 ? index : value),
      unwritten: this.unwritten(found),
      parametersOf: name => this.parametersOf(name),
      section: this.section(),
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
