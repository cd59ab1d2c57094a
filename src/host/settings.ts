import * as vscode from 'vscode';
import type { WantedElevation } from '../session/elevation/elevation';
import type { WantedTarget } from '../session/targets/target';
import { SettingIds } from './command-ids';

function read<T>(id: string, fallback: T, scope?: vscode.Uri): T {
  return vscode.workspace.getConfiguration(undefined, scope).get<T>(id, fallback);
}

function oneOf<T extends string>(id: string, allowed: readonly T[], fallback: T): T {
  const value = read<string>(id, fallback);
  return allowed.find(candidate => candidate === value) ?? fallback;
}

/** Reads a number within the bounds declared in package.json: settings.json may contain anything. */
function within(id: string, min: number, max: number, fallback: number): number {
  const value = read<unknown>(id, fallback);
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : fallback;
}

function texts(id: string): string[] {
  const value = read<unknown>(id, []);
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}

/** The extension's settings, read on each access, so that a change applies from the next use. */
export const settings = {
  /** Undefined: found on PATH. The other paths too. */
  clangPath: () => read(SettingIds.clangPath, '') || undefined,
  nodePath: () => read(SettingIds.nodePath, '') || undefined,
  qemuPath: () => read(SettingIds.qemuPath, '') || undefined,
  target: () => oneOf<WantedTarget>(SettingIds.target, ['auto', 'local', 'vm'], 'auto'),
  elevation: () => oneOf<WantedElevation>(SettingIds.elevation, ['auto', 'sudo', 'pkexec'], 'auto'),
  /** Undefined: the sandbox VM's default. */
  vmMemoryMb: () => within(SettingIds.vmMemoryMb, 0, 65_536, 0) || undefined,
  /** In addition to the default folders with secrets. */
  vmHiddenFolders: () => texts(SettingIds.vmHiddenFolders),
  /** Limit of bytes kept per event stream. */
  eventBytesLimit: () => within(SettingIds.eventsMaxMegabytes, 1, 1024, 64) * (1 << 20),
  /** Percent of one CPU; 0: nothing is detached. */
  guardCpuPercent: () => within(SettingIds.guardCpuPercent, 0, 10_000, 0),
  codeLens: (file: vscode.Uri) => read(SettingIds.codeLens, true, file),
  compileOnSave: (file: vscode.Uri) => read(SettingIds.compileOnSave, true, file),
} as const;

/** Saves to the user settings: a workspace must not decide where programs run. */
export async function saveTarget(wanted: WantedTarget): Promise<void> {
  await vscode.workspace
    .getConfiguration()
    .update(SettingIds.target, wanted, vscode.ConfigurationTarget.Global);
}
