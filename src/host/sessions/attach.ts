/**
 * From a program to a live session: choose the target and compile for it (as a task), ask for parameters, elevate,
 * load, attach. If a step fails, nothing stays attached and the reason is shown where it belongs.
 */
import path from 'node:path';
import * as vscode from 'vscode';
import { Symbolizer } from '../../session/symbols/symbolizer';
import { namedProcess, processIdProblem, requireProcess } from '../../session/targets/named-process';
import type { Target } from '../../session/targets/target';
import type { TracerPool } from '../../session/targets/tracer-pool';
import { type LeftOut, leftOutLine } from '../../session/tracing/choose-programs';
import { type PreparedSession, prepareSession } from '../../session/tracing/prepare-session';
import { startSession } from '../../session/tracing/start-session';
import { ContextKeys } from '../common/command-ids';
import { Cancelled, errors, showError, toUserError } from '../common/errors';
import type { Log } from '../common/log';
import { programTitle, requireTrust } from '../common/program-files';
import { settings } from '../common/settings';
import type { CompileTasks } from '../compile/task-provider';
import type { ParameterForm } from '../parameters/form';
import type { RememberedParameters } from '../parameters/remembered';
import { changedValues, missingTargets, startingValues, wantsChoice } from '../parameters/values';
import type { Targets } from '../targets/targets';
import type { TemplateCatalogue } from '../templates/catalogue';
import { notify, withProgress } from '../ui/messages';
import type { ElevationPrompt } from './elevation-prompt';
import { guardSession } from './guard';
import { askProgramConsent } from './program-consent';
import type { SessionList } from './session-list';
import { SessionModel } from './session-model';
import { isExplainable, type VerifierReports } from './verifier-report';

export interface AttachServices {
  readonly tasks: CompileTasks;
  readonly targets: Targets;
  readonly tracers: TracerPool;
  readonly sessions: SessionList;
  readonly elevation: ElevationPrompt;
  readonly form: ParameterForm;
  readonly parameters: RememberedParameters;
  readonly templates: TemplateCatalogue;
  readonly verifier: VerifierReports;
  readonly log: Log;
}

/** How an attach can differ from the default dialog. */
export interface AttachOptions {
  /** If set, the form is not shown, even if values are missing. */
  readonly parameters?: ReadonlyMap<string, string>;
  /** Always show the form; by default only if the values name no target. */
  readonly form?: boolean;
}

export class Attacher {
  private lastProgram: vscode.Uri | null = null;

  constructor(private readonly services: AttachServices) {}

  /** Compiles a .bpf.c first; attaches an object file without compiling. Resolves when it is attached. Throws errors for the user. */
  async attach(program: vscode.Uri, options: AttachOptions = {}): Promise<SessionModel> {
    requireTrust('Attaching');
    const prepared = await prepareSession({
      file: program.fsPath,
      choose: object => this.services.targets.choose(object),
      compile: target => this.compile(program, target),
    });
    const parameters =
      options.parameters ?? (await this.chooseParameters(program, prepared, options.form ?? false));
    await this.services.parameters.set(program, parameters);
    this.remember(program);
    return withProgress(
      { where: 'notification', title: `BPF: ${programTitle(program)}`, cancellable: true },
      (progress, token) => this.start(program, prepared, parameters, progress, token),
    );
  }

  /** Attaches the same program with the same parameters, without asking. Without a session: the last attached program. */
  async attachAgain(session: SessionModel | null): Promise<SessionModel> {
    requireTrust('Attaching');
    const program = session?.program ?? this.lastProgram;
    if (!program) throw errors.nothingToAttachAgain();
    const running = this.services.sessions.live.find(each => each.program.toString() === program.toString());
    if (running) await running.end('ended', 'Detached to attach again.');
    return this.attach(program, { parameters: this.services.parameters.get(program) });
  }

  /** The last values used in this workspace, else the defaults, so that one click attaches. */
  private async chooseParameters(
    program: vscode.Uri,
    { object, target }: PreparedSession,
    form: boolean,
  ): Promise<ReadonlyMap<string, string>> {
    const values = startingValues(object.parameters, this.services.parameters.get(program));
    const mustAsk = missingTargets(object, values).length > 0 || wantsChoice(object.parameters, values);
    if (object.parameters.length === 0 || !(form || mustAsk)) return changedValues(object.parameters, values);
    const title = programTitle(program);
    const words = (await this.services.templates.find(title))?.manifest.parameters ?? {};
    const entered = await this.services.form.ask({ title, object, target, start: values, words });
    return changedValues(object.parameters, entered);
  }

  private async compile(program: vscode.Uri, target: Target) {
    const result = await this.services.tasks.run(program, target);
    if (result.ok) return result;
    const count = result.diagnostics.filter(diagnostic => diagnostic.severity === 'error').length;
    throw errors.compileFailed(path.basename(program.path), Math.max(1, count));
  }

  private async start(
    program: vscode.Uri,
    prepared: PreparedSession,
    parameters: ReadonlyMap<string, string>,
    progress: (step: string) => void,
    token: vscode.CancellationToken,
  ): Promise<SessionModel> {
    const { services } = this;
    const title = programTitle(program);
    const { object, objectBytes } = prepared;
    // Settings may have changed while the form was open: the target may have been replaced since.
    const target = services.targets.get(prepared.target.id);
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort());
    const report = (step: string) => {
      services.log.info(`${title}: ${step}`);
      progress(step);
    };
    services.log.info(`${title} attaches to ${target.describe()}: ${prepared.why}`);
    services.verifier.clear(program);
    const model = new SessionModel({
      title,
      program,
      targetId: target.id,
      target: target.describe(),
      eventBytesLimit: settings.eventBytesLimit(),
      isWatched: panel => services.sessions.watched.has(panel),
      // The guard needs the statistics in any case.
      isCostWatched: () => services.sessions.treeVisible || settings.guardCpuPercent() > 0,
    });
    services.sessions.add(model);
    try {
      const pid = namedProcess(object.parameters, parameters);
      if (pid !== null) await services.targets.withBootSteps(report, () => requireProcess(target, pid));
      const problem = pid === null ? null : await processIdProblem(target);
      if (problem !== null) void notify('warning', problem);
      const started = await services.targets.withBootSteps(report, () =>
        startSession(
          {
            target,
            tracers: services.tracers,
            object,
            objectBytes,
            parameters,
            pid,
            ui: services.elevation,
            progress: report,
            askConsent: askProgramConsent,
            guarded: settings.guardCpuPercent() > 0,
            signal: stop.signal,
          },
          (session, connection) => model.listen(session, new Symbolizer(target, connection)),
        ),
      );
      if (stop.signal.aborted) throw new Cancelled();
      for (const group of started.choice.groups) {
        for (const { program: passed, lack } of group.passedOver)
          services.log.info(`skipped ${passed}: ${lack.what}`);
      }
      started.session.tracerGone.then(reason => {
        if (reason && model.isLive) void this.lost(model, reason);
      });
      if (pid !== null) await model.watchProcess(pid);
      model.running(started.choice.leftOut);
      void this.reportLeftOut(title, started.choice.leftOut);
      void guardSession(model, started.session, services.log);
      if (parameters.size > 0)
        void vscode.commands.executeCommand('setContext', ContextKeys.parametersChanged, true);
      return model;
    } catch (error) {
      const shown = isExplainable(error) ? await services.verifier.report(program, object, error) : error;
      const userError = toUserError(shown);
      await model.end(
        userError ? 'failed' : 'ended',
        userError?.message ?? 'Cancelled before anything was attached.',
      );
      if (!userError) services.sessions.remove(model);
      throw shown;
    }
  }

  /** The Sessions view lists them; that a part is missing must not go unnoticed. */
  private async reportLeftOut(title: string, leftOut: readonly LeftOut[]): Promise<void> {
    for (const each of leftOut) this.services.log.info(`${title}: ${leftOutLine(each)}`);
    const missing = leftOut.filter(({ because }) => because === 'missing');
    if (missing.length > 0) await notify('warning', `${title}: ${missing.map(leftOutLine).join('. ')}.`);
  }

  /** The tracer or its target died while the session was running. */
  private async lost(model: SessionModel, reason: Error): Promise<void> {
    await model.end('failed', reason.message);
    const error = errors.targetDied(model.summary.title, reason.message);
    this.services.log.error(`${model.summary.title}: ${reason.message}`);
    await showError(error);
  }

  /** Records the last program, for BPF: Attach Again. */
  remember(program: vscode.Uri): void {
    this.lastProgram = program;
    void vscode.commands.executeCommand('setContext', ContextKeys.canAttachAgain, true);
  }
}
