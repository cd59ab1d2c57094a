/** Compiles a program for its target and publishes clang's diagnostics. */
import * as vscode from 'vscode';
import { findClang } from '../../compile/clang';
import type { CompileResult } from '../../compile/compile';
import { btfSource } from '../../compile/vmlinux-cache';
import { compileInProject, type ProjectCompileRequest } from '../../project/compile-in-project';
import { flagsSummary } from '../../project/project-flags';
import type { Target, TargetBtf } from '../../session/targets/target';
import { defaultCacheFolder } from '../../system/cache-files';
import type { Log } from '../common/log';
import { addIncludePaths, settings } from '../common/settings';
import type { Targets } from '../targets/targets';
import type { CompileDiagnostics } from './diagnostics';
import { HeaderQuestion } from './header-question';

export interface CompilerServices {
  readonly targets: Targets;
  readonly diagnostics: CompileDiagnostics;
  /** Folder that contains bpfw.h. */
  readonly includeFolder: string;
  readonly log: Log;
}

export class ProgramCompiler {
  constructor(private readonly services: CompilerServices) {}

  /**
   * Compiles, or finds the object in the cache, for a target; null: the target that is selected for any program. Errors
   * in the program are part of the result and become diagnostics. `report` receives the command line and clang's output.
   * Throws CompileEnvironmentError, SessionError, VmError.
   */
  async compile(
    program: vscode.Uri,
    wanted: Target | null,
    report: (text: string) => void,
    signal: AbortSignal,
  ): Promise<CompileResult> {
    const target = wanted ?? (await this.services.targets.choose(null)).target;
    const btf = await this.services.targets.withBootSteps(
      step => report(`${step}\n`),
      () => target.readBtf(),
    );
    const asked = new HeaderQuestion(program);
    const result = await this.compileWith(program, btf, report, signal, asked.choose);
    await addIncludePaths(program, asked.agreed);
    return result;
  }

  /** The same in the background. Returns null if that would boot the sandbox VM just to read its types. */
  async compileQuietly(program: vscode.Uri, signal: AbortSignal): Promise<CompileResult | null> {
    const btf = await this.services.targets.knownBtf();
    return btf && this.compileWith(program, btf, () => undefined, signal);
  }

  private async compileWith(
    program: vscode.Uri,
    btf: TargetBtf,
    report: (text: string) => void,
    signal: AbortSignal,
    chooseFolder: ProjectCompileRequest['chooseFolder'] = () => null,
  ): Promise<CompileResult> {
    const { diagnostics, includeFolder, log } = this.services;
    const setting = settings.clangPath();
    const { result } = await compileInProject({
      sourcePath: program.fsPath,
      btf: btfSource(btf.bytes, () => btf.btf),
      clang: await findClang(setting === undefined ? {} : { setting }),
      cacheFolder: defaultCacheFolder(),
      includeFolders: [includeFolder],
      signal,
      project: {
        wanted: settings.flagsFrom(program),
        given: settings.givenFlags(program),
        mayRunMake: vscode.workspace.isTrusted,
      },
      onFlags: flags => report(`${flagsSummary(flags)}\n`),
      chooseFolder,
      onOutput: report,
    });
    const how = result.cached ? 'up to date' : `${result.durationMs.toFixed(0)} ms`;
    log.debug(`compiled ${program.fsPath} (${how}): ${result.commandLine.join(' ')}`);
    await diagnostics.publish(program, result.diagnostics);
    return result;
  }
}
