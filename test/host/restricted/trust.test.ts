/** Restricted Mode: reading and editing work, everything that runs workspace content refuses. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('in Restricted Mode', () => {
  it('the window of this suite is not trusted', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('the extension is active all the same', async () => {
    const extension = vscode.extensions.getExtension('bpf-workbench.bpf-workbench');
    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
