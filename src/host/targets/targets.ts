/** The two kernels a program can go to, each made when first needed, and which one is meant when none was chosen. */
import * as vscode from 'vscode';
import { chooseTarget, type TargetDecision } from '../../session/targets/choose-target';
import { LocalTarget } from '../../session/targets/local-target';
import type { Target, TargetBtf, TargetId, WantedTarget } from '../../session/targets/target';
import { VmTarget } from '../../session/targets/vm-target';
import type { ChosenTarget } from '../../session/tracing/prepare-session';
import type { SandboxVm } from '../../session/vm/sandbox-vm';
import type { BpfObject } from '../../shared/object/model';
import { ContextKeys } from '../command-ids';
import type { Log } from '../log';
import { saveTarget, settings } from '../settings';
import { type Choice, pickOne } from '../ui/inputs';

export interface TargetPaths {
  readonly tracer: string;
  readonly guestAgent: string;
  readonly ifuncProbe: string;
  /** package.json's. */
  readonly version: string;
}

export class Targets implements vscode.Disposable {
  private localTarget: LocalTarget | null = null;
  private vmTarget: VmTarget | null = null;
  private watched: SandboxVm | null = null;
  /** Who is told of the VM's boot steps: whoever waits at the moment. */
  private readonly listeners = new Set<(step: string) => void>();

  constructor(
    private readonly paths: TargetPaths,
    private readonly log: Log,
  ) {}

  /** What the setting and this machine say about a program; with null, about any. */
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

  /** BTF of the target `auto` means, when it can be had at once; null when that would boot the sandbox VM. */
  async knownBtf(): Promise<TargetBtf | null> {
    const { id } = await this.decide(null);
    if (id === 'local') return this.local().readBtf();
    const vm = this.vm();
    return (await vm.knowsBtf()) ? vm.readBtf() : null;
  }

  /** Boots the sandbox VM when it is not running; steps go to `progress` while it boots. Throws VmError. */
  async startSandbox(progress: (step: string) => void): Promise<void> {
    await this.whileTelling(progress, () => this.vm().boot());
  }

  /** Ends it and everything attached in it. */
  async stopSandbox(): Promise<void> {
    const vm = this.vmTarget;
    this.vmTarget = null;
    await vm?.dispose();
    await this.setRunning(false);
  }

  /** Boot steps of the VM are told to `progress` while `work` runs. */
  async whileTelling<T>(progress: (step: string) => void, work: () => Promise<T>): Promise<T> {
    this.listeners.add(progress);
    try {
      return await work();
    } finally {
      this.listeners.delete(progress);
      await this.noteSandbox();
    }
  }

  /** A changed path or memory size counts from the next target on; a VM that runs is left alone. */
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

  /** Tells the when clauses whether the sandbox VM runs; whoever may have booted it calls this. */
  private async noteSandbox(): Promise<void> {
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

/** BPF: Select Target. Saves the choice as the setting; resolves when it is saved or nothing was picked. */
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
          : "This machine's kernel where it can be traced and you may, else the sandbox VM.",
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
        "A distribution kernel in QEMU over this machine's read-only file system. Needs no rights and cannot harm.",
    },
  ];
  const picked = await pickOne(
    items.map(item => ({ ...item, description: item.wanted === current ? 'selected' : '' })),
    { title: 'Select Target', placeholder: 'Where are BPF programs attached?' },
  );
  if (picked) await saveTarget(picked.wanted);
}
