/** Programs of a project in a real VS Code: its flags, the settings, and the question for a missing header. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activeExtension, scratchProgram, workspaceFolder } from './lib/extension';

const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "level.h"

SEC("kprobe/vfs_read")
int on_read(void *ctx)
{
	return THE_LEVEL - 3;
}

char LICENSE[] SEC("license") = "GPL";
`;
const HEADER = '#if LEVEL != 3\n#error LEVEL is not 3\n#endif\n#define THE_LEVEL LEVEL\n';

describe('a program of a project', () => {
  const scratches: Awaited<ReturnType<typeof scratchProgram>>[] = [];
  const project = async (files: Readonly<Record<string, string>>) => {
    const scratch = await scratchProgram('one.bpf.c', PROGRAM);
    scratches.push(scratch);
    for (const [name, text] of Object.entries(files))
      await vscode.workspace.fs.writeFile(
        vscode.Uri.joinPath(scratch.folder, name),
        new TextEncoder().encode(text),
      );
    return scratch.file;
  };
  const compile = (file: vscode.Uri) => vscode.commands.executeCommand<string | null>('bpf.compile', file);
  const configuration = () => vscode.workspace.getConfiguration('bpf', workspaceFolder());
  before(activeExtension);
  after(async () => {
    for (const scratch of scratches) await scratch.remove();
    for (const id of ['includePaths', 'defines', 'flagsFrom'])
      await configuration().update(id, undefined, vscode.ConfigurationTarget.WorkspaceFolder);
  });

  it('compiles with the flags of its makefile, unless they are overruled', async () => {
    const file = await project({
      'inc/level.h': HEADER,
      Makefile: 'one.bpf.o: one.bpf.c\n\tclang -O2 -g -target bpf -DLEVEL=3 -Iinc -c $< -o $@\n',
    });
    assert.match((await compile(file)) ?? '', /\.bpf\.o$/);

    await configuration().update('defines', ['LEVEL=4'], vscode.ConfigurationTarget.WorkspaceFolder);
    assert.equal(await compile(file), null);
    await configuration().update('defines', undefined, vscode.ConfigurationTarget.WorkspaceFolder);
  });

  it('asks for the folder of a missing header once, and remembers it', async () => {
    const file = await project({ 'headers/level.h': HEADER });
    await configuration().update('defines', ['LEVEL=3'], vscode.ConfigurationTarget.WorkspaceFolder);
    let done = false;
    const compiled = Promise.resolve(compile(file)).finally(() => {
      done = true;
    });
    while (!done) await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    assert.match((await compiled) ?? '', /\.bpf\.o$/);
    const remembered = configuration().get<string[]>('includePaths') ?? [];
    assert.equal(remembered.length, 1);
    assert.match(remembered[0] ?? '', /^scratch-\d+\/headers$/);
    assert.match((await compile(file)) ?? '', /\.bpf\.o$/);
  });
});
