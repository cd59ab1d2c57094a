/** Export from the installed package: files of the other engine in a folder of their own, nothing overwritten. */
import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { parse } from 'yaml';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { activeExtension, scratchProgram } from '../lib/extension';

describe('export', function () {
  this.timeout(deadlineMs(180_000));
  let scratch: Awaited<ReturnType<typeof scratchProgram>>;
  before(async () => {
    await activeExtension();
    scratch = await scratchProgram('notes.txt', '');
    // Types of the sandbox VM's kernel, which are there without booting it.
    await vscode.workspace.getConfiguration('bpf').update('target', 'vm', vscode.ConfigurationTarget.Global);
  });
  after(async () => {
    await vscode.workspace
      .getConfiguration('bpf')
      .update('target', undefined, vscode.ConfigurationTarget.Global);
    await scratch.remove();
  });
  const program = (template: string) =>
    vscode.commands.executeCommand<vscode.Uri>('bpf.newProgram', template, scratch.folder);
  const folder = (name: string) => vscode.Uri.joinPath(scratch.folder, name);

  it('writes a gadget and opens its metadata', async () => {
    const target = folder('gadget');
    await vscode.commands.executeCommand(
      'bpf.exportInspektorGadget',
      await program('hello_perf_output'),
      target,
    );
    assert.deepEqual(readdirSync(target.fsPath).sort(), [
      'bpfw.h',
      'build.yaml',
      'gadget.yaml',
      'program.bpf.c',
    ]);
    const open = vscode.window.activeTextEditor?.document.uri.fsPath;
    assert.equal(open, path.join(target.fsPath, 'gadget.yaml'));
    const metadata = parse(readFileSync(path.join(target.fsPath, 'gadget.yaml'), 'utf8'));
    assert.deepEqual(Object.keys(metadata.datasources), ['events']);
  });

  it('writes an exporter configuration beside its program', async () => {
    const target = folder('exporter');
    await vscode.commands.executeCommand('bpf.exportEbpfExporter', await program('bitehist'), target);
    assert.deepEqual(readdirSync(target.fsPath).sort(), [
      'bitehist.bpf.c',
      'bitehist.yaml',
      'bpfw.h',
      'bpfw_compat.h',
    ]);
    const { metrics } = parse(readFileSync(path.join(target.fsPath, 'bitehist.yaml'), 'utf8'));
    assert.equal(metrics.histograms[0].name, 'sizes');
  });

  it('overwrites nothing', async () => {
    const target = folder('exporter');
    const before = statSync(path.join(target.fsPath, 'bitehist.yaml')).mtimeMs;
    const again = vscode.Uri.joinPath(scratch.folder, 'bitehist.bpf.c');
    assert.equal(await vscode.commands.executeCommand('bpf.exportEbpfExporter', again, target), undefined);
    assert.equal(statSync(path.join(target.fsPath, 'bitehist.yaml')).mtimeMs, before);
  });

  it('writes nothing for a program the engine cannot show', async () => {
    const target = folder('none');
    const source = await program('hello_world');
    assert.equal(await vscode.commands.executeCommand('bpf.exportEbpfExporter', source, target), undefined);
    assert.throws(() => statSync(target.fsPath), { code: 'ENOENT' });
  });
});
