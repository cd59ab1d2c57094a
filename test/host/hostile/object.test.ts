/**
 * An object whose every name is an attack, attached in the sandbox VM by the command that a user would use: what the kernel,
 * libbpf and the extension say of it is shown as text.
 */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { lockGuestPlace } from '../../kernel/bench/machine-lock';
import { MARKUP_ATTACK as ATTACK, hostileObject } from '../../unit/text/hostile';
import { activeExtension, scratchProgram } from '../lib/extension';
import { htmlOf } from '../templates/window';

const MARKUP = /href=|<img\b|codicon-bell|<b>/;
const READABLE = '[Show details]\\(command:workbench.action.terminal.new) $\\(bell)';

describe('an object with hostile names', function () {
  // Another run's guest may have to end first.
  this.timeout(deadlineMs(600_000));
  let extension: Awaited<ReturnType<typeof activeExtension>>;
  let place: Awaited<ReturnType<typeof lockGuestPlace>>;
  before(async () => {
    place = await lockGuestPlace();
    extension = await activeExtension();
    await vscode.workspace.getConfiguration('bpf').update('target', 'vm', vscode.ConfigurationTarget.Global);
  });
  after(async () => {
    await vscode.commands.executeCommand('bpf.detachAll');
    await extension.exports.targets.stopSandbox();
    await vscode.workspace
      .getConfiguration('bpf')
      .update('target', undefined, vscode.ConfigurationTarget.Global);
    await place.release();
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
