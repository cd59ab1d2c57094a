/** What package.json promises is there in a real VS Code, once the extension is active. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('extension', () => {
  const extension = vscode.extensions.getExtension('bpf-workbench.bpf-workbench');

  it('is present and runs where the workspace is', () => {
    assert.ok(extension);
    assert.equal(extension.extensionKind, vscode.ExtensionKind.Workspace);
  });

  it('becomes active without an error', async () => {
    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('registers every command its manifest contributes', async () => {
    assert.ok(extension);
    const contributed: { command: string }[] = extension.packageJSON.contributes.commands;
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = contributed.map(entry => entry.command).filter(command => !registered.has(command));
    assert.ok(contributed.length > 0);
    assert.deepEqual(missing, []);
  });
});
