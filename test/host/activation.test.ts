/** What starting costs: issue "Ready for strangers" promises less than 100 ms and nothing done that is not needed. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activeExtension } from './lib/extension';

describe('activation', () => {
  it('takes less than 100 ms of a processor', async () => {
    const extension = await activeExtension();
    const { activationMs } = extension.exports;
    assert.ok(activationMs > 0);
    assert.ok(activationMs < 100, `activate() took ${activationMs.toFixed(1)} ms`);
  });

  it('happens for a language, a view or a command only', async () => {
    const { packageJSON } = await activeExtension();
    for (const event of packageJSON.activationEvents) assert.match(event, /^on(Language|View|Command):/);
  });

  it('starts no session and no sandbox', async () => {
    const extension = await activeExtension();
    assert.deepEqual(extension.exports.sessions.all, []);
  });

  it('registers no command of its own that the manifest does not contribute', async () => {
    const { packageJSON } = await activeExtension();
    const contributed = new Set<string>(
      packageJSON.contributes.commands.map((entry: { command: string }) => entry.command),
    );
    // VS Code adds commands for each view and view container.
    const ofViews = /^bpf\.(templates|sessions|histogram|events|stacks|maps)\.|^bpf(-panels)?\./;
    const extra = (await vscode.commands.getCommands(true)).filter(
      command =>
        command.startsWith('bpf.') &&
        !contributed.has(command) &&
        !/\.(focus|open|resetViewLocation|removeView|toggleVisibility)$/.test(command),
    );
    assert.deepEqual(
      extra.filter(command => !ofViews.test(command) || command.split('.').length === 2),
      [],
    );
  });
});
