/** What `run` and `verify` work with: the target that was chosen, the compiled object, and the tracers of this run. */
import path from 'node:path';
import { findClang } from '../../compile/clang';
import { btfSource } from '../../compile/vmlinux-cache';
import { compileInProject, type ProjectCompile } from '../../project/compile-in-project';
import { type GivenTypes, readGivenTypes } from '../../project/given-types';
import { flagsExplained, flagsSummary } from '../../project/project-flags';
import { chooseTarget } from '../../session/targets/choose-target';
import { LocalTarget } from '../../session/targets/local-target';
import type { Progress, Target, TargetId, WantedTarget } from '../../session/targets/target';
import { TracerPool } from '../../session/targets/tracer-pool';
import { VmTarget } from '../../session/targets/vm-target';
import { type PreparedSession, prepareSession } from '../../session/tracing/prepare-session';
import { findTemplate } from '../../templates/catalogue';
import { RejectedError } from '../print/exit';
import { tell, tellText } from '../print/terminal';
import { type CompileOptions, givenFlags } from './compile-options';
import { requireFile } from './input-file';
import {
  cacheFolder,
  GUEST_AGENT_PATH,
  IFUNC_PROBE_PATH,
  INCLUDE_FOLDER,
  OWN_TRACER,
  TEMPLATES_FOLDER,
} from './paths';

export interface Workplace extends PreparedSession {
  /** The source or object file behind what was typed. */
  readonly file: string;
  readonly tracers: TracerPool;
  dispose(): Promise<void>;
}

/** A source that is written for the kernel of the target, before it is compiled. */
export interface SourceForTarget {
  readonly file: string;
  write(target: Target): Promise<void>;
}

/**
 * `program`: a template's name, a .bpf.c or a .o, or a source that is still to be written. Throws UsageError, RejectedError (clang's words are on stderr by then),
 * SessionError, VmError, CompileEnvironmentError.
 */
export async function openWorkplace(
  program: string | SourceForTarget,
  wanted: WantedTarget,
  progress: Progress,
  options: CompileOptions,
): Promise<Workplace> {
  const given = typeof program === 'string' ? null : program;
  const file = typeof program === 'string' ? await programFile(program) : program.file;
  const targets = new Map<TargetId, Target>();
  const tracers = new TracerPool();
  const dispose = async () => {
    tracers.dispose();
    await Promise.all([...targets.values()].map(target => target.dispose()));
  };
  try {
    const prepared = await prepareSession({
      file,
      choose: async object => {
        const { id, why } = await chooseTarget({ wanted, env: process.env, object, canAsk: canAsk() });
        const target = targets.get(id) ?? createTarget(id, progress);
        targets.set(id, target);
        return { target, why };
      },
      compile: async target => {
        await given?.write(target);
        progress('Compiling');
        const { result } = await compileFor(target, file, options);
        tellText(result.output);
        if (!result.ok) throw new RejectedError(`${path.basename(file)} does not compile.`);
        return result;
      },
    });
    tell(`bpfw: on ${prepared.target.describe()}, because ${prepared.why}`);
    return { ...prepared, file, tracers, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

export function createTarget(id: TargetId, progress: Progress): LocalTarget | VmTarget {
  const common = { ...OWN_TRACER, ifuncProbePath: IFUNC_PROBE_PATH, log: debugLog };
  return id === 'local'
    ? new LocalTarget({ ...common, elevation: 'auto' })
    : new VmTarget({ ...common, vm: { agentPath: GUEST_AGENT_PATH, cacheFolder: cacheFolder() }, progress });
}

/** Command lines and the tracer's output, for debugging. */
export function debugLog(line: string): void {
  if (process.env.BPFW_DEBUG) tellText(line);
}

export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** The source or object file behind what was typed. Throws UsageError, TemplateError. */
async function programFile(program: string): Promise<string> {
  if (/\.(c|o)$/.test(program) || program.includes('/')) {
    await requireFile(program);
    return path.resolve(program);
  }
  return (await findTemplate(TEMPLATES_FOLDER, program)).sourcePath;
}

/** Compiles for the target's kernel with the flags of the program's project; errors of the program are a result. */
export async function compileFor(
  target: Target,
  sourcePath: string,
  options: CompileOptions,
  outputPath?: string,
): Promise<ProjectCompile> {
  const clang = await findClang();
  const { bytes, btf } = await target.readBtf();
  return compileInProject({
    sourcePath,
    clang,
    btf: btfSource(bytes, () => btf),
    cacheFolder: cacheFolder(),
    includeFolders: [INCLUDE_FOLDER],
    project: { wanted: options.flagsFrom ?? 'auto', given: givenFlags(options), mayRunMake: true },
    types: options.vmlinux === undefined ? null : await readTypes(options.vmlinux),
    onFlags: flags => {
      if (options.explain) tell(flagsExplained(flags));
      else if (flags.from !== null) tell(`bpfw: ${flagsSummary(flags)}`);
    },
    chooseFolder: (header, [nearest = '', ...others]) => {
      const also =
        others.length === 0 ? '' : `, the nearest of ${others.length + 1} folders with it; -I overrules it`;
      tell(`bpfw: ${header} is not in the flags' folders; taken from ${nearest}${also}`);
      return nearest;
    },
    ...(outputPath === undefined ? {} : { outputPath }),
  });
}

async function readTypes(file: string): Promise<GivenTypes> {
  await requireFile(file);
  return readGivenTypes(path.resolve(file), cacheFolder());
}
