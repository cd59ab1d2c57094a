/** Editing in a real VS Code: completion, hover, quick fixes and symbols come from the language server; clangd's file. */
import * as assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isAllowed } from '../../src/system/child-environment';
import { activeExtension, scratchProgram, until, workspaceFolder } from './lib/extension';

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

`;

describe('language server', () => {
  const scratches: Awaited<ReturnType<typeof scratchProgram>>[] = [];
  const program = async (name: string, text: string) => {
    const scratch = await scratchProgram(name, text);
    scratches.push(scratch);
    const document = await vscode.workspace.openTextDocument(scratch.file);
    await vscode.window.showTextDocument(document);
    return { file: scratch.file, document };
  };
  const ours = (file: vscode.Uri) =>
    vscode.languages.getDiagnostics(file).filter(diagnostic => diagnostic.source === 'bpf');
  const hasCode = (diagnostic: vscode.Diagnostic, code: string) => diagnostic.code === code;

  before(async () => {
    const extension = await activeExtension();
    await extension.exports.language.ready();
  });
  after(async () => {
    for (const scratch of scratches) await scratch.remove();
  });

  it('completes the kinds of sections, and members through our header', async () => {
    const text = `${HEAD}struct key {\n\tbpfw_pid owner;\n\t__u64 size;\n};\n\nSEC("kpr")\nint p(void *ctx)\n{\n\tstruct key key = {};\n\n\tkey.\n\treturn 0;\n}\n`;
    const { file, document } = await program('complete.bpf.c', text);
    const at = (words: string) => document.positionAt(text.indexOf(words) + words.length);
    const labels = async (position: vscode.Position) => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        file,
        position,
      );
      return list.items.map(item => (typeof item.label === 'string' ? item.label : item.label.label));
    };
    const kinds = await labels(at('SEC("kpr'));
    assert.ok(kinds.includes('kprobe/'), kinds.slice(0, 20).join());
    const members = await labels(at('\tkey.'));
    assert.ok(members.includes('owner') && members.includes('size'), members.slice(0, 20).join());
  });

  it('shows what a helper does', async () => {
    const text = `${HEAD}SEC("kprobe/vfs_read")\nint p(void *ctx)\n{\n\treturn bpf_get_current_pid_tgid() >> 32;\n}\n`;
    const { file, document } = await program('hover.bpf.c', text);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      file,
      document.positionAt(text.indexOf('bpf_get_current') + 3),
    );
    const words = hovers.flatMap(one =>
      one.contents.map(content => (typeof content === 'string' ? content : content.value)),
    );
    assert.ok(
      words.some(word => word.includes('bpf_get_current_pid_tgid(void)')),
      JSON.stringify(words),
    );
  });

  it('fixes a section name by its quick fix', async () => {
    const text = `${HEAD}SEC("kprob/vfs_read")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`;
    const { file, document } = await program('fix.bpf.c', text);
    const found = await until('the section is marked', vscode.languages.onDidChangeDiagnostics, () =>
      ours(file).find(one => hasCode(one, 'section-name')),
    );
    assert.equal(document.getText(found.range), 'kprob/vfs_read');
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      file,
      found.range,
    );
    const fix = actions.find(action => action.title === 'Change to "kprobe/vfs_read"');
    assert.ok(fix?.edit, JSON.stringify(actions.map(action => action.title)));
    await vscode.workspace.applyEdit(fix.edit);
    assert.ok(document.getText().includes('SEC("kprobe/vfs_read")'));
    await until('the mark goes', vscode.languages.onDidChangeDiagnostics, () =>
      ours(file).length === 0 ? true : undefined,
    );
    await document.save();
  });

  it('lists programs and maps as symbols', async () => {
    const text = `${HEAD}BPFW_RINGBUF(events, struct file, 4096);\n\nSEC("kprobe/vfs_read")\nint on_read(void *ctx)\n{\n\treturn 0;\n}\n`;
    const { file } = await program('symbols.bpf.c', text);
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      file,
    );
    const seen = symbols.map(one => `${one.name}: ${one.detail}`);
    assert.ok(seen.includes('on_read: kprobe/vfs_read') && seen.includes('events: map ringbuf'), seen.join());
  });

  it('knows verifier logs and assembly by their names', async () => {
    for (const [name, text, language] of [
      ['x.verifier.log', '0: R1=ctx(off=0,imm=0) R10=fp0\n', 'bpf-verifier-log'],
      ['x.bpf.s', 'Disassembly of section xdp:\n', 'bpf-assembly'],
    ] as const) {
      const { document } = await program(name, text);
      assert.equal(document.languageId, language);
    }
  });

  it('writes .clangd beside what is there', async () => {
    const { file } = await program('clangd.bpf.c', `${HEAD}`);
    const place = vscode.Uri.joinPath(workspaceFolder(), '.clangd');
    const theirs = 'CompileFlags:\n  Add: [-Wall]\n';
    await vscode.workspace.fs.writeFile(place, new TextEncoder().encode(theirs));
    try {
      const written = await vscode.commands.executeCommand<vscode.Uri>('bpf.configureClangd', file);
      assert.equal(written?.fsPath, place.fsPath);
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(place));
      assert.ok(text.startsWith(theirs), text);
      assert.match(text, /PathMatch: \.\*\\\.bpf\\\.\[ch\]/);
      const folder = /"-I"\n\s+- "([^"]*\/full)"/.exec(text)?.[1];
      assert.ok(folder, text);
      const header = vscode.Uri.joinPath(vscode.Uri.file(folder), 'vmlinux.h');
      assert.ok((await vscode.workspace.fs.stat(header)).size > 100_000);
    } finally {
      await vscode.workspace.fs.delete(place);
    }
  });

  it("does not hand this process's environment to the server", async () => {
    const { language } = (await activeExtension()).exports;
    await language.stop();
    process.env.A_SECRET = 'of another program';
    try {
      await language.ready();
    } finally {
      delete process.env.A_SECRET;
    }
    const children = (await readdir('/proc/self/task')).map(async task =>
      (await readFile(`/proc/self/task/${task}/children`, 'utf8')).trim().split(' '),
    );
    const servers: string[] = [];
    for (const pid of (await Promise.all(children)).flat().filter(Boolean)) {
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (/\/server\.js\0/.test(commandLine)) servers.push(pid);
    }
    assert.equal(servers.length, 1, servers.join());
    const environment = await readFile(`/proc/${servers[0]}/environ`, 'utf8');
    const names = environment.split('\0').flatMap(entry => entry.split('=', 1)[0] || []);
    // Node's own: the channel between the two.
    const foreign = names.filter(
      name => !isAllowed('language-server', name) && !name.startsWith('NODE_CHANNEL_'),
    );
    assert.deepEqual(foreign, []);
    assert.ok(names.includes('PATH'), names.join());
  });

  it('serves BPF programs of other names, and does not start for other C', async () => {
    const { language } = (await activeExtension()).exports;
    await language.stop();
    await program('plain.c', '#include <stdio.h>\n\nint main(void)\n{\n\treturn 0;\n}\n');
    assert.equal(language.isStarted, false);
    const { file } = await program(
      'sample_kern.c',
      `${HEAD}SEC("kprob/vfs_read")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`,
    );
    assert.equal(language.isStarted, true);
    await until('the section is marked', vscode.languages.onDidChangeDiagnostics, () =>
      ours(file).find(one => hasCode(one, 'section-name')),
    );
  });
});
