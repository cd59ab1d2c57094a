import { setTimeout as delay } from 'node:timers/promises';
import { SessionError } from '../../session/errors';
import { Symbolizer } from '../../session/symbols/symbolizer';
import {
  namedProcess,
  probedProcess,
  processIdProblem,
  requireProcess,
} from '../../session/targets/named-process';
import type { Target, TargetProcess } from '../../session/targets/target';
import type { TracerConnection } from '../../session/targets/tracer-connection';
import type { TracerPool } from '../../session/targets/tracer-pool';
import { leftOutLine, type ProgramChoice } from '../../session/tracing/choose-programs';
import { readDrops } from '../../session/tracing/drops';
import { OverheadGuard, watchOverhead } from '../../session/tracing/overhead-guard';
import { startSession } from '../../session/tracing/start-session';
import type { TracingSession } from '../../session/tracing/tracing-session';
import type { Parameter } from '../../shared/object/model';
import { showsUserStacks } from '../../shared/object/stack-tables';
import { EventPrinter } from '../print/event-printer';
import { EXIT, UsageError } from '../print/exit';
import { terminalProgress } from '../print/progress';
import { jsonOutput } from '../print/run-json';
import type { EndReason, RunOutput } from '../print/run-output';
import { printMaps } from '../print/run-results';
import { textOutput } from '../print/run-text';
import { passThrough, tell } from '../print/terminal';
import { allowPrograms, requirePrograms } from '../workplace/allow-programs';
import { confineTracer } from '../workplace/confine-tracer';
import { terminalUi } from '../workplace/elevation-prompt';
import { openWorkplace, type SourceForTarget } from '../workplace/workplace';
import {
  parseDuration,
  parseGuard,
  parseParameters,
  parsePid,
  parseTarget,
  type RunOptions,
} from './run-options';

/**
 * `bpfw run`: compiles when given a source, attaches, runs the command if there is one, prints until the command, the
 * time or Ctrl-C ends it, then prints everything complete and detaches.
 */
export async function runCommand(
  program: string | SourceForTarget,
  command: readonly string[],
  options: RunOptions,
): Promise<EndReason> {
  const forMs = options.for === undefined ? null : parseDuration(options.for, '--for');
  const intervalMs = options.interval === undefined ? null : parseDuration(options.interval, '--interval');
  const givenPid = options.pid === undefined ? null : parsePid(options.pid);
  const guard = options.guard === undefined ? null : new OverheadGuard(parseGuard(options.guard));
  const parameters = parseParameters(options.param ?? []);
  const { allow: allowed = [], program: only = [], without = [] } = options;
  const interrupted = interruption();
  const starting = new AbortController();
  void interrupted.then(() => starting.abort());

  const progress = terminalProgress();
  const workplace = await openWorkplace(program, parseTarget(options.target), progress, options);
  let child: TargetProcess | null = null;
  const traced: { symbolizer?: Symbolizer; events?: EventPrinter } = {};
  try {
    const { target, tracers, object, objectBytes } = workplace;
    const streams = object.maps.filter(map => map.view.kind === 'events').map(map => map.name);
    const output = options.json ? jsonOutput() : textOutput(streams);
    requirePrograms(object, allowed, '--allow');
    requirePrograms(object, only, '--program');
    requirePrograms(object, without, '--without');
    requireChoice(object.parameters, parameters, givenPid !== null || command.length > 0);
    if (command.length > 0) {
      child = await target.spawn(
        { argv: command, cwd: process.cwd(), env: stringEnv() },
        forward(options.json === true),
      );
    }
    setPid(object.parameters, parameters, givenPid, child?.pid ?? null);
    const pid = namedProcess(object.parameters, parameters);
    if (pid !== null && pid !== child?.pid) await requireProcess(target, pid);
    const namespaced = await processIdProblem(target);
    if (pid !== null && namespaced !== null) say(namespaced);
    if (child && !object.parameters.some(({ role }) => role === 'pid'))
      say('the program has no parameter for a process: it traces every process, not only the command.');
    const started = await startSession(
      {
        target,
        tracers,
        object,
        objectBytes,
        parameters,
        pid: probedProcess(object.parameters, parameters, child?.pid ?? null),
        ui: terminalUi(),
        progress,
        askConsent: allowPrograms(allowed),
        ...(only.length > 0 ? { only } : {}),
        without,
        guarded: guard !== null,
        signal: starting.signal,
      },
      (opened, connection) => {
        traced.symbolizer?.dispose();
        const symbolizer = new Symbolizer(target, connection);
        const events = new EventPrinter(
          output,
          symbolizer,
          options.ownEvents || namespaced !== null ? new Set() : ownPids(target, connection, child),
        );
        Object.assign(traced, { symbolizer, events });
        opened.onFrame((stream, frame) => events.frame(stream, frame));
      },
    ).catch(error => {
      if (starting.signal.aborted && error instanceof SessionError && error.code === 'cancelled') return null;
      throw error;
    });
    if (!started) {
      output.end('interrupt', null);
      return 'interrupt';
    }
    const { session, choice, connection } = started;
    const { symbolizer: names, events } = traced;
    if (!names || !events) throw new Error('a session was started and nobody was told');
    progress.done();
    for (const line of passedOver(choice)) tell(line);
    for (const each of choice.leftOut) tell(`bpfw: ${leftOutLine(each)}`);
    const { openMs, loadMs, attachMs } = session.startup;
    output.attached(
      session.attached,
      { compile: workplace.compileMs, open: openMs, load: loadMs, attach: attachMs },
      choice.leftOut,
    );
    if (child && showsUserStacks(object)) await names.watchProcess(child.pid, session);
    await child?.resume();
    void confineTracer({ session, connection, symbolizer: names, tracers, guarded: guard !== null, say });

    const stop = new AbortController();
    const intervals =
      intervalMs === null
        ? null
        : printEvery(intervalMs, () => printMaps(session, output, names), stop.signal);
    const tooMuch = guard && watchOverhead(session, guard, say);
    const ended = await endOf({ child, forMs, interrupted, tooMuch, tracers, stop });
    stop.abort();
    await intervals;
    if (ended.reason === 'detached') {
      // The command is not what costs too much: it goes on, untraced.
      say(ended.why);
      await finish(session, output, names, events);
      await session.close();
      void interrupted.then(() => child?.kill('SIGTERM'));
    } else if (ended.reason !== 'command') await child?.kill('SIGTERM');
    const commandExit = child ? await child.exited : null;
    if (ended.reason !== 'detached' && ended.reason !== 'error') await finish(session, output, names, events);
    output.end(ended.reason, commandExit);
    if (ended.reason === 'error') throw ended.failure;
    await session.close();
    return ended.reason;
  } finally {
    progress.done();
    traced.symbolizer?.dispose();
    await child?.kill('SIGKILL').catch(() => undefined);
    await workplace.dispose();
  }
}

/** The processes that trace, by the kernel's ids. */
function ownPids(
  target: Pick<Target, 'id'>,
  { hello }: TracerConnection,
  child: TargetProcess | null,
): ReadonlySet<number> {
  const starter = child?.starterPid ?? (target.id === 'local' ? process.pid : null);
  return new Set(starter === null ? [hello.pid] : [hello.pid, starter]);
}

/** The last records, then every map complete, then what was lost. */
async function finish(
  session: TracingSession,
  output: RunOutput,
  symbolizer: Symbolizer,
  events: EventPrinter,
): Promise<void> {
  await session.drain();
  await events.end();
  for (const line of await printMaps(session, output, symbolizer)) say(line);
  output.drops(await readDrops(session, events.lost));
}

/** Which attach points were wanted first, and why they were not taken: a line for each group where others were. */
function passedOver(choice: ProgramChoice): string[] {
  return choice.groups.flatMap(({ group, programs, passedOver: passed }) => {
    const reasons = [...new Set(passed.map(({ lack }) => lack.what))];
    return reasons.length === 0
      ? []
      : [`bpfw: ${group} by ${programs.join(' and ')}, because ${reasons.join('; ')}`];
  });
}

async function printEvery(
  intervalMs: number,
  print: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await print();
  }
}

type End =
  | { readonly reason: 'command' | 'time' | 'interrupt' }
  | { readonly reason: 'detached'; readonly why: string }
  | { readonly reason: 'error'; readonly failure: Error };

/** Whatever comes first: the command's end, the time, Ctrl-C, the overhead guard, or the tracer's death. */
async function endOf(way: {
  readonly child: TargetProcess | null;
  readonly forMs: number | null;
  readonly interrupted: Promise<void>;
  /** Why the guard wants it detached; null when the session ended otherwise. */
  readonly tooMuch: Promise<string | null> | null;
  readonly tracers: TracerPool;
  readonly stop: AbortController;
}): Promise<End> {
  const ends: Promise<End>[] = [
    way.interrupted.then(() => ({ reason: 'interrupt' })),
    way.tracers.failed.then(failure => ({ reason: 'error', failure })),
  ];
  if (way.child) ends.push(way.child.exited.then(() => ({ reason: 'command' })));
  if (way.forMs !== null)
    ends.push(delay(way.forMs, undefined, { signal: way.stop.signal }).then(() => ({ reason: 'time' })));
  if (way.tooMuch) {
    ends.push(
      way.tooMuch.then(why =>
        why === null ? new Promise<never>(() => undefined) : { reason: 'detached', why },
      ),
    );
  }
  for (const end of ends) end.catch(() => undefined);
  return Promise.race(ends);
}

function say(line: string): void {
  tell(`bpfw: ${line}`);
}

/**
 * The first Ctrl-C or SIGTERM ends the tracing in order, a later one ends the process. A terminal, npm and a wrapper may
 * each pass on the same key press, so what comes within a second of the first is the same request.
 */
function interruption(): Promise<void> {
  return new Promise(resolve => {
    let firstAtMs = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (firstAtMs === 0) firstAtMs = performance.now();
        else if (performance.now() - firstAtMs > 1000) process.exit(EXIT.interrupted);
        resolve();
      });
    }
  });
}

/** `--pid` and the command's pid go to the parameter that means "process", when the program has one. */
function setPid(
  known: readonly Parameter[],
  parameters: Map<string, string>,
  given: number | null,
  commandPid: number | null,
): void {
  const parameter = known.find(candidate => candidate.role === 'pid');
  if (given !== null) {
    if (!parameter) throw new UsageError('--pid was given, but the program has no parameter for a process.');
    parameters.set(parameter.name, String(given));
  } else if (commandPid !== null && parameter && !parameters.has(parameter.name)) {
    parameters.set(parameter.name, String(commandPid));
  }
}

/**
 * Programs that would be a burden with all their defaults (BPFW_ASK) need one of those parameters set, if only to its default.
 * Throws UsageError.
 */
function requireChoice(
  known: readonly Parameter[],
  given: ReadonlyMap<string, string>,
  processGiven: boolean,
): void {
  const wanted = known.filter(({ ask }) => ask);
  const isGiven = wanted.some(({ name, role }) => given.has(name) || (role === 'pid' && processGiven));
  if (wanted.length === 0 || isGiven) return;
  const labels = wanted.map(({ label, name }) => `${label} (-p ${name}=...)`).join(' or ');
  const process = wanted.some(({ role }) => role === 'pid')
    ? ' --pid PID or a command after -- choose a process, --pid 0 means every process.'
    : '';
  throw new UsageError(`Tracing everything would slow the machine down: set ${labels}.${process}`);
}

/** The command's own output: to stdout and stderr, or all to stderr when stdout carries JSON. */
function forward(json: boolean): (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void {
  return (stream, bytes) => {
    passThrough(json ? 'stderr' : stream, bytes);
  };
}

function stringEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
