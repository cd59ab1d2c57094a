/** The sandbox VM as the target of a suite's tests. */
import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { VmTarget } from '../../../src/session/targets/vm-target';
import { lockGuestPlace } from '../../kernel/bench/machine-lock';
import { activeExtension } from './extension';

type Extension = Awaited<ReturnType<typeof activeExtension>>;

export interface Sandbox {
  readonly extension: Extension;
  /** Boots it unless it runs. */
  guest(): Promise<VmTarget>;
  /** Detaches everything, ends the VM, and lets the next run have its place. */
  leave(): Promise<void>;
}

const target = (value: 'vm' | undefined) =>
  vscode.workspace.getConfiguration('bpf').update('target', value, vscode.ConfigurationTarget.Global);

/** Waits until no other run on this machine has a guest, and makes the sandbox VM the target. */
export async function takeSandbox(): Promise<Sandbox> {
  const place = await lockGuestPlace();
  const extension = await activeExtension();
  await target('vm');
  return {
    extension,
    async guest() {
      const chosen = (await extension.exports.targets.choose(null)).target;
      assert.ok(chosen instanceof Object && chosen.id === 'vm');
      return chosen as VmTarget;
    },
    async leave() {
      await vscode.commands.executeCommand('bpf.detachAll');
      await extension.exports.targets.stopSandbox();
      await target(undefined);
      await place.release();
    },
  };
}
