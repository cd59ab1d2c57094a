/** A VS Code of a test's own on this machine: server, browser and workbench, gone when the test is over. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { launchChromium } from '../../../scripts/lib/chromium.mjs';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { root, workFolder } from '../../../scripts/lib/paths.mjs';
import { fillSampleWorkspace } from '../../../scripts/lib/sample-workspace.mjs';
import {
  addExtension,
  ensureVscodeServer,
  quietSettings,
  startVscodeServer,
  writeSettings,
} from '../../../scripts/lib/vscode-server.mjs';
import { Workbench } from './workbench';

export interface LocalVscodeOptions {
  /** False: the window opens in Restricted Mode. */
  readonly trusted?: boolean;
  /** Absolute path of what is installed: the checkout (default) or a .vsix. */
  readonly extension?: string;
  /** Scope `machine` settings of the extension, e.g. bpf.target. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** As startVscodeServer takes it. */
  readonly reconnectionGraceS?: number;
  /** Of each single wait, on a quiet machine. */
  readonly timeoutMs?: number;
  /** Adds to the workspace before the window opens. */
  readonly prepare?: (workspace: string) => Promise<void>;
  /** Settings of the user on top of the quiet ones. */
  readonly userSettings?: Readonly<Record<string, unknown>>;
  /** Of the window; 1400 x 900 without. */
  readonly size?: { readonly width: number; readonly height: number };
}

export interface LocalVscode {
  readonly workbench: Workbench;
  /** The folder that is open: the sample workspace, a fresh copy. */
  readonly workspace: string;
  /** What VS Code's server printed. */
  readonly logPath: string;
  readonly serverPid: number;
  /** Where VS Code keeps settings and logs of this window. */
  readonly dataFolder: string;
  close(): Promise<void>;
}

/** Opens VS Code with the extension on a fresh sample workspace. */
export async function openLocalVscode(options: LocalVscodeOptions = {}): Promise<LocalVscode> {
  const vscode = await ensureVscodeServer();
  await mkdir(workFolder, { recursive: true });
  const scratch = await mkdtemp(path.join(workFolder, 'vscode-'));
  const dataFolder = path.join(scratch, 'data');
  const workspace = path.join(scratch, 'sample');
  const undo: (() => Promise<void>)[] = [() => rm(scratch, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    await fillSampleWorkspace(workspace);
    await options.prepare?.(workspace);
    await writeSettings(dataFolder, {
      user: { ...quietSettings, ...options.userSettings },
      machine: options.machineSettings ?? {},
    });
    await addExtension(vscode, dataFolder, options.extension ?? root);
    const server = await startVscodeServer(vscode, {
      dataFolder,
      trusted: options.trusted ?? true,
      env: options.env ?? {},
      ...(options.reconnectionGraceS === undefined ? {} : { reconnectionGraceS: options.reconnectionGraceS }),
      readyTimeoutMs: deadlineMs(60_000),
    });
    undo.push(() => server.close());
    const browser = await launchChromium();
    undo.push(() => browser.close());
    const workbench = await Workbench.open(browser, server.address(workspace), {
      timeoutMs: deadlineMs(options.timeoutMs ?? 30_000),
      ...options.size,
    });
    return { workbench, workspace, logPath: server.logPath, serverPid: server.pid, dataFolder, close };
  } catch (error) {
    await close();
    throw error;
  }
}
