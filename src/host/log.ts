import * as vscode from 'vscode';

/** The output channel 'BPF Workbench': levels and times are VS Code's own. It is never raised by itself. */
export type Log = vscode.LogOutputChannel;

export function createLog(): Log {
  return vscode.window.createOutputChannel('BPF Workbench', { log: true });
}
