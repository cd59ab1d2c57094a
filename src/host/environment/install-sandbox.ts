import * as vscode from 'vscode';
import { installScript } from '../../session/vm/install-script';
import { defaultCacheFolder } from '../../system/cache-files';
import { UserError } from '../common/errors';
import { task } from '../ui/items';
import { notify } from '../ui/messages';

/**
 * BPF: Install Sandbox VM. Runs the script as a task, so that it is visible, can be stopped, and sudo can prompt in its
 * terminal. Resolves when it has finished. Throws UserError if it failed.
 */
export async function installSandbox(script = installScript(defaultCacheFolder())): Promise<void> {
  const install = task({
    definition: { type: 'process' },
    scope: vscode.TaskScope.Workspace,
    name: 'Install Sandbox VM',
    execution: new vscode.ProcessExecution('/bin/sh', ['-ec', script]),
  });
  install.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: true, clear: true };
  // A task may end before executeTask() resolves: tasks that end meanwhile are recorded.
  const ended = new Map<vscode.TaskExecution, number | undefined>();
  let tell: () => void = () => undefined;
  const subscription = vscode.tasks.onDidEndTaskProcess(event => {
    ended.set(event.execution, event.exitCode);
    tell();
  });
  try {
    const execution = await vscode.tasks.executeTask(install);
    await new Promise<void>(resolve => {
      tell = () => ended.has(execution) && resolve();
      tell();
    });
    if (ended.get(execution) !== 0)
      throw new UserError(
        'The sandbox VM could not be installed; the terminal shows why. The script supports Debian and Ubuntu.',
      );
    void notify('information', 'The sandbox VM is ready. Press ▶ to attach there.');
  } finally {
    subscription.dispose();
  }
}
