/** How the script of BPF: Install Sandbox VM is run and what is made of its end; the script itself has a unit test. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import { UserError } from '../../src/host/common/errors';
import { installSandbox } from '../../src/host/environment/install-sandbox';
import { activeExtension, scratchProgram } from './lib/extension';

describe('Install Sandbox VM', function () {
  this.timeout(deadlineMs(60_000));
  let scratch: Awaited<ReturnType<typeof scratchProgram>>;
  before(async () => {
    await activeExtension();
    scratch = await scratchProgram('notes.txt', 'left alone\n');
  });
  after(() => scratch.remove());

  it('runs the script in a terminal of its own and resolves at its end', async () => {
    const made = vscode.Uri.joinPath(scratch.folder, 'made');
    await installSandbox(`echo ready >'${made.fsPath}'`);
    assert.equal(new TextDecoder().decode(await vscode.workspace.fs.readFile(made)), 'ready\n');
  });

  it('reports it when the first thing in it fails', async () => {
    const made = vscode.Uri.joinPath(scratch.folder, 'not-made');
    await assert.rejects(installSandbox(`false\necho >'${made.fsPath}'`), UserError);
    await assert.rejects(Promise.resolve(vscode.workspace.fs.stat(made)));
  });
});
