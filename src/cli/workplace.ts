/** What `run` and `verify` work with: the target that was chosen, the compiled object, and the tracers of this run. */
import path from 'node:path';
import { findClang } from '../compile/clang';
import { type CompileResult, compile } from '../compile/compile';
import { btfId } from '../compile/vmlinux-cache';
import { chooseTarget } from '../session/targets/choose-target';
import { LocalTarget } from '../session/targets/local-target';
import type { Progress, Target, TargetId, WantedTarget } from '../session/targets/target';
import { TracerPool } from '../session/targets/tracer-pool';
import { VmTarget } from '../session/targets/vm-target';
import { type PreparedSession, prepareSession } from '../session/tracing/prepare-session';
import { findTemplate } from '../templates/catalogue';
import { RejectedError } from './exit';
import { requireFile } from './input-file';
import {
  cacheFolder,
  GUEST_AGENT_PATH,
  IFUNC_PROBE_PATH,
  INCLUDE_FOLDER,
  OWN_TRACER,
  TEMPLATES_FOLDER,
} from './paths';
import { tell, tellText } from './terminal';

export interface Workplace extends PreparedSession {
  /** The source or object file behind what was typed. */
  readonly file: string;
  readonly tracers: TracerPool;
  dispose(): Promise<void>;
}

/**
 * `program`: a template's name, a .bpf.c or a .o. Throws UsageError, RejectedError (clang's words are on stderr by then),
 * SessionError, VmError, CompileEnvironmentError.
 */
export async function openWorkplace(
  program: string,
  wanted: WantedTarget,
  progress: Progress,
): Promise<Workplace> {
  const file = await programFile(program);
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
        progress('Compiling');
        const result = await compileFor(target, file);
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

/** Compiles for the target's kernel; errors of the program are a result. */
export async function compileFor(
  target: Target,
  sourcePath: string,
  outputPath?: string,
): Promise<CompileResult> {
  const clang = await findClang();
  const { bytes, btf } = await target.readBtf();
  return compile({
    sourcePath,
    clang,
    btf: { id: btfId(bytes), load: () => btf },
    cacheFolder: cacheFolder(),
    includeFolders: [INCLUDE_FOLDER],
    ...(outputPath === undefined ? {} : { outputPath }),
  });
}
