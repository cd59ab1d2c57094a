/**
 * Which of the panel's pages are on screen: those the shown session has something for, side by side, and no others, so
 * that a histogram gets the whole width. A page that a command asks for is shown in any case.
 */
import * as vscode from 'vscode';
import { PANELS, type PanelName } from '../../shared/object/panels';
import { hiddenPanelKey, panelViewId } from '../command-ids';
import type { SessionList } from '../sessions/session-list';
import type { SessionModel } from '../sessions/session-model';

/** Before anything was attached. */
const AT_FIRST: readonly PanelName[] = ['histogram', 'events'];

/** Keeps the pages in step with the session that is shown. */
export function followShownSession(sessions: SessionList): vscode.Disposable {
  const follow = () => void showOnly(sessions.shown?.mainPanels ?? AT_FIRST);
  follow();
  return sessions.onDidShow(follow);
}

/** Shows what the session has something for, and gives the first page the keyboard. */
export async function showPanelsOf(session: SessionModel): Promise<void> {
  await showOnly(session.mainPanels);
  await focusPanel(session.mainPanels[0] ?? 'histogram');
}

/** Shows a page, and gives it the keyboard. */
export async function focusPanel(panel: PanelName): Promise<void> {
  await setHidden(panel, false);
  await vscode.commands.executeCommand(`${panelViewId(panel)}.focus`);
}

async function showOnly(panels: readonly PanelName[]): Promise<void> {
  const wanted = panels.length > 0 ? panels : AT_FIRST;
  await Promise.all(PANELS.map(panel => setHidden(panel, !wanted.includes(panel))));
}

function setHidden(panel: PanelName, hidden: boolean): Thenable<void> {
  return vscode.commands.executeCommand('setContext', hiddenPanelKey(panel), hidden);
}
