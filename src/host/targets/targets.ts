/** The two kernels a program can be attached to, each created on first use, and which one `auto` selects. */
import * as vscode from 'vscode';
import { chooseTarget, type TargetDecision } from '../../session/targets/choose-target';
import { LocalTarget } from '../../session/targets/local-target';
import type { Target, TargetBtf, TargetId, WantedTarget } from '../../session/targets/target';
import { VmTarget } from '../../session/targets/vm-target';
import type { ChosenTarget } from '../../session/tracing/prepare-session';
import type { SandboxVm } from '../../session/vm/sandbox-vm';
import type { BpfObject } from '../../shared/object/model';
import { ContextKeys } from '../common/command-ids';
import type { Log } from '../common/log';
import { saveTarget, settings } from '../common/settings';
import { type Choice, pickOne } from '../ui/inputs';

export interface TargetPaths {
  readonly tracer: string;
  readonly guestAgent: string;
  readonly ifuncProbe: string;
  /** From package.json. */
  readonly version: string;
}

export class Targets implements vscode.Disposable {
  private localTarget: LocalTarget | null = null;
  private vmTarget: VmTarget | null = null;
  private watched: SandboxVm | null = null;
  /** Listeners for the VM's boot steps: the callers that wait for it. */
  private readonly listeners = new Set<(step: string) => void>();

  constructor(
    private readonly paths: TargetPaths,
    private readonly log: Log,
  ) {}

  /** The target for a program, or with null for any program, from the setting and this machine. */
  async decide(object: BpfObject | null): Promise<TargetDecision> {
    return chooseTarget({ wanted: settings.target(), env: process.env, object, canAsk: true });
  }

  async choose(object: BpfObject | null): Promise<ChosenTarget> {
    const { id, why } = await this.decide(object);
    return { target: this.get(id), why };
  }

  get(id: TargetId): Target {
    return id === 'local' ? this.local() : this.vm();
  }

  /** BTF of the target that `auto` selects, if available immediately; null if that would boot the sandbox VM. */
  async knownBtf(): Promise<TargetBtf | null> {
    const { id } = await this.decide(null);
    if (id === 'local') return this.local().readBtf();
    const vm = this.vm();
    return (await vm.knowsBtf()) ? vm.readBtf() : null;
  }

  /** Boots the sandbox VM if it is not running and reports the boot steps to `progress`. Throws VmError. */
  async startSandbox(progress: (step: string) => void): Promise<void> {
    await this.withBootSteps(progress, () => this.vm().boot());
  }

  /** Stops the VM and everything attached in it. */
  async stopSandbox(): Promise<void> {
    const vm = this.vmTarget;
    this.vmTarget = null;
    await vm?.dispose();
    await this.setRunning(false);
  }

  /** Reports the VM's boot steps to `progress` while `work` runs. */
  async withBootSteps<T>(progress: (step: string) => void, work: () => Promise<T>): Promise<T> {
    this.listeners.add(progress);
    try {
      return await work();
    } finally {
      this.listeners.delete(progress);
      await this.updateSandboxContext();
    }
  }

  /** A changed path or memory size applies to the next target; a running VM is not affected. */
  settingsChanged(): void {
    this.localTarget = null;
    if (this.vmTarget && !this.vmTarget.isRunning) this.vmTarget = null;
  }

  async disposeAsync(): Promise<void> {
    const targets = [this.vmTarget, this.localTarget];
    this.vmTarget = null;
    this.localTarget = null;
    await Promise.all(targets.map(target => target?.dispose()));
  }

  dispose(): void {
    void this.disposeAsync();
  }

  private local(): LocalTarget {
    this.localTarget ??= new LocalTarget({
      tracerPath: this.paths.tracer,
      version: this.paths.version,
      ifuncProbePath: this.paths.ifuncProbe,
      nodeSetting: settings.nodePath(),
      elevation: settings.elevation(),
      log: line => this.log.info(line),
    });
    return this.localTarget;
  }

  private vm(): VmTarget {
    const { qemuPath, nodePath, memoryMb } = {
      qemuPath: settings.qemuPath(),
      nodePath: settings.nodePath(),
      memoryMb: settings.vmMemoryMb(),
    };
    this.vmTarget ??= new VmTarget({
      tracerPath: this.paths.tracer,
      ifuncProbePath: this.paths.ifuncProbe,
      vm: {
        agentPath: this.paths.guestAgent,
        hiddenFolders: settings.vmHiddenFolders(),
        ...(qemuPath === undefined ? {} : { qemuPath }),
        ...(nodePath === undefined ? {} : { nodePath }),
        ...(memoryMb === undefined ? {} : { memoryMb }),
      },
      progress: step => {
        this.log.info(step);
        for (const listener of this.listeners) listener(step);
      },
      log: line => this.log.info(line),
    });
    return this.vmTarget;
  }

  /** Updates the context key for a running sandbox VM; called by every function that may have booted it. */
  private async updateSandboxContext(): Promise<void> {
    const target = this.vmTarget;
    if (!target?.isRunning) return;
    const vm = await target.boot();
    if (vm === this.watched) return;
    this.watched = vm;
    await this.setRunning(true);
    vm.onEnded(reason => {
      this.log.info(`sandbox VM: ${reason.message}`);
      if (this.watched === vm) void this.setRunning(false);
    });
  }

  private async setRunning(running: boolean): Promise<void> {
    await vscode.commands.executeCommand('setContext', ContextKeys.sandboxRunning, running);
  }
}

/** BPF: Select Target. Saves the choice as a setting; resolves when it is saved or nothing was picked. */
export async function selectTarget(targets: Targets): Promise<void> {
  const current = settings.target();
  const automatic = await targets.decide(null);
  const items: (Choice & { readonly wanted: WantedTarget })[] = [
    {
      wanted: 'auto',
      icon: 'wand',
      label: 'Automatic',
      detail:
        current === 'auto'
          ? `Now ${automatic.id === 'local' ? 'this kernel' : 'the sandbox VM'}: ${automatic.why}.`
          : "This machine's kernel if it can be traced and you have the rights to, else the sandbox VM.",
    },
    {
      wanted: 'local',
      icon: 'device-desktop',
      label: 'This kernel',
      detail: "The kernel VS Code's extensions run on.",
    },
    {
      wanted: 'vm',
      icon: 'vm',
      label: 'Sandbox VM',
      detail:
        "A distribution kernel in QEMU over this machine's file system, read-only. Needs no privileges and cannot harm this machine.",
    },
  ];
  const picked = await pickOne(
    items.map(item => ({ ...item, description: item.wanted === current ? 'selected' : '' })),
    { title: 'Select Target', placeholder: 'Where should BPF programs be attached?' },
  );
  if (picked) await saveTarget(picked.wanted);
}
