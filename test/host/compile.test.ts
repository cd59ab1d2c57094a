/** Compiling in a real VS Code: the task, the diagnostics on their lines, the fix-its, the object file. */
import * as assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { activeExtension, scratchProgram, until } from './lib/extension';

const GOOD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int on_read(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

const BAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("kprobe/vfs_read")
int on_read(void *ctx)
{
	__u64 ünïque = 1; /* ü before the error: columns are not bytes */ return missing_variable + ünïque;
}

static int first_definition;
static long first_definition;

char LICENSE[] SEC("license") = "GPL"
`;

function errorsOf(file: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(file)
    .filter(diagnostic => diagnostic.severity === vscode.DiagnosticSeverity.Error);
}

describe('compile', () => {
  const scratches: Awaited<ReturnType<typeof scratchProgram>>[] = [];
  const program = async (name: string, text: string) => {
    const scratch = await scratchProgram(name, text);
    scratches.push(scratch);
    return scratch.file;
  };
  before(activeExtension);
  after(async () => {
    for (const scratch of scratches) await scratch.remove();
  });

  it('makes an ELF object for BPF', async () => {
    const file = await program('good.bpf.c', GOOD);
    const objectPath = await vscode.commands.executeCommand<string>('bpf.compile', file);
    const elf = await readFile(objectPath);
    assert.equal(elf.subarray(0, 4).toString('latin1'), '\x7fELF');
    // e_machine, EM_BPF (include/uapi/linux/elf-em.h).
    assert.equal(elf.readUInt16LE(18), 247);
    assert.deepEqual(vscode.languages.getDiagnostics(file), []);
  });

  it('puts errors on their lines, with ranges and notes, once each', async () => {
    const file = await program('bad.bpf.c', BAD);
    const ended = new Promise<void>(resolve => {
      const subscription = vscode.tasks.onDidEndTask(({ execution }) => {
        if (execution.task.definition.file !== file.fsPath) return;
        subscription.dispose();
        resolve();
      });
    });
    assert.equal(await vscode.commands.executeCommand('bpf.compile', file), null);
    await ended;
    const errors = await until('clang reports its errors', vscode.languages.onDidChangeDiagnostics, () =>
      errorsOf(file).some(error => (error.relatedInformation?.length ?? 0) > 0) ? errorsOf(file) : undefined,
    );

    const undeclared = errors.filter(error => error.message.includes('missing_variable'));
    assert.equal(undeclared.length, 1, JSON.stringify(errors));
    const document = await vscode.workspace.openTextDocument(file);
    assert.equal(document.getText(undeclared[0]?.range), 'missing_variable');

    const redefined = errors.find(error => error.message.includes('redefinition'));
    assert.equal(redefined?.range.start.line, 10);
    assert.equal(redefined?.relatedInformation?.[0]?.location.range.start.line, 9);
  });

  it('answers although VS Code asks for the tasks there are meanwhile', async () => {
    // It knows a task by its definition and may run the provider's equal one in place of the command's.
    const file = await program('asked.bpf.c', GOOD);
    const compiled = vscode.commands.executeCommand<string | null>('bpf.compile', file);
    await Promise.all(Array.from({ length: 8 }, () => vscode.tasks.fetchTasks({ type: 'bpf' })));
    assert.match((await compiled) ?? '', /\.bpf\.o$/);
  });

  it("offers clang's fix-it, and it fixes the line", async () => {
    const file = await program('fix.bpf.c', `${GOOD.slice(0, -2)}\n`);
    await vscode.commands.executeCommand('bpf.compile', file);
    const [error] = await until(
      'the missing semicolon is reported',
      vscode.languages.onDidChangeDiagnostics,
      () => (errorsOf(file).length > 0 ? errorsOf(file) : undefined),
    );
    assert.ok(error);
    await vscode.window.showTextDocument(file);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      file,
      error.range,
    );
    const insert = actions.find(action => action.title === "Insert ';'");
    assert.ok(insert?.edit, JSON.stringify(actions.map(action => action.title)));
    await vscode.workspace.applyEdit(insert.edit);
    assert.equal((await vscode.workspace.openTextDocument(file)).getText(), GOOD);
    await vscode.workspace.saveAll(false);
  });

  it('is a task type that tasks.json can use', async () => {
    const file = await program('task.bpf.c', GOOD);
    const tasks = await vscode.tasks.fetchTasks({ type: 'bpf' });
    const task = tasks.find(candidate => candidate.definition.file === file.fsPath);
    assert.ok(task, `none of ${tasks.map(candidate => candidate.name)}`);
    assert.deepEqual(task.problemMatchers, []); // the compiler publishes what clang said itself
    const exitCode = new Promise<number | undefined>(resolve => {
      const subscription = vscode.tasks.onDidEndTaskProcess(event => {
        if (event.execution.task.definition.file !== file.fsPath) return;
        subscription.dispose();
        resolve(event.exitCode);
      });
    });
    await vscode.tasks.executeTask(task);
    assert.equal(await exitCode, 0);
  });

  it('compiles a saved program in the background', async () => {
    const file = await program('saved.bpf.c', GOOD);
    const editor = await vscode.window.showTextDocument(file);
    await editor.edit(edit => edit.insert(new vscode.Position(6, 1), 'nonsense; '));
    await editor.document.save();
    const errors = await until('the saved mistake is reported', vscode.languages.onDidChangeDiagnostics, () =>
      errorsOf(file).find(error => error.message.includes('nonsense')),
    );
    assert.equal(errors.range.start.line, 6);
  });

  it('reports what to do when no program is open', async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    assert.equal(await vscode.commands.executeCommand('bpf.compile'), undefined);
  });
});
