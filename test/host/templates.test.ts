import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activeExtension, scratchProgram } from './lib/extension';

describe('new program from template', () => {
  let scratch: Awaited<ReturnType<typeof scratchProgram>>;
  let extension: Awaited<ReturnType<typeof activeExtension>>;

  before(async () => {
    extension = await activeExtension();
    scratch = await scratchProgram('notes.txt', 'left alone\n');
  });
  after(() => scratch.remove());

  it('copies the program as it is and opens it', async () => {
    const created = await vscode.commands.executeCommand<vscode.Uri>(
      'bpf.newProgram',
      'vfsreadlat',
      scratch.folder,
    );
    assert.equal(created.fsPath, vscode.Uri.joinPath(scratch.folder, 'vfsreadlat.bpf.c').fsPath);
    const original = vscode.Uri.joinPath(extension.extensionUri, 'bpf-templates/vfsreadlat/vfsreadlat.bpf.c');
    const [copy, source] = await Promise.all(
      [created, original].map(uri => vscode.workspace.fs.readFile(uri)),
    );
    assert.deepEqual(copy, source);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, created.fsPath);
    assert.equal(vscode.window.activeTextEditor?.document.languageId, 'c');
  });

  it('never overwrites: it asks for another name, and Escape leaves everything unchanged', async () => {
    const file = vscode.Uri.joinPath(scratch.folder, 'vfsreadlat.bpf.c');
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode('/* mine */\n'));
    const creating = vscode.commands.executeCommand('bpf.newProgram', 'vfsreadlat', scratch.folder);
    // The box may not be up yet: Escape is pressed until the command has ended.
    let ended = false;
    void creating.then(() => {
      ended = true;
    });
    while (!ended) {
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await Promise.race([creating, new Promise(resolve => setImmediate(resolve))]);
    }
    assert.equal(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)), '/* mine */\n');
    const names = (await vscode.workspace.fs.readDirectory(scratch.folder)).map(([name]) => name).sort();
    assert.deepEqual(names, ['notes.txt', 'vfsreadlat.bpf.c']);
  });
});
