/**
 * Composes the extension: creates the services, registers what package.json contributes, and shuts everything down.
 * Nothing here reads a file, starts a process or queries the machine.
 */
import * as vscode from 'vscode';
import { TRACER_IDLE_MS, TracerPool } from '../session/targets/tracer-pool';
import { PANELS } from '../shared/object/panels';
import { registerCommands } from './commands';
import { CommandIds, panelViewId, SettingIds, ViewIds } from './common/command-ids';
import { Log } from './common/log';
import { settings } from './common/settings';
import { CompileOnSave } from './compile/compile-on-save';
import { ProgramCompiler } from './compile/compiler';
import { CompileDiagnostics } from './compile/diagnostics';
import { CompileTasks } from './compile/task-provider';
import { EnvironmentTab } from './environment/environment-tab';
import { ClangdPrompt } from './language/clangd';
import { LanguageServerClient } from './language/client';
import { PanelProvider } from './panels/panel-provider';
import { followShownSession } from './panels/panel-visibility';
import { RememberedChoices } from './panels/remembered-choices';
import { ParameterForm } from './parameters/form';
import { RememberedParameters } from './parameters/remembered';
import { Attacher } from './sessions/attach';
import { ElevationPrompt } from './sessions/elevation-prompt';
import { InterruptedSessions, reportInterrupted } from './sessions/interrupted-sessions';
import { ProgramLenses } from './sessions/program-lenses';
import { SessionList } from './sessions/session-list';
import { StatusBar } from './sessions/status-bar';
import { SessionTree } from './sessions/tree';
import { VerifierReports } from './sessions/verifier-report';
import { Targets } from './targets/targets';
import { TemplateCatalogue } from './templates/catalogue';
import { TemplateTree } from './templates/tree';

/** Shuts down what runs in other processes, in order; set while the extension is active. */
let shutDown: (() => Promise<void>) | null = null;

/** For host tests; not an API for other extensions. */
export interface ExtensionForTests {
  readonly sessions: SessionList;
  readonly targets: Targets;
  readonly language: LanguageServerClient;
  /** CPU time of activate(), which does not depend on how busy the machine is. */
  readonly activationMs: number;
}

export function activate(context: vscode.ExtensionContext): ExtensionForTests {
  const cpuBefore = process.cpuUsage();
  const file = (...segments: string[]) => vscode.Uri.joinPath(context.extensionUri, ...segments);
  const log = new Log();
  const sessions = new SessionList();
  const tracers = new TracerPool(TRACER_IDLE_MS);
  const ownTracer = {
    tracerPath: file('dist', 'tracer.js').fsPath,
    version: String(context.extension.packageJSON.version),
  };
  const targets = new Targets(
    {
      tracer: ownTracer.tracerPath,
      guestAgent: file('dist', 'guest-agent.js').fsPath,
      ifuncProbe: file('dist', 'ifunc-probe.js').fsPath,
      version: ownTracer.version,
    },
    log,
  );
  const templates = new TemplateCatalogue(file('bpf-templates'), log);
  const diagnostics = new CompileDiagnostics();
  const includeFolder = file('bpf-templates', 'include').fsPath;
  const compiler = new ProgramCompiler({ targets, diagnostics, includeFolder, log });
  const tasks = new CompileTasks(compiler);
  const verifier = new VerifierReports(file('docs', 'verifier.md'));
  const environment = new EnvironmentTab(settings, ownTracer, log);
  const pages = file('dist', 'webview');
  const attacher = new Attacher({
    tasks,
    targets,
    tracers,
    sessions,
    elevation: new ElevationPrompt(),
    form: new ParameterForm(pages, log),
    parameters: new RememberedParameters(context.workspaceState),
    templates,
    verifier,
    log,
  });
  const language = new LanguageServerClient({
    serverPath: file('dist', 'server.js').fsPath,
    includeFolder,
    targets,
    log,
  });
  const choices = new RememberedChoices(context.workspaceState);
  const providers = {
    histogram: new PanelProvider('histogram', pages, sessions, choices, log),
    events: new PanelProvider('events', pages, sessions, choices, log),
    stacks: new PanelProvider('stacks', pages, sessions, choices, log),
    maps: new PanelProvider('maps', pages, sessions, choices, log),
  };
  const statusBar = new StatusBar(sessions);
  const sessionTree = new SessionTree(sessions);
  const sessionView = vscode.window.createTreeView(ViewIds.sessions, { treeDataProvider: sessionTree });
  sessions.treeVisible = sessionView.visible;
  const lenses = new ProgramLenses(sessions);

  context.subscriptions.push(
    log,
    sessions,
    diagnostics,
    tasks,
    verifier,
    environment,
    statusBar,
    sessionTree,
    registerCommands({
      attacher,
      compiler,
      environment,
      includeFolder,
      log,
      ownTracer,
      panels: providers,
      sessions,
      targets,
      tasks,
      templates,
      verifier,
    }),
    new CompileOnSave(compiler, log),
    language,
    new ClangdPrompt(context.workspaceState),
    vscode.languages.registerCodeActionsProvider({ language: 'c', pattern: '**/*.bpf.{c,h}' }, diagnostics, {
      providedCodeActionKinds: CompileDiagnostics.actionKinds,
    }),
    vscode.window.registerTreeDataProvider(ViewIds.templates, new TemplateTree(templates)),
    sessionView,
    sessionView.onDidChangeVisibility(({ visible }) => {
      sessions.treeVisible = visible;
    }),
    lenses,
    vscode.languages.registerCodeLensProvider(ProgramLenses.selector, lenses),
    ...PANELS.map(panel => vscode.window.registerWebviewViewProvider(panelViewId(panel), providers[panel])),
    followShownSession(sessions),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (!change.affectsConfiguration('bpf')) return;
      const { target, eventsMaxMegabytes, guardCpuPercent, compileOnSave, codeLens, ...ofTargets } =
        SettingIds;
      if (change.affectsConfiguration(codeLens)) lenses.refresh();
      if (Object.values(ofTargets).some(id => change.affectsConfiguration(id))) targets.settingsChanged();
      if (change.affectsConfiguration(target)) void showTarget(targets, statusBar);
    }),
  );
  // After activation, because the decision reads /proc and /sys.
  setImmediate(() => void showTarget(targets, statusBar).catch(error => log.error(String(error))));

  const interrupted = new InterruptedSessions(context.workspaceState, sessions);
  context.subscriptions.push(interrupted);
  const models = interrupted.restore();
  for (const model of models) attacher.remember(model.program);
  void reportInterrupted(models, model => vscode.commands.executeCommand(CommandIds.attachAgain, model));

  shutDown = async () => {
    interrupted.freeze();
    await Promise.allSettled(sessions.live.map(session => session.end('ended', 'The window was closed.')));
    tracers.dispose();
    await language.stop();
    await targets.disposeAsync();
  };
  const { user, system } = process.cpuUsage(cpuBefore);
  return { sessions, targets, language, activationMs: (user + system) / 1000 };
}

async function showTarget(targets: Targets, statusBar: StatusBar): Promise<void> {
  const { id, why } = await targets.decide(null);
  statusBar.showTarget(id === 'local' ? 'this kernel' : 'sandbox VM', why);
}

/** VS Code waits only briefly; links and maps go away with the tracer in any case. */
export async function deactivate(): Promise<void> {
  await shutDown?.();
  shutDown = null;
}
