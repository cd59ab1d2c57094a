/** Every command of the palette, as a table of id and body. If a command fails, the reason is shown. */
import * as v from 'valibot';
import * as vscode from 'vscode';
import type { OwnTracer } from '../session/elevation/installed-tracer';
import { PANELS, type PanelName } from '../shared/object/panels';
import { type CommandId, CommandIds, ContextKeys } from './common/command-ids';
import { Cancelled, errors, present } from './common/errors';
import type { Log } from './common/log';
import { isProgramFile, programOf, programsInTabs, requireTrust } from './common/program-files';
import type { ProgramCompiler } from './compile/compiler';
import type { CompileTasks } from './compile/task-provider';
import type { EnvironmentTab } from './environment/environment-tab';
import { COPY_TEXT_COMMAND } from './environment/environment-tab';
import { installSandbox } from './environment/install-sandbox';
import { confirmAndInstallTracer, confirmAndUninstallTracer } from './environment/install-tracer';
import { ebpfExporter, exportProgram, inspektorGadget } from './export/export';
import { configureClangd } from './language/clangd';
import { exportData } from './panels/export-data';
import type { PanelProvider } from './panels/panel-provider';
import { focusPanel, showPanelsOf } from './panels/panel-visibility';
import type { Attacher, AttachOptions } from './sessions/attach';
import type { SessionList } from './sessions/session-list';
import { SessionModel } from './sessions/session-model';
import type { VerifierReports } from './sessions/verifier-report';
import { selectTarget, type Targets } from './targets/targets';
import type { TemplateCatalogue } from './templates/catalogue';
import { createProgram } from './templates/create';
import type { TemplateNode } from './templates/tree';
import { pickOne } from './ui/inputs';
import { withProgress } from './ui/messages';

export interface CommandServices {
  readonly attacher: Attacher;
  readonly compiler: ProgramCompiler;
  readonly environment: EnvironmentTab;
  /** Folder that contains bpfw.h. */
  readonly includeFolder: string;
  readonly log: Log;
  readonly ownTracer: OwnTracer;
  readonly panels: Readonly<Record<PanelName, PanelProvider>>;
  readonly sessions: SessionList;
  readonly targets: Targets;
  readonly tasks: CompileTasks;
  readonly templates: TemplateCatalogue;
  readonly verifier: VerifierReports;
}

const ExportArgumentSchema = v.object({
  panel: v.optional(v.picklist(PANELS)),
  kind: v.optional(v.string()),
  file: v.optional(v.custom<vscode.Uri>(value => value instanceof vscode.Uri)),
});
const AttachOptionsSchema = v.object({ parameters: v.record(v.string(), v.string()) });

/** Context key to set once the command has completed; not set if it was cancelled. */
const DONE: ReadonlyMap<string, string> = new Map([
  [CommandIds.checkEnvironment, ContextKeys.environmentChecked],
  [CommandIds.newProgram, ContextKeys.programCreated],
  [CommandIds.exportInspektorGadget, ContextKeys.exported],
  [CommandIds.exportEbpfExporter, ContextKeys.exported],
]);

type Body = (...args: readonly unknown[]) => Promise<unknown>;

function trusted(what: string, body: Body): Body {
  return async (...args) => {
    requireTrust(what);
    return body(...args);
  };
}

/** Shows the session's panels once it is attached; resolves with its id. */
async function shown(attaching: Promise<SessionModel>): Promise<string> {
  const model = await attaching;
  await showPanelsOf(model);
  return model.id;
}

export function registerCommands(services: CommandServices): vscode.Disposable {
  const { attacher, log, sessions, targets, tasks, templates, verifier } = services;

  const table: Readonly<Record<CommandId, Body>> = {
    [CommandIds.newProgram]: (first, second) => createProgram(templates, newProgramArguments(first, second)),

    [CommandIds.configureClangd]: trusted('Configuring clangd', async argument => {
      const program =
        argument instanceof vscode.Uri ? argument : vscode.window.activeTextEditor?.document.uri;
      const file = await configureClangd(targets, services.includeFolder, program);
      await vscode.window.showTextDocument(file, { preview: true });
      return file;
    }),
    [CommandIds.compile]: trusted('Compiling', async argument => {
      const result = await tasks.run(await programOf(argument));
      return result.objectPath;
    }),
    [CommandIds.compileAndAttach]: trusted('Compiling and attaching', async (argument, options) =>
      shown(attacher.attach(await programOf(argument), attachOptions(options))),
    ),
    [CommandIds.attach]: trusted('Attaching', async (argument, options) =>
      shown(attacher.attach(await objectOf(argument), attachOptions(options))),
    ),
    [CommandIds.attachWithParameters]: trusted('Compiling and attaching', async argument =>
      shown(attacher.attach(await objectOf(argument), { form: true })),
    ),
    [CommandIds.attachAgain]: argument =>
      shown(attacher.attachAgain(argument instanceof SessionModel ? argument : null)),

    [CommandIds.detach]: async argument => {
      const session = await sessionToDetach(sessions, argument);
      if (session) await detach(session);
    },
    [CommandIds.detachAll]: async () => {
      await Promise.all(sessions.live.map(detach));
    },
    [CommandIds.removeSession]: async argument => {
      if (argument instanceof SessionModel) sessions.remove(argument);
    },

    [CommandIds.selectTarget]: () => selectTarget(targets),
    [CommandIds.showHistogram]: async () => focusPanel('histogram'),
    [CommandIds.showEvents]: async () => focusPanel('events'),
    [CommandIds.showStacks]: async () => focusPanel('stacks'),
    [CommandIds.showMaps]: async () => focusPanel('maps'),
    [CommandIds.exportData]: argument => {
      const parsed = v.safeParse(ExportArgumentSchema, argument);
      return exportData(services.panels, sessions, parsed.success ? parsed.output : {});
    },
    [CommandIds.showPanels]: async argument => {
      if (!(argument instanceof SessionModel)) return;
      sessions.show(argument);
      await showPanelsOf(argument);
    },

    [CommandIds.checkEnvironment]: () => services.environment.show(),
    [CommandIds.showLog]: async () => log.show(),
    [CommandIds.showVerifierLog]: () => verifier.show(),

    [CommandIds.installSandbox]: trusted('Installing the sandbox VM', () => installSandbox()),
    [CommandIds.installTracer]: trusted('Installing the tracer', () =>
      confirmAndInstallTracer(services.ownTracer, log),
    ),
    [CommandIds.uninstallTracer]: trusted('Removing the tracer', () => confirmAndUninstallTracer(log)),
    [CommandIds.startSandbox]: trusted('Starting the sandbox VM', async () =>
      withProgress({ where: 'notification', title: 'BPF: Sandbox VM' }, say => targets.startSandbox(say)),
    ),
    [CommandIds.stopSandbox]: async () => {
      await Promise.all(sessions.live.filter(each => each.targetId === 'vm').map(detach));
      await targets.stopSandbox();
    },

    [CommandIds.exportInspektorGadget]: (argument, folder) =>
      exportProgram(services, inspektorGadget, argument, folder),
    [CommandIds.exportEbpfExporter]: (argument, folder) =>
      exportProgram(services, ebpfExporter, argument, folder),
  };

  const registrations = Object.entries(table).map(([id, body]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        const result = await body(...args);
        const done = DONE.get(id);
        if (done) void vscode.commands.executeCommand('setContext', done, true);
        return result;
      } catch (error) {
        present(error, log);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(
    ...registrations,
    vscode.commands.registerCommand(COPY_TEXT_COMMAND, async (text: unknown) => {
      if (typeof text === 'string') await vscode.env.clipboard.writeText(text);
    }),
  );
}

/** Arguments by caller. Palette: none. Template row: its node. Explorer: a folder. Tests and links: a template's name and a folder. */
function newProgramArguments(first: unknown, second: unknown) {
  const folder = [first, second].find(argument => argument instanceof vscode.Uri);
  const node = first as TemplateNode | string | undefined;
  const template =
    typeof node === 'string'
      ? node
      : typeof node === 'object' && 'kind' in node && node.kind === 'template'
        ? node.template.manifest.name
        : undefined;
  return { template, folder: folder instanceof vscode.Uri ? folder : undefined };
}

/** A key binding or link may pass parameters ({"parameters": {"target_pid": "1"}}): then no form is shown. */
function attachOptions(argument: unknown): AttachOptions {
  const parsed = v.safeParse(AttachOptionsSchema, argument);
  return parsed.success ? { parameters: new Map(Object.entries(parsed.output.parameters)) } : {};
}

/** BPF: Attach takes an object file without compiling: its argument, else the open program, else a file the user picks. */
async function objectOf(argument: unknown): Promise<vscode.Uri> {
  if (argument instanceof vscode.Uri) {
    if (argument.scheme !== 'file') throw errors.notAFile(argument);
    return argument;
  }
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open ? isProgramFile(open) : programsInTabs().length > 0) return programOf(open);
  const picked = await vscode.window.showOpenDialog({
    title: 'Attach an Object File',
    openLabel: 'Attach',
    filters: { 'BPF objects': ['o'], 'All files': ['*'] },
  });
  if (!picked?.[0]) throw new Cancelled();
  return picked[0];
}

/** The session of the tree row, else of the active file, else the only one; else the user picks. Null if nothing is attached. */
async function sessionToDetach(sessions: SessionList, argument: unknown): Promise<SessionModel | null> {
  const { live } = sessions;
  if (argument instanceof SessionModel) return argument;
  if (argument instanceof vscode.Uri) {
    const ofFile = live.find(each => each.program.toString() === argument.toString());
    if (ofFile) return ofFile;
  }
  if (live.length < 2) return live[0] ?? null;
  const picked = await pickOne(
    live.map(session => ({
      label: session.summary.title,
      description: session.summary.target,
      detail: session.summary.attached.map(each => each.attach).join(', '),
      session,
    })),
    { title: 'Detach', placeholder: 'Which program?' },
  );
  if (!picked) throw new Cancelled();
  return picked.session;
}

function detach(session: SessionModel): Thenable<void> {
  return withProgress({ where: 'window', title: `BPF: detaching ${session.summary.title}` }, () =>
    session.end('ended', ''),
  );
}
