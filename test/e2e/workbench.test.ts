/** The extension installed in a real VS Code, as a user meets it: palette, editor title, views, themes. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import { type LocalVscode, openLocalVscode } from './driver/local-vscode';

/**
 * VS Code reads the extension's manifest some time after its window is up. The palette draws only the rows in sight, so
 * a command is looked for by its own title.
 */
function offered(vscode: LocalVscode, title: string): Promise<void> {
  return expect
    .poll(() => vscode.workbench.paletteTitles(title), { timeout: deadlineMs(60_000) })
    .toContain(title);
}

describe('in a trusted window', () => {
  let vscode: LocalVscode;
  beforeAll(async () => {
    vscode = await openLocalVscode({
      env: { BPFW_TARGET: 'vm' },
      // Drawn with elements that a test can read.
      userSettings: { 'terminal.integrated.gpuAcceleration': 'off' },
      prepare: workspace => writeFile(path.join(workspace, 'broken.bpf.c'), 'int no_semicolon\n'),
    });
  });
  afterAll(() => vscode?.close());

  it('offers the commands that need no session in the palette', async () => {
    const { commands, menus } = manifest.contributes;
    const conditional = new Set(menus.commandPalette.map(entry => entry.command));
    const always = commands
      .filter(({ command, ...rest }) => !conditional.has(command) && !('enablement' in rest))
      .map(command => `BPF: ${command.title}`);
    expect(always.length).toBeGreaterThan(5);
    for (const title of always) await offered(vscode, title);
  });

  it('shows ▶ in the title of a BPF program, and of no other file', async () => {
    await vscode.workbench.openFile('vfsreadlat.bpf.c');
    await vscode.workbench.titleButton('Compile and Attach').waitFor();
    await vscode.workbench.openFile('README.md');
    await vscode.workbench.titleButton('Compile and Attach').waitFor({ state: 'detached' });
  });

  it('shows clang’s errors of a program with errors, and no other failure', async () => {
    const { workbench } = vscode;
    await workbench.openFile('broken.bpf.c');
    await offered(vscode, 'BPF: Compile');
    await workbench.runCommand('BPF: Compile');
    await workbench.squiggles('error').first().waitFor();
    await workbench.runCommand('Terminal: Focus Terminal');
    const terminal = workbench.page.locator('.terminal-wrapper.active .xterm-rows');
    // Written by VS Code when the task's terminal has closed.
    await terminal.getByText(/Press any key to close|Terminal will be reused/).waitFor();
    const text = await terminal.textContent();
    expect(text).toMatch(/error:.*expected ';'/);
    expect(text).toContain('No object: the program has errors.');
    expect(text).not.toContain('failed to launch');
    expect(await workbench.notifications()).toEqual([]);
    // The task's end takes nothing away.
    await workbench.runCommand('View: Hide Panel');
    await workbench.squiggles('error').first().waitFor();
    expect(await workbench.statusBarItem(/^ *1 *0 *$/).count()).toBe(1);
  });

  it('opens both panels, each with its own page', async () => {
    for (const [command, title] of [
      ['BPF: Show Histogram', 'Histogram'],
      ['BPF: Show Events', 'Events'],
    ] as const) {
      await vscode.workbench.runCommand(command);
      const page = await vscode.workbench.webview(title);
      await page.locator('#app > :visible').first().waitFor();
    }
  });

  it('keeps the workbench usable in every theme', async () => {
    for (const theme of ['dark', 'high contrast dark', 'high contrast light', 'light'] as const) {
      await vscode.workbench.setTheme(theme);
    }
  });
});

describe('in Restricted Mode', () => {
  let vscode: LocalVscode;
  beforeAll(async () => {
    vscode = await openLocalVscode({ trusted: false, env: { BPFW_TARGET: 'vm' } });
  });
  afterAll(() => vscode?.close());

  it('shows programs without ▶ and does not offer to attach', async () => {
    await vscode.workbench.openFile('vfsreadlat.bpf.c');
    await offered(vscode, 'BPF: Show Log'); // from here on the manifest is in force
    expect(await vscode.workbench.titleButton('Compile and Attach').count()).toBe(0);
    expect(await vscode.workbench.paletteTitles('BPF: Compile and Attach')).not.toContain(
      'BPF: Compile and Attach',
    );
  });
});
