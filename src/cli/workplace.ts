/** What `run` and `verify` work with: the target that was chosen, the compiled object, and the tracers of this run. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { findClang } from '../compile/clang';
import { type CompileResult, compile } from '../compile/compile';
import { btfId } from '../compile/vmlinux-cache';
import { chooseTarget } from '../session/targets/choose-target';
import { LocalTarget } from '../session/targets/local-target';
import type { Progress, Target, TargetId } from '../session/targets/target';
import { TracerPool } from '../session/targets/tracer-pool';
import { VmTarget } from '../session/targets/vm-target';
import type { BpfObject } from '../shared/object/model';
import { readObject } from '../shared/object/object';
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

export interface BuiltProgram {
  readonly object: BpfObject;
  readonly bytes: Uint8Array;
  /** Milliseconds; 0 for an object file that was given. */
  readonly compileMs: number;
  readonly sourcePath: string | null;
}

export interface Workplace {
  readonly target: Target;
  readonly built: BuiltProgram;
  readonly tracers: TracerPool;
  dispose(): Promise<void>;
}

export interface WorkplaceRequest {
  /** A template's name, a .bpf.c or a .o. */
  readonly program: string;
  readonly wish: TargetId | 'auto';
  readonly progress: Progress;
}

/** Throws UsageError, RejectedError (clang's words are on stderr by then), SessionError, VmError, CompileEnvironmentError. */
export async function openWorkplace(request: WorkplaceRequest): Promise<Workplace> {
  const file = await programFile(request.program);
  let decision = await chooseTarget({ wish: request.wish, env: process.env, object: null, canAsk: canAsk() });
  let target = createTarget(decision.id, request.progress);
  try {
    let built = await buildFor(target, file, request.progress);
    if (request.wish === 'auto' && decision.id === 'local') {
      decision = await chooseTarget({
        wish: 'auto',
        env: process.env,
        object: built.object,
        canAsk: canAsk(),
      });
      if (decision.id === 'vm') {
        target = createTarget('vm', request.progress);
        built = await buildFor(target, file, request.progress);
      }
    }
    const tracers = new TracerPool();
    tell(`bpfw: on ${target.describe()}, because ${decision.why}`);
    return {
      target,
      built,
      tracers,
      dispose: async () => {
        tracers.dispose();
        await target.dispose();
      },
    };
  } catch (error) {
    await target.dispose();
    throw error;
  }
}

export function createTarget(id: TargetId, progress: Progress): LocalTarget | VmTarget {
  const common = { ...OWN_TRACER, ifuncProbePath: IFUNC_PROBE_PATH, log: debugLog };
  return id === 'local'
    ? new LocalTarget({ ...common, elevation: 'auto' })
    : new VmTarget({ ...common, vm: { agentPath: GUEST_AGENT_PATH, cacheFolder: cacheFolder() }, progress });
}

/** Command lines and the tracer's own words, for whoever looks for a fault. */
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

async function buildFor(target: Target, file: string, progress: Progress): Promise<BuiltProgram> {
  if (file.endsWith('.o')) {
    const bytes = await readFile(file);
    return { object: readObject(bytes, path.basename(file)), bytes, compileMs: 0, sourcePath: null };
  }
  progress('Compiling');
  const result = await compileFor(target, file);
  tellText(result.output);
  if (!result.ok) throw new RejectedError(`${path.basename(file)} does not compile.`);
  const bytes = await readFile(result.objectPath);
  const name = `${path.basename(file).replace(/(\.bpf)?\.c$/, '')}.bpf.o`;
  return { object: readObject(bytes, name), bytes, compileMs: result.durationMs, sourcePath: file };
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
