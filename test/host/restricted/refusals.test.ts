/** What hides in menus without trust refuses in code, too. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activeExtension, until, workspaceFolder } from '../lib/extension';

describe('without trust', () => {
  let tasksStarted = 0;
  let counting: vscode.Disposable;
  before(async () => {
    await activeExtension();
    counting = vscode.tasks.onDidStartTask(() => {
      tasksStarted++;
    });
  });
  after(() => counting.dispose());

  const program = () => vscode.Uri.joinPath(workspaceFolder(), 'vfsreadlat.bpf.c');

  for (const command of [
    'bpf.compile',
    'bpf.compileAndAttach',
    'bpf.attach',
    'bpf.attachWithParameters',
    'bpf.attachAgain',
    'bpf.installSandbox',
    'bpf.startSandbox',
    'bpf.installTracer',
    'bpf.uninstallTracer',
    'bpf.exportInspektorGadget',
    'bpf.exportEbpfExporter',
  ]) {
    it(`${command} refuses`, async () => {
      assert.equal(vscode.workspace.isTrusted, false);
      assert.equal(await vscode.commands.executeCommand(command, program()), undefined);
      const { sessions } = (await activeExtension()).exports;
      assert.deepEqual(sessions.all, []);
      assert.equal(tasksStarted, 0);
    });
  }

  it('opening and saving a program does not run clang', async () => {
    const document = await vscode.workspace.openTextDocument(program());
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit(edit => edit.insert(new vscode.Position(0, 0), 'nonsense\n'));
    const saved = until('the document is saved', vscode.workspace.onDidSaveTextDocument, () =>
      document.isDirty ? undefined : true,
    );
    await document.save();
    await saved;
    assert.deepEqual(
      vscode.languages.getDiagnostics(document.uri).filter(diagnostic => diagnostic.source === 'clang'),
      [],
    );
    await editor.edit(edit => edit.delete(new vscode.Range(0, 0, 1, 0)));
    await document.save();
  });
});
