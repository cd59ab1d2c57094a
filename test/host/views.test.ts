/** The views are there and can be opened; the pages load in a real webview. */
import * as vscode from 'vscode';
import { ViewIds } from '../../src/host/command-ids';
import { PANELS } from '../../src/shared/object/panels';
import { activeExtension } from './lib/extension';

describe('views', () => {
  before(activeExtension);

  // A view that is not registered has no focus command, and executeCommand rejects.
  for (const view of Object.values(ViewIds)) {
    it(`${view} can be focused`, async () => {
      await vscode.commands.executeCommand(`${view}.focus`);
    });
  }

  // Pages the shown session has nothing for are hidden until their command asks for them.
  for (const panel of PANELS) {
    it(`the ${panel} page is shown by its command`, async () => {
      const name = `${panel.charAt(0).toUpperCase()}${panel.slice(1)}`;
      await vscode.commands.executeCommand(`bpf.show${name}`);
    });
  }
});
