/**
 * From an object file to an attached session on a target, the same for the extension and bpfw: capabilities, tracer,
 * choice of programs, consent if they may change the system, load, attach. At first BTF is trusted about functions; if
 * the kernel then refuses a program, the tracer checks them, once. If the kernel refuses to attach a program that has a
 * fallback, the next rank is tried; any other failure leaves nothing loaded.
 */
import type { Btf } from '../../shared/btf/btf-model';
import { choiceGroups } from '../../shared/object/choice-groups';
import type { BpfObject, Program } from '../../shared/object/model';
import { capabilitiesFor, coversCapabilities, sessionWork } from '../elevation/capabilities';
import { cancelled } from '../errors';
import type { Lack, TargetFacts } from '../targets/target-facts';
import { type TracerConnection, TracerRequestError } from '../targets/tracer-connection';
import { trustingBtf } from './attach-point-lack';
import { choosePrograms, type NamedPrograms, type ProgramChoice, spareWays } from './choose-programs';
import { ProgramConsent, programReasons } from './program-consent';
import { relocationTypes } from './relocation-types';
import { RuntimeTargets } from './runtime-targets';
import type { StartRequest } from './start-request';
import { TracingSession } from './tracing-session';

export interface StartedSession {
  readonly session: TracingSession;
  readonly connection: TracerConnection;
  readonly choice: ProgramChoice;
}

/** `onSession` is called with each session before it attaches; if that fails and another follows, the last one counts. */
export async function startSession(
  request: StartRequest,
  onSession: (session: TracingSession, connection: TracerConnection) => void,
): Promise<StartedSession> {
  const { target, object, parameters } = request;
  const capabilityFacts = await target.capabilityFacts();
  const capabilitiesOf = (programs: readonly Program[], kernel: Btf | null) =>
    capabilitiesFor(
      sessionWork(object, programs, kernel, request.guarded ?? false, parameters),
      capabilityFacts,
    );
  const refused = new Map<string, Lack>();
  let capabilities = capabilitiesOf(likelyPrograms(object, request), null);
  const consent = new ProgramConsent(object, target.describe(), request.askConsent);
  let trustsBtf = true;
  for (;;) {
    const connection = await request.tracers.acquire(target, capabilities, object.name, request);
    const release = request.tracers.hold(connection);
    try {
      const facts = await target.facts(connection);
      const choose = async (by: TargetFacts) => {
        const targets = new RuntimeTargets(request, by);
        const lackOf = (program: Program) => targets.lack(program);
        const choice = await choosePrograms(object, by, refused, lackOf, request);
        return { choice, targets };
      };
      request.progress('Choosing attach points');
      const { choice, targets } = await choose(trustsBtf ? trustingBtf(facts) : facts);
      const needed = capabilitiesOf(choice.load, facts.btf);
      if (!coversCapabilities(capabilities, needed)) {
        // A fallback, or a module's function, needs more than was known before: start again, because a tracer's capabilities cannot
        // grow.
        capabilities = needed;
        continue;
      }
      await consent.require(choice.load.map(programReasons));
      let session: TracingSession | null = null;
      try {
        request.progress('Loading');
        const attach = await targets.overrides(choice.load);
        session = await unlessAborted(
          TracingSession.open({
            connection,
            object,
            objectBytes: request.objectBytes,
            choice,
            relocationBtf: relocationTypes(object, choice.load, facts.btf),
            parameters,
            attach,
            consented: consent.consented,
          }),
          request.signal,
          late => void late.close().catch(() => undefined),
        );
        session.closed.then(request.tracers.hold(connection));
        onSession(session, connection);
        request.progress('Attaching');
        await session.attach();
        return { session, connection, choice };
      } catch (error) {
        await session?.close();
        if (await consent.gave(error)) continue;
        if (trustsBtf && isRefusal(error)) {
          trustsBtf = false;
          if (!isSameChoice(choice, (await choose(facts)).choice)) continue;
        }
        const lack = fallbackLack(error, choice);
        if (!lack) throw error;
        refused.set(lack.program, lack.lack);
      }
    } finally {
      release();
    }
  }
}

/**
 * The result of `work`, or SessionError 'cancelled' as soon as the signal fires: the kernel may verify a program for a
 * long time. A later result is passed to `late`.
 */
function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  late: (value: T) => void,
): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => {
      work.then(late, () => undefined);
      reject(cancelled());
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

/**
 * The programs that will probably be loaded, before the target was queried: the first rank of each group and the first of
 * several ways, of those that were not excluded.
 */
function likelyPrograms(object: BpfObject, { only, without = [] }: NamedPrograms): Program[] {
  if (only) return object.programs.filter(({ name }) => only.includes(name));
  const possible = object.programs.filter(({ name }) => !without.includes(name));
  const spare = spareWays(possible, () => true);
  const ranks = new Set([...choiceGroups(possible).values()].map(([first]) => first));
  const first = new Set([...ranks].flatMap(rank => rank?.programs ?? []));
  return possible.filter(program =>
    program.choice ? first.has(program) : program.autoload && !spare.has(program),
  );
}

/** Errors for a function that does not exist or cannot be traced: while loading or while attaching. */
const isRefusal = (error: unknown): boolean =>
  error instanceof TracerRequestError &&
  ['verifier-rejected', 'object-rejected', 'attach-failed', 'not-found'].includes(error.code);

const isSameChoice = (a: ProgramChoice, b: ProgramChoice): boolean =>
  a.load.length === b.load.length && a.load.every((program, index) => program === b.load[index]);

/** The refused program, if others work without it: another rank or way, or what else the object has. */
function fallbackLack(error: unknown, choice: ProgramChoice): { program: string; lack: Lack } | null {
  if (!(error instanceof TracerRequestError)) return null;
  const program = choice.load.find(({ name }) => name === error.data.program);
  if (!program || choice.load.length < 2 || !isMissingPlace(error, program)) return null;
  return {
    program: program.name,
    lack: { what: `the kernel refused to attach it (${error.data.errnoName ?? error.message})`, fix: null },
  };
}

/** What perf_event_open(2) and bpf(BPF_LINK_CREATE) return for a function, probe or file that is not there or cannot be traced. */
const MISSING_PLACE = new Set([
  'ENOENT',
  'EINVAL',
  'EADDRNOTAVAIL',
  'EOPNOTSUPP',
  'ENOTSUPP',
  'ESRCH',
  'ENODEV',
]);

function isMissingPlace(error: TracerRequestError, program: Program): boolean {
  if (error.code === 'not-found') return true;
  if (error.code !== 'attach-failed') return false;
  return program.choice !== null || MISSING_PLACE.has(error.data.errnoName ?? '');
}
