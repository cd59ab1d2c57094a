/**
 * Runs the kernel's verifier on every program of an object, one load each, so that one rejection does not hide another.
 * Nothing is attached, and nothing stays loaded.
 */
import type { Btf } from '../../shared/btf/btf-model';
import { readLocalVariables } from '../../shared/object/local-variables';
import type { BpfObject, Program } from '../../shared/object/model';
import type { AttachOverride } from '../../shared/protocol/tracer';
import { type ExplainOptions, explainLog, type VerifierDiagnostic } from '../../shared/verifier/explain';
import { parseVerifierLog } from '../../shared/verifier/parse-log';
import { capabilitiesFor, loadingWork } from '../elevation/capabilities';
import { type TracerConnection, TracerRequestError } from '../targets/tracer-connection';
import { lackOf } from './attach-point-lack';
import type { LoadRequest } from './start-request';
import { openRequest } from './tracing-session';

export interface VerifyRequest extends LoadRequest {
  /** File to report if no line is known. */
  readonly file: string;
  /** Its text, when it is the C source: places of what is declared in it and has no instructions. */
  readonly sourceText?: string | undefined;
}

type RefusingKernel = NonNullable<ExplainOptions['kernel']>;

export interface VerifiedProgram {
  readonly name: string;
  readonly section: string;
  /** Instructions the verifier processed, over all paths. */
  readonly instructions: number;
  /** States it explored ("total_states"); 0 if the kernel does not report it. */
  readonly states: number;
  /** Instructions of the program as loaded. */
  readonly size: number;
}

export interface RejectedProgram {
  readonly name: string;
  readonly diagnostics: readonly VerifierDiagnostic[];
  /** The kernel's log, or libbpf's messages if there is none. */
  readonly log: string;
}

export interface Verification {
  readonly verified: readonly VerifiedProgram[];
  readonly rejected: readonly RejectedProgram[];
  /** Programs that need not load on this target, and do not: fallbacks, and those loaded only if chosen. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

/** Throws TracerRequestError and SessionError for anything but a rejection: no permission, no memory, no tracer. */
export async function verifyPrograms(request: VerifyRequest): Promise<Verification> {
  const { target, object } = request;
  const capabilityFacts = await target.capabilityFacts();
  const { btf, kernelRelease } = await target.readBtf();
  const kernel = { btf, release: kernelRelease };
  const acquire = (programs: readonly Program[], known: Btf | null) =>
    request.tracers.acquire(
      target,
      capabilitiesFor(loadingWork(object, programs, known), capabilityFacts),
      object.name,
      request,
    );
  const plain = await acquire(object.programs, null);
  const verified: VerifiedProgram[] = [];
  const rejected: RejectedProgram[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const program of object.programs) {
    request.progress(`Verifying ${program.name}`);
    const attach = attachOf(program, object);
    if (attach === null) {
      leftOut.push({ name: program.name, why: `${program.targetParameter} sets what it attaches to` });
      continue;
    }
    let connection = plain;
    const [moduleTarget] = loadingWork(object, [program], btf).get('use-module-btf') ?? [];
    const isAbsent = moduleTarget !== undefined && (await isNowhere(program, request, plain));
    // Only for functions a module really has: a function that exists nowhere does not justify more capabilities.
    if (moduleTarget !== undefined && !isAbsent) connection = await acquire([program], btf);
    try {
      verified.push(await load(connection, request, program, attach));
    } catch (error) {
      if (isAbsent && error instanceof TracerRequestError && error.code === 'not-permitted') {
        // Without the right to read modules libbpf cannot report this itself.
        const why = await whyNotNeeded(program, request, connection);
        const messages = [`failed to find kernel BTF type ID of '${moduleTarget}'`];
        if (why !== null) leftOut.push({ name: program.name, why });
        else rejected.push(explained('', messages, request, program, kernel));
        continue;
      }
      if (!isRejection(error)) throw error;
      const why = await whyNotNeeded(program, request, connection);
      if (why !== null) leftOut.push({ name: program.name, why });
      else rejected.push(await explain(error, connection, request, program, attach, kernel));
      // Maps and symbols belong to the whole object: the other programs would only fail the same way.
      if (error.code === 'object-rejected' && error.data.program === undefined) break;
    }
  }
  return { verified, rejected, leftOut };
}

const isRejection = (error: unknown): error is TracerRequestError =>
  error instanceof TracerRequestError &&
  (error.code === 'verifier-rejected' || error.code === 'object-rejected');

/** Loaded, not attached; trampolines are bound to their function during load. Null: the function is unknown. */
function attachOf(program: Program, object: BpfObject): AttachOverride | null {
  const { kind } = program.attachPoint;
  if (program.targetParameter === null || (kind !== 'fentry' && kind !== 'fexit')) return { kind: 'none' };
  const parameter = object.parameters.find(each => each.name === program.targetParameter);
  return parameter?.defaultValue ? { kind: 'fentry', function: parameter.defaultValue } : null;
}

async function load(
  connection: TracerConnection,
  request: VerifyRequest,
  program: Program,
  attach: AttachOverride,
): Promise<VerifiedProgram> {
  const opened = await connection.request('session/open', {
    ...openOne(connection, request, program, attach),
    verifierLog: 'statistics',
  });
  await connection.request('session/close', { sessionId: opened.sessionId });
  const loaded = opened.programs.find(each => each.name === program.name);
  const blob = loaded?.verifierLogBlobId;
  const log = blob === undefined ? '' : new TextDecoder().decode(connection.takeBlob(blob));
  const statistics = parseVerifierLog(log).programs[0]?.statistics ?? null;
  return {
    name: program.name,
    section: program.section,
    instructions: statistics?.processedInstructions ?? loaded?.verifiedInstructions ?? 0,
    states: statistics?.totalStates ?? 0,
    size: loaded?.instructions ?? program.instructionCount,
  };
}

/**
 * The first load requested only statistics, which are short and include the reason even if the log of all steps would
 * exceed any limit (a loop with a million rounds); a second load requests that log.
 */
async function explain(
  first: TracerRequestError,
  connection: TracerConnection,
  request: VerifyRequest,
  program: Program,
  attach: AttachOverride,
  kernel: RefusingKernel,
): Promise<RejectedProgram> {
  const messages = [
    ...parseVerifierLog(first.verifierLog ?? '').programs.flatMap(each => each.sentences),
    ...(first.data.libbpfLog ?? []),
    ...(first.data.errnoName === undefined ? [] : [first.data.errnoName]),
  ];
  const path = first.verifierLog === null ? null : await pathLog(connection, request, program, attach);
  return explained(path ?? first.verifierLog ?? '', messages, request, program, kernel);
}

function explained(
  log: string,
  messages: readonly string[],
  request: VerifyRequest,
  program: Program,
  kernel: RefusingKernel,
): RejectedProgram {
  const { object, objectBytes, file, sourceText } = request;
  const explanations = explainLog(log, {
    object,
    locals: readLocalVariables(objectBytes),
    kernel,
    program: program.name,
    file,
    source: sourceText === undefined ? undefined : { file, text: sourceText },
    messages,
  });
  return {
    name: program.name,
    diagnostics: explanations.flatMap(each => each.diagnostics),
    log: log === '' ? messages.join('\n') : log,
  };
}

async function pathLog(
  connection: TracerConnection,
  request: VerifyRequest,
  program: Program,
  attach: AttachOverride,
): Promise<string | null> {
  try {
    const opened = await connection.request('session/open', openOne(connection, request, program, attach));
    await connection.request('session/close', { sessionId: opened.sessionId });
    return null;
  } catch (error) {
    if (!isRejection(error)) throw error;
    return error.verifierLog;
  }
}

function openOne(
  connection: TracerConnection,
  { object, objectBytes }: VerifyRequest,
  program: Program,
  attach: AttachOverride,
) {
  const params = openRequest({
    connection,
    object,
    objectBytes,
    choice: { load: [program] },
    // The verifier's messages are wanted, based on the kernel's own table.
    relocationBtf: null,
    parameters: new Map(),
    attach: new Map([[program.name, attach]]),
    consented: [],
  });
  // A loaded program runs only once it is attached, and the tracer refuses to attach programs loaded with this flag:
  // whatever the program's type and calls, nothing is changed and no consent is needed.
  return { ...params, loadOnly: true };
}

/** True if neither the kernel's own BTF nor a module's has the program's attach point. */
async function isNowhere(
  program: Program,
  request: VerifyRequest,
  connection: TracerConnection,
): Promise<boolean> {
  const facts = await request.target.facts(connection);
  return (await lackOf({ ...program, needs: [] }, facts, async () => null)) !== null;
}

/** Why the object does not need a program on this target: it is optional, and the target lacks something for it. */
async function whyNotNeeded(
  program: Program,
  request: VerifyRequest,
  connection: TracerConnection,
): Promise<string | null> {
  if (program.choice === null && program.autoload && program.needs.length === 0) return null;
  const lack = await lackOf(program, await request.target.facts(connection), async () => null);
  return lack?.what ?? null;
}
