/**
 * Which pages of the panel are visible: the ones the shown session has data for, side by side, so that a histogram
 * alone gets the whole width. A page that a command opens is always shown.
 */
import * as vscode from 'vscode';
import { PANELS, type PanelName } from '../../shared/object/panels';
import { hiddenPanelKey, panelViewId } from '../common/command-ids';
import type { SessionList } from '../sessions/session-list';
import type { SessionModel } from '../sessions/session-model';

/** Before anything was attached. */
const INITIAL_PANELS: readonly PanelName[] = ['histogram', 'events'];

/** Keeps the visible pages in step with the shown session; unchanged until it is known which pages that session has. */
export function followShownSession(sessions: SessionList): vscode.Disposable {
  const follow = () => {
    const wanted = sessions.shown?.mainPanels ?? INITIAL_PANELS;
    if (wanted.length > 0) void showOnly(wanted);
  };
  follow();
  return sessions.onDidShow(follow);
}

/**
 * Shows the pages the session has data for. Keeps the focus: attaching may take seconds, and by then the user may be
 * typing elsewhere (a palette that loses the focus closes).
 */
export async function showPanelsOf(session: SessionModel): Promise<void> {
  const wanted = session.mainPanels.length > 0 ? session.mainPanels : INITIAL_PANELS;
  await showOnly(wanted);
  await bringUp(wanted[0] ?? 'histogram', { preserveFocus: true });
}

export async function focusPanel(panel: PanelName): Promise<void> {
  await setHidden(panel, false);
  await bringUp(panel, { preserveFocus: false });
}

async function bringUp(panel: PanelName, options: { readonly preserveFocus: boolean }): Promise<void> {
  // VS Code registers this command for every view.
  await vscode.commands.executeCommand(`${panelViewId(panel)}.focus`, options);
}

async function showOnly(wanted: readonly PanelName[]): Promise<void> {
  await Promise.all(PANELS.map(panel => setHidden(panel, !wanted.includes(panel))));
}

function setHidden(panel: PanelName, hidden: boolean): Thenable<void> {
  return vscode.commands.executeCommand('setContext', hiddenPanelKey(panel), hidden);
}
