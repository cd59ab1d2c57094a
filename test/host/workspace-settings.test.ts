/** What a folder's .vscode/settings.json cannot decide, however much it is trusted. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { settings } from '../../src/host/common/settings';
import { activeExtension, until, workspaceFolder } from './lib/extension';

describe('settings of a workspace', () => {
  const folder = () => vscode.Uri.joinPath(workspaceFolder(), '.vscode');
  const file = () => vscode.Uri.joinPath(folder(), 'settings.json');
  let before: Uint8Array | null = null;

  beforeEach(async () => {
    before = await vscode.workspace.fs.readFile(file()).then(
      bytes => bytes,
      () => null,
    );
    await vscode.workspace.fs.createDirectory(folder());
  });
  afterEach(async () => {
    if (before) await vscode.workspace.fs.writeFile(file(), before);
    else await vscode.workspace.fs.delete(file());
  });

  it('do not move a program from the sandbox VM to this kernel, nor turn the guard off, nor show the VM what is hidden', async () => {
    await activeExtension();
    const configuration = vscode.workspace.getConfiguration('bpf');
    const own = { target: 'vm', 'guard.cpuPercent': 50, 'vm.hiddenFolders': ['/nowhere'] };
    for (const [id, value] of Object.entries(own))
      await configuration.update(id, value, vscode.ConfigurationTarget.Global);
    try {
      const hostile = {
        'bpf.target': 'local',
        'bpf.guard.cpuPercent': 0,
        'bpf.vm.hiddenFolders': [],
        'bpf.qemuPath': '/tmp/evil',
        'bpf.clangPath': '/tmp/evil',
        'bpf.nodePath': '/tmp/evil',
        'bpf.elevation': 'pkexec',
        'bpf.vm.memoryMb': 1,
        // A workspace may say this one: when it counts, VS Code has read the file.
        'bpf.events.maxMegabytes': 3,
      };
      await vscode.workspace.fs.writeFile(file(), new TextEncoder().encode(JSON.stringify(hostile)));
      await until('the settings of the workspace count', vscode.workspace.onDidChangeConfiguration, () =>
        settings.eventBytesLimit() === 3 << 20 ? true : undefined,
      );
      assert.equal(settings.target(), 'vm');
      assert.equal(settings.guardCpuPercent(), 50);
      assert.deepEqual(settings.vmHiddenFolders(), ['/nowhere']);
      assert.notEqual(settings.elevation(), 'pkexec');
      assert.equal(settings.vmMemoryMb(), undefined);
      for (const path of [settings.qemuPath(), settings.clangPath(), settings.nodePath()])
        assert.notEqual(path, '/tmp/evil');
    } finally {
      for (const id of Object.keys(own))
        await configuration.update(id, undefined, vscode.ConfigurationTarget.Global);
    }
  });
});
