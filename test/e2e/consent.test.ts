/**
 * The dialog before a program that may change the system, in a real VS Code: it names the programs that would be loaded
 * and no others, with what they may do; their names cannot become a link; and without a yes nothing is opened.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PanelWindow } from './panels/window';

/** The section is what a stranger may have written: VS Code would make a link of it that runs a command. */
const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("lsm/[details](command:workbench.action.closeWindow)")
int refuses(void *ctx)
{
	return bpf_get_current_pid_tgid() >> 32 == 1 ? bpf_send_signal(9) : 0;
}

SEC("raw_tp/sys_enter")
int observes(void *ctx)
{
	return 0;
}

SEC("?xdp")
int not_loaded(void *ctx)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";
`;

/** On this machine's kernel, where nobody is asked for a password; the tracer in it loads nothing (test/e2e/replay). */
describe.runIf(process.getuid?.() === 0)('a program that may change the system', () => {
  const window = new PanelWindow(workspace => writeFile(path.join(workspace, 'changing.bpf.c'), PROGRAM));
  beforeAll(() => window.open());
  afterAll(() => window.close());
  const asked = async () => {
    await window.workbench.openFile('changing.bpf.c');
    await window.workbench.clickTitleButton('Compile and Attach');
    const dialog = window.workbench.dialog('does not only observe');
    await dialog.waitFor();
    return dialog;
  };

  it('is named in a dialog with its section and what it may do, as text; nothing is opened without a yes', async () => {
    window.tellOnFailure();
    const dialog = await asked();
    const text = (await dialog.textContent()) ?? '';
    expect(text).toContain('changing.bpf.o does not only observe: it may change this kernel (');
    expect(text).toContain(
      '• refuses (lsm/[details]\\(command:workbench.action.closeWindow)) may refuse what processes ask the kernel for; ' +
        'sends signals to processes (it calls bpf_send_signal)',
    );
    expect(text).not.toMatch(/observes|not_loaded|xdp/);
    expect(await dialog.locator('a:not(.monaco-button):not(.action-label)').count()).toBe(0);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    // The tracer in this window would have said that it has no recording of this object.
    await window.workbench.showView('Sessions');
    await expect.poll(() => window.workbench.treeRow(/changing/).count()).toBe(0);
    expect(await window.workbench.notifications()).toEqual([]);
  });

  it('is asked for again at the next ▶, and with a yes it goes to the tracer', async () => {
    window.tellOnFailure();
    const dialog = await asked();
    await dialog.getByRole('button', { name: 'Attach Anyway' }).click();
    await expect
      .poll(async () => (await window.workbench.notifications()).join('\n'))
      .toContain('nothing was recorded of changing');
  });
});
