/**
 * Runs a program in the shared guest the way bpfw does (compile here, load, attach and run the command there) and
 * collects everything it printed, so that a test can compare it with the known answer.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EventPrinter } from '../../../src/cli/print/event-printer';
import type { AddressNames } from '../../../src/cli/print/run-output';
import { printMaps } from '../../../src/cli/print/run-results';
import { findClang } from '../../../src/compile/clang';
import { compile } from '../../../src/compile/compile';
import { btfSource } from '../../../src/compile/vmlinux-cache';
import type { NamedStack } from '../../../src/session/symbols/read-stacks';
import { Symbolizer } from '../../../src/session/symbols/symbolizer';
import { TracerPool } from '../../../src/session/targets/tracer-pool';
import { VmTarget } from '../../../src/session/targets/vm-target';
import type { ProgramChoice } from '../../../src/session/tracing/choose-programs';
import { readDrops } from '../../../src/session/tracing/drops';
import { startSession } from '../../../src/session/tracing/start-session';
import type { TracingSession } from '../../../src/session/tracing/tracing-session';
import { decodeField } from '../../../src/shared/decode/field';
import type { FieldValue, Histogram, MapEntry } from '../../../src/shared/decode/model';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import { showsUserStacks } from '../../../src/shared/object/stack-tables';
import { defaultCacheFolder } from '../../../src/system/cache-files';
import { sharedGuest, type TestGuest } from './guest';
import { guestAgentPath, root, tracerPath } from './paths';

export interface TraceRequest {
  /** A template's name or the path of a .bpf.c. */
  readonly program: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Started stopped, its pid set as the pid parameter unless `wholeSystem`. */
  readonly command: readonly string[];
  readonly wholeSystem?: boolean;
  /** Programs counted as unattachable, to force the next rank of their group. */
  readonly without?: readonly string[];
}

export interface Trace {
  readonly choice: ProgramChoice;
  readonly attached: readonly string[];
  readonly pid: number;
  readonly commandExit: number;
  readonly commandOutput: string;
  /** In their order; stacks by name. */
  readonly events: Readonly<Record<string, EventValue>>[];
  readonly printk: string[];
  readonly histograms: Histogram[];
  readonly entries: Map<string, readonly MapEntry[]>;
  readonly stacks: NamedStack[];
  readonly kernelDrops: number;
  /** The program's global counters at the end. */
  readonly counters: Readonly<Record<string, number>>;
}

export type EventValue = FieldValue | readonly string[];

const templates = path.join(root, 'bpf-templates');

interface Bench {
  readonly target: VmTarget;
  readonly tracers: TracerPool;
}
const benches = new WeakMap<TestGuest, Bench>();

/** One target and one set of tracers over the shared guest for all tests. */
export async function traceBench(): Promise<Bench> {
  const guest = await sharedGuest();
  const bench = benches.get(guest) ?? newBench(guest);
  benches.set(guest, bench);
  return bench;
}

function newBench(guest: TestGuest): Bench {
  return {
    target: new VmTarget(
      {
        tracerPath,
        ifuncProbePath: path.join(root, 'dist/ifunc-probe.js'),
        vm: { agentPath: guestAgentPath },
        progress: () => undefined,
        log: line => console.error(line),
      },
      guest.vm,
    ),
    tracers: new TracerPool(),
  };
}

/** Compiles for the guest's kernel with the clang found, or another version of it. Throws with clang's words. */
export async function compileProgram(
  program: string,
  clangPath?: string,
): Promise<{ object: BpfObject; bytes: Uint8Array; warnings: string }> {
  const sourcePath = program.endsWith('.c')
    ? path.resolve(root, program)
    : path.join(templates, program, `${program}.bpf.c`);
  const { target } = await traceBench();
  const { bytes: btfBytes, btf } = await target.readBtf();
  const result = await compile({
    sourcePath,
    clang: await findClang(clangPath === undefined ? {} : { setting: clangPath }),
    btf: btfSource(btfBytes, () => btf),
    cacheFolder: defaultCacheFolder(),
    includeFolders: [path.join(templates, 'include')],
  });
  if (!result.ok) throw new Error(`${program} does not compile:\n${result.output}`);
  const bytes = await readFile(result.objectPath);
  return {
    object: readObject(bytes, `${path.basename(sourcePath, '.bpf.c')}.bpf.o`),
    bytes,
    warnings: result.output,
  };
}

export async function trace(request: TraceRequest): Promise<Trace> {
  const { target, tracers } = await traceBench();
  const { object, bytes } = await compileProgram(request.program);
  let commandOutput = '';
  const command = await target.spawn(
    { argv: request.command, cwd: '/tmp', env: ENVIRONMENT },
    (_stream, part) => {
      commandOutput += Buffer.from(part).toString();
    },
  );
  const pidParameter = object.parameters.find(parameter => parameter.role === 'pid');
  const parameters = new Map(Object.entries(request.parameters ?? {}));
  if (pidParameter && !request.wholeSystem) parameters.set(pidParameter.name, String(command.pid));

  const collected = {
    events: [] as Record<string, EventValue>[],
    printk: [] as string[],
    histograms: [] as Histogram[],
    entries: new Map<string, readonly MapEntry[]>(),
    stacks: [] as NamedStack[],
  };
  const output = {
    attached: () => undefined,
    event: (
      _stream: string,
      _layout: unknown,
      data: Readonly<Record<string, FieldValue>>,
      names: AddressNames,
    ) => void collected.events.push({ ...data, ...Object.fromEntries(names) }),
    printk: (line: string) => void collected.printk.push(line),
    histogram: (histogram: Histogram) => void collected.histograms.push(histogram),
    map: (map: { name: string }, entries: readonly MapEntry[]) =>
      void collected.entries.set(map.name, entries),
    stacks: (_map: unknown, stacks: readonly NamedStack[]) => void collected.stacks.push(...stacks),
    globals: () => undefined,
    drops: () => undefined,
    end: () => undefined,
  };
  const names: { symbolizer?: Symbolizer; events?: EventPrinter } = {};
  try {
    const { session, choice } = await startSession(
      {
        target,
        tracers,
        object,
        objectBytes: bytes,
        parameters,
        pid: request.wholeSystem ? null : command.pid,
        ui: { hasTerminal: false, consent: async () => true, password: async () => null },
        progress: () => undefined,
        askConsent: async () => false,
        ...(request.without ? { without: request.without } : {}),
      },
      (opened, connection) => {
        names.symbolizer = new Symbolizer(target, connection);
        const events = new EventPrinter(output, names.symbolizer);
        names.events = events;
        opened.onFrame((stream, frame) => events.frame(stream, frame));
      },
    );
    const { symbolizer, events } = names;
    if (!symbolizer || !events) throw new Error('no session was announced');
    if (showsUserStacks(object)) await symbolizer.watchProcess(command.pid, session);
    await command.resume();
    const commandExit = await command.exited;
    await session.drain();
    await events.end();
    await printMaps(session, output, symbolizer);
    const { kernel: kernelDrops } = await readDrops(session, events.lost);
    const counters = await readCounters(session);
    const attached = session.attached.map(program => program.attach);
    await session.close();
    const { pid } = command;
    return { choice, attached, pid, commandExit, commandOutput, kernelDrops, counters, ...collected };
  } finally {
    names.symbolizer?.dispose();
    await command.kill('SIGKILL').catch(() => undefined);
  }
}

/** Global counters by name. */
async function readCounters(session: TracingSession): Promise<Record<string, number>> {
  const counters: Record<string, number> = {};
  const globals = session.object.globals.filter(({ layout }) => layout.fields.length === 1);
  for (const section of new Set(globals.map(global => global.section))) {
    const bytes = await session.readSection(section);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const { name, offset, layout, section: own } of globals) {
      const [field] = layout.fields;
      if (own !== section || !field) continue;
      const value = decodeField(view, offset, field);
      if (typeof value === 'number' || typeof value === 'bigint') counters[name] = Number(value);
    }
  }
  return counters;
}

/** The histogram of that map (and key), or a clear failure. */
export function histogramOf(result: Trace, map: string): Histogram {
  const found = result.histograms.find(histogram => histogram.map === map);
  if (!found)
    throw new Error(
      `no histogram ${map}; there are: ${result.histograms.map(histogram => histogram.map).join(', ')}`,
    );
  return found;
}

/** Values counted in buckets that lie wholly between the bounds (inclusive). */
export function countBetween(histogram: Histogram, min: number, max: number): number {
  return histogram.buckets
    .filter(bucket => bucket.min >= min && bucket.max <= max)
    .reduce((sum, bucket) => sum + bucket.count, 0);
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};
