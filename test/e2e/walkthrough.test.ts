/** The walkthrough, step by step as a newcomer goes, on the kernel of a real sandbox VM: each step is done by doing it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import manifest from '../../package.json';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import { workFolder } from '../../scripts/lib/paths.mjs';
import { lockGuestPlace } from '../kernel/bench/machine-lock';
import { type LocalVscode, openLocalVscode } from './driver/local-vscode';

const [walkthrough] = manifest.contributes.walkthroughs;
if (!walkthrough) throw new Error('the manifest has no walkthrough');
const titleOf = (id: string): string => {
  const step = walkthrough.steps.find(each => each.id === id);
  if (!step) throw new Error(`the walkthrough has no step ${id}`);
  return step.title;
};
/** The emulated guest boots, and the kernel's types are read for the first time. */
const GUEST_MS = 180_000;
const PROGRAM = 'my_reads.bpf.c';

let place: Awaited<ReturnType<typeof lockGuestPlace>>;
let vscode: LocalVscode;

beforeAll(async () => {
  place = await lockGuestPlace();
  vscode = await openLocalVscode({ env: { BPFW_TARGET: 'vm' }, timeoutMs: GUEST_MS });
}, deadlineMs(1_800_000));
afterAll(async () => {
  await vscode?.close();
  await place?.release();
});

async function doneSteps(): Promise<string[]> {
  await vscode.workbench.openWalkthrough(walkthrough?.title ?? '');
  const steps = await vscode.workbench.walkthroughSteps();
  return steps.filter(step => step.done).map(step => step.title);
}

/** Passes when these steps, the first of the walkthrough in its order, are done and no other. */
async function expectDone(count: number): Promise<void> {
  const titles = walkthrough?.steps.slice(0, count).map(step => step.title);
  await expect.poll(doneSteps, { timeout: deadlineMs(60_000) }).toEqual(titles);
}

async function pressButton(step: string, label: string): Promise<void> {
  const { workbench } = vscode;
  await workbench.openWalkthrough(walkthrough?.title ?? '');
  if ((await workbench.walkthroughButton(label).count()) === 0)
    await workbench.openWalkthroughStep(titleOf(step));
  await workbench.walkthroughButton(label).click();
}

describe('the walkthrough', { timeout: deadlineMs(600_000) }, () => {
  it('begins with nothing done', async () => {
    await expectDone(0);
  });

  it('checks the environment', async () => {
    await pressButton('checkEnvironment', 'Check Environment');
    await vscode.workbench.tab('BPF Environment').waitFor();
    await expectDone(1);
  });

  it('makes a program, and none when the user cancels', async () => {
    const { workbench } = vscode;
    await pressButton('newProgram', 'New Program from Template');
    await workbench.quickInput.waitFor('What do you want to see?');
    await workbench.quickInput.cancel();
    await expectDone(1);
    await pressButton('newProgram', 'New Program from Template');
    await workbench.quickInput.pick(/Read latency/, 'vfsreadlat');
    // The sample workspace has one of that name.
    await workbench.quickInput.waitFor(/already exists/);
    await workbench.quickInput.answer(PROGRAM);
    await workbench.tab(PROGRAM).waitFor();
    await expectDone(2);
  });

  it('attaches it, and a histogram fills', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await pressButton('readHistogram', 'Compile and Attach');
    const page = await Promise.race([
      workbench.webview('Histogram', frame => frame.locator('.toolbar:not([hidden]) h1').isVisible()),
      workbench.failed(),
    ]);
    await page.getByRole('table').first().waitFor({ state: 'attached' });
    // The keyboard is left where it was.
    expect(await workbench.page.evaluate(() => document.activeElement?.tagName)).not.toBe('IFRAME');
    await expectDone(3);
  });

  it('changes a parameter', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await pressButton('changeParameter', 'Attach with Parameters');
    const form = await Promise.race([workbench.webview('Parameters of my_reads'), workbench.failed()]);
    await form.getByRole('textbox', { name: 'Shortest call shown (µs)' }).fill('50');
    await form.getByRole('button', { name: 'Attach' }).click();
    await expectDone(4);
  });

  it('matches the verifier: what it advises to remove is refused, on that line', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    const { keyboard } = workbench.page;
    const text = await readFile(path.join(vscode.workspace, PROGRAM), 'utf8');
    await workbench.tab(PROGRAM).click();
    await workbench.putCursorBehind(text, 'if (!began)');
    await keyboard.press('Control+Shift+K');
    await keyboard.press('Control+Shift+K');
    await workbench.clickTitleButton('Compile and Attach');
    const refused = workbench.notification(/The kernel rejected vfs_read_ends: `began` may be NULL here/);
    await refused.first().waitFor();
    await workbench.squiggles('error').first().waitFor();
    await expectDone(5);
    await workbench.tab(PROGRAM).click();
    for (let undone = 0; undone < 2; undone++) await keyboard.press('Control+Z');
    await workbench.line('return; /* filtered, or already inside when tracing began */').waitFor();
    await keyboard.press('Control+S');
  });

  it('exports the program', async () => {
    tellOnFailure();
    const { workbench } = vscode;
    await pressButton('export', 'Export as ebpf_exporter Config');
    await workbench.quickInput.waitFor(/Name of the new folder in/);
    await workbench.quickInput.accept();
    await workbench.tab('my_reads.yaml').waitFor({ timeout: deadlineMs(20_000) });
    const config = await readFile(path.join(vscode.workspace, 'my_reads-exporter', 'my_reads.yaml'), 'utf8');
    expect(config).toMatch(/^ {2}histograms:$/m);
    await expectDone(6);
  });
});

function tellOnFailure(): void {
  onTestFailed(async ({ task }) => {
    const picture = path.join(workFolder, `walkthrough-failed-${task.id}.png`);
    await vscode.workbench.screenshot(picture);
    console.error([`picture: ${picture}`, ...(await vscode.workbench.notifications())].join('\n'));
  });
}
