/** Writing BPF C in a real VS Code, without root: what is proposed, what is shown, what is fixed. Makes the pictures of docs/editing.md. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takePicture } from '../../scripts/lib/pictures.mjs';
import { type LocalVscode, openLocalVscode } from './driver/local-vscode';

const PROGRAM = 'vfsreadlat.bpf.c';

describe('a template that was opened', () => {
  let vscode: LocalVscode;
  let text: string;

  beforeAll(async () => {
    vscode = await openLocalVscode({
      env: { BPFW_TARGET: 'vm' },
      size: { width: 1080, height: 560 },
      // Pictures are of the text: nothing beside it, and nothing that blinks.
      userSettings: {
        'editor.minimap.enabled': false,
        'editor.cursorBlinking': 'solid',
        'editor.stickyScroll.enabled': false,
        'workbench.layoutControl.enabled': false,
        'workbench.reduceMotion': 'on',
        'workbench.colorTheme': 'Light Modern',
      },
      timeoutMs: 60_000,
    });
    text = readFileSync(path.join(vscode.workspace, PROGRAM), 'utf8');
    await vscode.workbench.openFile(PROGRAM);
    await vscode.workbench.page.keyboard.press('Control+B');
    // The lens is the server's: it answers.
    await vscode.workbench.page
      .locator('.codelens-decoration', { hasText: 'shown as histogram' })
      .waitFor({ state: 'attached' });
  });
  afterAll(() => vscode?.close());

  it('completes the target of a section, with the program for it', async () => {
    const { workbench } = vscode;
    const { keyboard } = workbench.page;
    await keyboard.press('Control+End');
    await keyboard.type('\nSEC("fentry/');
    await workbench.proposals.waitFor();
    await keyboard.type('tcp_v4_');
    const row = workbench.proposals.getByRole('option', { name: /^tcp_v4_connect/ });
    await row.waitFor();
    await row.locator('text=tcp_v4_connect').first().waitFor();
    while (
      (await row.getAttribute('aria-selected')) !== 'true' &&
      !(await row.getAttribute('class'))?.includes('focused')
    )
      await keyboard.press('ArrowDown');
    await takePicture(workbench.page, 'editing-completion');
    await keyboard.press('Enter');
    await workbench
      .line('int BPF_PROG(tcp_v4_connect_entry, struct sock *sk, struct sockaddr *uaddr, int addr_len)')
      .waitFor();
  });

  it('shows what a section attaches to', async () => {
    const { workbench } = vscode;
    await workbench.putCursorBehind(text, 'SEC("?fentry/vfs_r');
    await workbench.runCommand('Show or Focus Hover');
    const hover = workbench.page.locator('.monaco-hover', { hasText: 'ssize_t vfs_read(struct file *file' });
    await hover.waitFor();
    await takePicture(workbench.page, 'editing-hover');
    await workbench.page.keyboard.press('Escape');
  });

  it('underlines a name that is wrong, and fixes it', async () => {
    const { workbench } = vscode;
    const { keyboard } = workbench.page;
    await keyboard.press('Control+End');
    await keyboard.type(
      '\n\nSEC("kprob/vfs_write")\nint BPF_KPROBE(on_write, struct file *file) { return 0; }',
    );
    await workbench.squiggles('error').first().waitFor();
    await keyboard.press('ArrowUp');
    await keyboard.press('Home');
    for (const _ of 'SEC("kprob/vfs_wri') await keyboard.press('ArrowRight');
    await workbench.quickFix('Change to "kprobe/vfs_write"');
    await takePicture(workbench.page, 'editing-quick-fix');
    await keyboard.press('Enter');
    await workbench.line('SEC("kprobe/vfs_write")').waitFor();
    await workbench.squiggles('error').first().waitFor({ state: 'detached' });
    expect(await workbench.notifications()).toEqual([]);
  });
});
