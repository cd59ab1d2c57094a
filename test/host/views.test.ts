/** The views are there and can be opened; the pages load in a real webview. */
import * as vscode from 'vscode';
import { PANELS, panelViewId, ViewIds } from '../../src/host/command-ids';
import { activeExtension } from './lib/extension';

describe('views', () => {
  before(activeExtension);

  // A view that is not registered has no focus command, and executeCommand rejects.
  for (const view of [...Object.values(ViewIds), ...PANELS.map(panelViewId)]) {
    it(`${view} can be focused`, async () => {
      await vscode.commands.executeCommand(`${view}.focus`);
    });
  }
});
