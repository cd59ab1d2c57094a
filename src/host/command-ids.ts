/**
 * Every id this extension shares with package.json, typed in one place; a unit test compares the two. No import of
 * `vscode`, so that tests and scripts can read it.
 */

import type { PanelName } from '../shared/object/panels';

export const CommandIds = {
  newProgram: 'bpf.newProgram',
  compile: 'bpf.compile',
  compileAndAttach: 'bpf.compileAndAttach',
  attach: 'bpf.attach',
  attachWithParameters: 'bpf.attachWithParameters',
  attachAgain: 'bpf.attachAgain',
  detach: 'bpf.detach',
  detachAll: 'bpf.detachAll',
  selectTarget: 'bpf.selectTarget',
  showHistogram: 'bpf.showHistogram',
  showEvents: 'bpf.showEvents',
  showStacks: 'bpf.showStacks',
  showMaps: 'bpf.showMaps',
  exportData: 'bpf.exportData',
  showPanels: 'bpf.showPanels',
  removeSession: 'bpf.removeSession',
  checkEnvironment: 'bpf.checkEnvironment',
  showLog: 'bpf.showLog',
  showVerifierLog: 'bpf.showVerifierLog',
  installSandbox: 'bpf.installSandbox',
  startSandbox: 'bpf.startSandbox',
  stopSandbox: 'bpf.stopSandbox',
  installTracer: 'bpf.installTracer',
  uninstallTracer: 'bpf.uninstallTracer',
  configureClangd: 'bpf.configureClangd',
  exportInspektorGadget: 'bpf.exportInspektorGadget',
  exportEbpfExporter: 'bpf.exportEbpfExporter',
} as const;
export type CommandId = (typeof CommandIds)[keyof typeof CommandIds];

export const ViewIds = {
  templates: 'bpf.templates',
  sessions: 'bpf.sessions',
} as const;

/** Panels are pages: the view's id is `bpf.` + the page's folder under webview/. */
export const PANEL_TITLES: Readonly<Record<PanelName, string>> = {
  histogram: 'Histogram',
  events: 'Events',
  stacks: 'Stacks',
  maps: 'Maps',
};
export function panelViewId(panel: PanelName): `bpf.${PanelName}` {
  return `bpf.${panel}`;
}

/** Keys of `when` clauses that the extension sets. */
export const ContextKeys = {
  sessionCount: 'bpf.sessionCount',
  /** Paths of the files that a running session was compiled from. */
  attachedFiles: 'bpf.attachedFiles',
  /** The panels show a session, running or ended. */
  sessionShown: 'bpf.sessionShown',
  canAttachAgain: 'bpf.canAttachAgain',
  hasVerifierLog: 'bpf.hasVerifierLog',
  /** The extension's own templates are not there. */
  noTemplates: 'bpf.noTemplates',
  // Steps of the walkthrough that were done, not only begun:
  environmentChecked: 'bpf.environmentChecked',
  programCreated: 'bpf.programCreated',
  /** Something was attached with a parameter that is not at its default. */
  parametersChanged: 'bpf.parametersChanged',
  exported: 'bpf.exported',
  sandboxRunning: 'bpf.sandboxRunning',
} as const;

/** Context key of the `when` clause that hides a page the shown session has nothing for. */
export function hiddenPanelKey(panel: PanelName): string {
  return `bpf.hidden.${panel}`;
}

export const SettingIds = {
  clangPath: 'bpf.clangPath',
  nodePath: 'bpf.nodePath',
  qemuPath: 'bpf.qemuPath',
  target: 'bpf.target',
  elevation: 'bpf.elevation',
  vmMemoryMb: 'bpf.vm.memoryMb',
  vmHiddenFolders: 'bpf.vm.hiddenFolders',
  eventsMaxMegabytes: 'bpf.events.maxMegabytes',
  guardCpuPercent: 'bpf.guard.cpuPercent',
  compileOnSave: 'bpf.compileOnSave',
  codeLens: 'bpf.codeLens',
} as const;

/** Of tasks.json. */
export const TASK_TYPE = 'bpf';
/** Of what the compiler says of a program, and of the problem matcher `$bpf-clang` for build tasks of one's own (make). */
export const DIAGNOSTIC_OWNER = 'bpf';
export const PROBLEM_OWNER = 'bpf-clang';
