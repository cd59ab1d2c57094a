/** The views can be opened and are then on screen; the pages load in a real webview. */
import * as vscode from 'vscode';
import { PANEL_TITLES, ViewIds } from '../../src/host/common/command-ids';
import { activeExtension } from './lib/extension';
import { htmlOf, shows } from './templates/window';

describe('views', () => {
  before(async function () {
    // Only the browser outside can tell what is on screen; a desktop VS Code has none.
    if (!process.env.BPFW_HOST_PANELS) this.skip();
    await activeExtension();
  });

  // That a command is carried out says nothing: VS Code makes one for each view of the manifest, and ours tell errors themselves.
  for (const [name, view] of Object.entries(ViewIds)) {
    it(`${view} can be focused`, async () => {
      await vscode.commands.executeCommand(`${view}.focus`);
      await htmlOf(`.pane-header.expanded[aria-label^="${name}" i]`, '');
    });
  }

  // Pages the shown session has nothing for are hidden until their command asks for them.
  for (const title of Object.values(PANEL_TITLES)) {
    it(`the ${title} page is shown by its command`, async () => {
      await vscode.commands.executeCommand(`bpf.show${title}`);
      // Any text with a blank in it: which session it shows, or none, is left by the tests before.
      await shows(title, [' ']);
    });
  }
});
