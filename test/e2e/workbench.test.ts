/** The extension installed in a real VS Code, as a person meets it: palette, editor title, views, themes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json';
import { type LocalVscode, openLocalVscode } from './driver/local-vscode';

/**
 * VS Code reads the extension's manifest some time after its window is up. The palette draws only the rows in sight, so
 * a command is looked for by its own title.
 */
function offered(vscode: LocalVscode, title: string): Promise<void> {
  return expect.poll(() => vscode.workbench.paletteTitles(title), { timeout: 60_000 }).toContain(title);
}

describe('in a trusted window', () => {
  let vscode: LocalVscode;
  beforeAll(async () => {
    vscode = await openLocalVscode({ env: { BPFW_TARGET: 'vm' } });
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

  it('has a walkthrough whose steps are completed by doing them, not by beginning to', async () => {
    const { workbench } = vscode;
    await workbench.runCommand('Welcome: Open Walkthrough...');
    await workbench.quickInput.waitFor('Get Started with BPF Workbench');
    await workbench.quickInput.answer('Get Started with BPF Workbench');
    await expect
      .poll(() => workbench.walkthroughSteps(), { timeout: 30_000 })
      .toEqual(manifest.contributes.walkthroughs[0]?.steps.map(({ title }) => ({ title, done: false })));
    const isDone = async (title: string) =>
      (await workbench.walkthroughSteps()).find(step => step.title === title)?.done;

    await workbench.walkthroughButton('Check Environment').click();
    await workbench.tab('BPF Environment').waitFor();
    await workbench.tab('Welcome').click();
    await expect.poll(() => isDone('See what this machine can do')).toBe(true);

    const make = 'Make a program from a template';
    await workbench.openWalkthroughStep(make);
    await workbench.walkthroughButton('New Program from Template').click();
    await workbench.quickInput.waitFor('What do you want to see?');
    await workbench.quickInput.cancel();
    expect(await isDone(make)).toBe(false);
    await workbench.walkthroughButton('New Program from Template').click();
    await workbench.quickInput.pick('Hello, World!', 'hello_world');
    await workbench.tab('hello_world.bpf.c').waitFor();
    await workbench.tab('Welcome').click();
    await expect.poll(() => isDone(make)).toBe(true);
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
