import path from 'node:path';
import * as vscode from 'vscode';
import { FLAG_SOURCES } from '../../project/model';
import type { GivenFlags, WantedSource } from '../../project/project-flags';
import type { WantedElevation } from '../../session/elevation/elevation';
import type { WantedTarget } from '../../session/targets/target';
import { SettingIds } from './command-ids';

function read<T>(id: string, fallback: T, scope?: vscode.Uri): T {
  return vscode.workspace.getConfiguration(undefined, scope).get<T>(id, fallback);
}

function oneOf<T extends string>(id: string, allowed: readonly T[], fallback: T, scope?: vscode.Uri): T {
  const value = read<string>(id, fallback, scope);
  return allowed.find(candidate => candidate === value) ?? fallback;
}

/** Reads a number within the bounds declared in package.json: settings.json may contain anything. */
function within(id: string, min: number, max: number, fallback: number): number {
  const value = read<unknown>(id, fallback);
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : fallback;
}

function texts(id: string, scope?: vscode.Uri): string[] {
  const value = read<unknown>(id, [], scope);
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
  /** What the user adds to the flags of a program's project. */
  givenFlags: (file: vscode.Uri): GivenFlags => ({
    includePaths: texts(SettingIds.includePaths, file),
    defines: texts(SettingIds.defines, file),
    compileFlags: texts(SettingIds.compileFlags, file),
    folder: vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? path.dirname(file.fsPath),
  }),
  flagsFrom: (file: vscode.Uri) =>
    oneOf<WantedSource>(SettingIds.flagsFrom, ['auto', 'none', ...FLAG_SOURCES], 'auto', file),
  codeLens: (file: vscode.Uri) => read(SettingIds.codeLens, true, file),
  compileOnSave: (file: vscode.Uri) => read(SettingIds.compileOnSave, true, file),
} as const;

/** Saves to the user settings: a workspace must not decide where programs run. */
export async function saveTarget(wanted: WantedTarget): Promise<void> {
  await vscode.workspace
    .getConfiguration()
    .update(SettingIds.target, wanted, vscode.ConfigurationTarget.Global);
}

/** Adds folders to the include paths of the workspace folder that holds `program`, relative to it where they are below it. */
export async function addIncludePaths(program: vscode.Uri, folders: readonly string[]): Promise<void> {
  const workspaceFolder = vscode.workspace.getWorkspaceFolder(program);
  const base = workspaceFolder?.uri.fsPath;
  if (base === undefined || folders.length === 0) return;
  const known = texts(SettingIds.includePaths, program);
  const added = folders.map(folder => {
    const relative = path.relative(base, folder);
    return relative.startsWith('..') ? folder : relative || '.';
  });
  await vscode.workspace
    .getConfiguration(undefined, program)
    .update(
      SettingIds.includePaths,
      [...new Set([...known, ...added])],
      vscode.ConfigurationTarget.WorkspaceFolder,
    );
}
