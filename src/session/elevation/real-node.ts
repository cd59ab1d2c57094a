/**
 * Finds a Node for the tracer. VS Code's desktop executable is Electron, where koffi cannot map C memory (koffi's
 * manual: "This runtime does not support external buffers") and ring buffers have to be copied.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from '../../system/child-process';
import { pathFolders } from '../../system/find-executable';
import { SessionError } from '../errors';

export interface NodeRuntime {
  readonly path: string;
  /** "20.20.2" */
  readonly version: string;
  /** True for an Electron executable, which must be started with ELECTRON_RUN_AS_NODE=1. */
  readonly electron: boolean;
}

/** Tries the setting, then this process's own Node, then PATH, then Electron as Node. Minimum version: 18 (koffi 3, Node-API 8). */
export async function findNode(setting: string | undefined, env: NodeJS.ProcessEnv): Promise<NodeRuntime> {
  if (setting) {
    const found = await probe(setting);
    if (found) return found;
    throw new SessionError('no-tracer-node', `${setting} is not a Node.js of version 18 or newer.`, {
      text: 'Correct the setting bpf.nodePath, or clear it so that PATH is searched.',
    });
  }
  if (!process.versions.electron) {
    return { path: await realpath(process.execPath), version: process.versions.node, electron: false };
  }
  for (const folder of pathFolders(env)) {
    const found = await probe(path.join(folder, 'node'));
    if (found) return found;
  }
  return { path: process.execPath, version: process.versions.node, electron: true };
}

async function probe(candidate: string): Promise<NodeRuntime | null> {
  try {
    // PATH or the setting may name a version manager's program or script that starts the real Node.
    const args = ['-p', "process.versions.node + '\\n' + process.execPath"];
    const { stdout } = await runChild('node', candidate, args, { deadlineMs: 5_000 });
    const [version = '', executable = ''] = stdout.toString().split('\n');
    return Number.parseInt(version, 10) >= 18
      ? { path: await realpath(executable), version, electron: false }
      : null;
  } catch {
    // Missing or not Node: try the next candidate.
    return null;
  }
}
