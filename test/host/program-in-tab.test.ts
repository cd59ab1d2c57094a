/** Commands of the palette and of walkthrough links, when the active editor is not text. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activeExtension, scratchProgram, until } from './lib/extension';

const SOURCE = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
`;

describe('a program in a tab behind a page', () => {
  before(activeExtension);

  it('is what Compile compiles', async () => {
    const scratch = await scratchProgram('behind.bpf.c', SOURCE);
    try {
      await vscode.window.showTextDocument(scratch.file, { preview: false });
      await vscode.commands.executeCommand('bpf.checkEnvironment');
      await until('the page is in front', vscode.window.onDidChangeActiveTextEditor, () =>
        vscode.window.activeTextEditor === undefined ? true : undefined,
      );
      const object = await vscode.commands.executeCommand<string | null>('bpf.compile');
      assert.match(object ?? '', /\.o$/);
    } finally {
      await scratch.remove();
    }
  });
});
