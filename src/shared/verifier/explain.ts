/**
 * Explains a verifier log in terms of the C program: the line, the variable, the reason, the fix, and related locations.
 * Pure: takes the log, and the object and source if available; returns diagnostics.
 */

import type { Program } from '../object/model';
import { entryOf, isKernelSentence, recognise, recogniseAny, UNKNOWN, UNKNOWN_TO_LOADER } from './catalogue';
import { Diagnosis, type ExplainOptions, type Reason, type VerifierDiagnostic } from './diagnosis';
import { isLoaderRemark } from './loader-lines';
import type { LoaderMessage, ProgramLog, VerifierStatistics } from './model';
import { parseVerifierLog } from './parse-log';
import { positionsFrom } from './positions';

export type { ExplainOptions, VerifierDiagnostic } from './diagnosis';

export interface Explanation {
  /** Null when unknown. */
  readonly program: string | null;
  /** Empty when the program was accepted. */
  readonly diagnostics: readonly VerifierDiagnostic[];
  readonly statistics: VerifierStatistics | null;
}

/** One explanation per program in the text. Empty only when neither the text nor the messages contain anything. */
export function explainLog(text: string, options: ExplainOptions = {}): Explanation[] {
  const parsed = parseVerifierLog(text);
  const messages = [...(options.messages ?? []).map(asMessage), ...parsed.loaderMessages];
  const failed = parsed.programs.filter(
    log => log.sentences.length > 0 || log.report !== null || isCutOff(log),
  );
  // libbpf loads the programs without types that the kernel refused.
  const ofPrograms = failed.filter(log => !log.isTypes);
  const logs = [ofPrograms, failed, parsed.programs].find(each => each.length > 0) ?? [];
  const explained = logs.map(log => explainProgram(log, aboutProgram(messages, log.program), options));
  if (failed.length > 0 || messages.length === 0) return explained;
  const loader = explainMessages(messages, options);
  return loader.length > 0 ? loader : explained;
}

/** Instructions without a reason or statistics after them. */
const isCutOff = (log: ProgramLog): boolean => log.statistics === null && log.path.length > 0;

/** A message of the caller's: an errno's name, a sentence of the kernel's, or libbpf's. */
function asMessage(text: string): LoaderMessage {
  const isKernels = /^E[A-Z0-9]+$/.test(text) || isKernelSentence(text) === 'surely';
  return { by: isKernels ? 'kernel' : 'libbpf', text: text.replace(/^libbpf: /, ''), program: null };
}

/** Without those that name another program. */
function aboutProgram(messages: readonly LoaderMessage[], program: string | null): LoaderMessage[] {
  return messages.filter(each => program === null || each.program === null || each.program === program);
}

interface Found {
  readonly reason: Reason;
  readonly reporter: string;
  /** The program that the sentence names. */
  readonly program: string | null;
}

function explainProgram(
  log: ProgramLog,
  messages: readonly LoaderMessage[],
  options: ExplainOptions,
): Explanation {
  const program = findProgram(log, options);
  const name = program?.name ?? options.program ?? log.program;
  const loader = log.statistics === null ? ofLoader(messages) : null;
  // Where the log only ends too early, the loader's errno says less.
  const isErrno = loader?.reason.entry.code === 'log-missing' && isCutOff(log);
  const found = ofKernel(log) ?? (isErrno ? null : loader) ?? cutOff(log);
  if (!found) return { program: name, diagnostics: [], statistics: log.statistics };
  const positionOf = positionsFrom({
    program,
    subprogramLines: options.object?.subprogramLines,
    source: options.source,
  });
  const { reason, reporter } = found;
  const diagnostic = new Diagnosis(log, program, positionOf, options).diagnose(reason, reporter);
  return { program: name, diagnostics: [diagnostic], statistics: log.statistics };
}

function ofKernel({ sentences, report }: ProgramLog): Found | null {
  const sentence = sentences[0] ?? (report ? `${report.category}: ${report.problem}` : null);
  if (sentence === null) return null;
  return {
    reason: recognise(sentences) ?? { entry: UNKNOWN, sentence, groups: {} },
    reporter: 'kernel',
    program: null,
  };
}

function ofLoader(messages: readonly LoaderMessage[]): Found | null {
  const telling = messages.filter(each => !isLoaderRemark(each.text));
  const reason = recogniseAny(telling.map(each => each.text));
  const said = telling.find(each => (reason ? each.text === reason.sentence : FAILURE.test(each.text)));
  if (!said) return null;
  return {
    reason: reason ?? { entry: UNKNOWN_TO_LOADER, sentence: said.text, groups: {} },
    reporter: said.by,
    program: said.program,
  };
}

/** Instructions, and neither a reason nor statistics after them: nobody said a sentence. */
function cutOff(log: ProgramLog): Found | null {
  const entry = entryOf('log-truncated');
  return entry && isCutOff(log)
    ? { reason: { entry, sentence: '', groups: {} }, reporter: '', program: null }
    : null;
}

/** A failure that is none of the catalogue's, as loaders word it. */
const FAILURE = /fail|error|invalid|can't|cannot|unable|missing|not (?:found|supported|permitted)|reject/i;

/** Rejections without a log: one for each program that the loader names; what is about the whole object is said once. */
function explainMessages(messages: readonly LoaderMessage[], options: ExplainOptions): Explanation[] {
  const found = ofLoader(messages);
  if (!found) return [];
  const names = new Set(messages.flatMap(each => each.program ?? []));
  const programs: (string | undefined)[] =
    found.reason.entry.isOfObject || options.program !== undefined || names.size === 0
      ? [options.program ?? found.program ?? undefined]
      : [...names];
  return programs.map(program =>
    explainProgram(NO_LOG, aboutProgram(messages, program ?? null), { ...options, program }),
  );
}

const NO_LOG: ProgramLog = {
  program: null,
  isTypes: false,
  path: [],
  entryState: '',
  dropped: 0,
  sentences: [],
  report: null,
  statistics: null,
};

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
