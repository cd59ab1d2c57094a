/**
 * Every id this extension shares with package.json, declared once; a unit test compares the two. Does not import
 * `vscode`, so that tests and scripts can read it.
 */

import type { PanelName } from '../../shared/object/panels';

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

/** Panels are pages: a view's id is `bpf.` + the page's folder under webview/. */
export const PANEL_TITLES: Readonly<Record<PanelName, string>> = {
  histogram: 'Histogram',
  events: 'Events',
  stacks: 'Stacks',
  maps: 'Maps',
};
export function panelViewId(panel: PanelName): `bpf.${PanelName}` {
  return `bpf.${panel}`;
}

/** Context keys for `when` clauses, set by the extension. */
export const ContextKeys = {
  sessionCount: 'bpf.sessionCount',
  /** Paths of the source files of running sessions. */
  attachedFiles: 'bpf.attachedFiles',
  /** The panels show a session, running or ended. */
  sessionShown: 'bpf.sessionShown',
  canAttachAgain: 'bpf.canAttachAgain',
  hasVerifierLog: 'bpf.hasVerifierLog',
  /** The extension's own templates could not be found. */
  noTemplates: 'bpf.noTemplates',
  // Walkthrough steps that were completed, not only started:
  environmentChecked: 'bpf.environmentChecked',
  programCreated: 'bpf.programCreated',
  /** Something was attached with a parameter that is not at its default. */
  parametersChanged: 'bpf.parametersChanged',
  exported: 'bpf.exported',
  sandboxRunning: 'bpf.sandboxRunning',
} as const;

/** Context key for the `when` clause that hides a page if the shown session has no data for it. */
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
  includePaths: 'bpf.includePaths',
  defines: 'bpf.defines',
  compileFlags: 'bpf.compileFlags',
  flagsFrom: 'bpf.flagsFrom',
  codeLens: 'bpf.codeLens',
} as const;

export const TASK_TYPE = 'bpf';
/** Owner of compiler diagnostics, and of the problem matcher `$bpf-clang` for the user's own build tasks (make). */
export const DIAGNOSTIC_OWNER = 'bpf';
export const PROBLEM_OWNER = 'bpf-clang';
