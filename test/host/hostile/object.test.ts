/**
 * An object whose every name is an attack, attached in the sandbox VM by the command that a user would use: what the kernel,
 * libbpf and the extension say of it is shown as text.
 */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { MARKUP_ATTACK as ATTACK, hostileObject } from '../../unit/text/hostile';
import { scratchProgram } from '../lib/extension';
import { type Sandbox, takeSandbox } from '../lib/sandbox';
import { htmlOf } from '../templates/window';

const MARKUP = /href=|<img\b|codicon-bell|<b>/;
const READABLE = '[Show details]\\(command:workbench.action.terminal.new) $\\(bell)';

describe('an object with hostile names', function () {
  // Another run's guest may have to end first.
  this.timeout(deadlineMs(600_000));
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await takeSandbox();
  });
  after(async () => {
    await sandbox.leave();
  });

  it('is refused with a plain text, in the notification and in the Sessions view', async () => {
    const scratch = await scratchProgram('hostile.bpf.o', '');
    await vscode.workspace.fs.writeFile(scratch.file, hostileObject(ATTACK));
    try {
      assert.equal(await vscode.commands.executeCommand('bpf.attach', scratch.file), undefined);
      await vscode.commands.executeCommand('notifications.showList');
      assert.doesNotMatch(await htmlOf('.notification-list-item-message', READABLE), MARKUP);
      await vscode.commands.executeCommand('bpf.sessions.focus');
      assert.doesNotMatch(await htmlOf('.custom-view-tree-node-item', READABLE), MARKUP);
    } finally {
      await scratch.remove();
    }
  });
});
