/**
 * Real VS Code windows one after the other: ▶ attaches a program in the window's sandbox VM, and at a moment drawn evenly
 * from ▶ on, until some time after it is attached, a part of VS Code is killed with SIGKILL. What was loaded is in the VM
 * and goes with it: looked for is QEMU. Whoever calls this holds the machine's place for a guest.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import {
  goneAfterMs,
  killOutright,
  type Process,
  processesNaming,
  processTree,
} from '../../kernel/kills/processes';
import { random } from '../../unit/random';
import { type LocalVscode, openLocalVscode } from '../driver/local-vscode';
import type { Workbench } from '../driver/workbench';

/** By turns. 'server': every process of VS Code's on the server's side. 'browser': Chromium, so that VS Code hears nothing. */
export const WINDOW_VICTIMS = ['extension host', 'server', 'browser'] as const;
export type WindowVictim = (typeof WINDOW_VICTIMS)[number];

export interface WindowKill {
  readonly victim: WindowVictim;
  /** From ▶ on. */
  readonly afterMs: number;
  /** The extension's last line of log. */
  readonly step: string;
  readonly hadVm: boolean;
  readonly wasAttached: boolean;
  /** From the kill to the extension host's end: at once, or when VS Code has waited for the browser. null: not within the deadline. */
  readonly hostMs: number | null;
  /** From then to the first look that found no QEMU of the window's. null: not within the deadline. */
  readonly endedMs: number | null;
}

/** A second after its extension host nothing of a window is left. */
export function expectVmGone(kill: WindowKill): void {
  const what = JSON.stringify(kill);
  expect(kill.hostMs, what).not.toBeNull();
  expect(kill.endedMs ?? Number.POSITIVE_INFINITY, what).toBeLessThan(deadlineMs(1000));
}

/**
 * How long the extension hosts of these windows wait for a browser that is gone. VS Code's own is three hours, in which
 * a user may come back to the session as it is.
 */
const GRACE_MS = 2000;
const DEADLINE_MS = deadlineMs(20_000);
/** The emulated guest boots, and the kernel's types are read for the first time. */
const ATTACH_MS = deadlineMs(120_000);
const EXTENSION_HOST = '--type=extensionHost';
/** Of the moments to the time from ▶ to attached: some lie behind it. */
const BEYOND = 1.5;

const FILE = 'counts.bpf.c';
/** Short: VS Code draws a lens when its line is on screen. */
const PROGRAM = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

SEC("raw_tp/sys_enter")
int count(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&calls, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

/** So many kills. `onKill` hears of each; resolves with the time from ▶ to attached of a window that was not killed. */
export async function killWindowsAtRandom(
  seed: number,
  count: number,
  onKill: (kill: WindowKill) => void,
): Promise<number> {
  const below = random(seed);
  const attachMs = await withWindow(async ({ workbench }) => {
    const pressedAt = performance.now();
    await workbench.clickTitleButton('Compile and Attach');
    await Promise.race([attachedLens(workbench).waitFor({ timeout: ATTACH_MS }), workbench.failed()]);
    return performance.now() - pressedAt;
  });
  for (let done = 0; done < count; done++) {
    const victim = WINDOW_VICTIMS[done % WINDOW_VICTIMS.length] ?? 'server';
    const afterMs = below(Math.ceil(attachMs * BEYOND));
    onKill(await withWindow((vscode, folder) => killAfter(vscode, folder, victim, afterMs)));
  }
  return attachMs;
}

/** Opens a window on a program, in which ▶ can be pressed; its VM's files are in the folder, and QEMU names it. */
async function withWindow<T>(use: (vscode: LocalVscode, folder: string) => Promise<T>): Promise<T> {
  // Short: sockets lie in it.
  const folder = mkdtempSync('/tmp/bpfw-w-');
  const vscode = await openLocalVscode({
    env: { BPFW_TARGET: 'vm', TMPDIR: folder },
    reconnectionGraceS: GRACE_MS / 1000,
    prepare: workspace => writeFile(path.join(workspace, FILE), PROGRAM),
  });
  try {
    await vscode.workbench.openFile(FILE);
    await vscode.workbench.extensionAnswers();
    return await use(vscode, folder);
  } finally {
    await vscode.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Over the section of a program that is attached. */
const attachedLens = (workbench: Workbench): Locator =>
  workbench.page.locator('.codelens-decoration .codicon-record').first();

async function killAfter(
  vscode: LocalVscode,
  folder: string,
  victim: WindowVictim,
  afterMs: number,
): Promise<WindowKill> {
  const { workbench, serverPid, dataFolder } = vscode;
  const ofVscode = processTree(serverPid).filter(({ command }) =>
    /server-main\.js|bootstrap-fork/.test(command),
  );
  const hosts = ofVscode.filter(({ command }) => command.includes(EXTENSION_HOST));
  if (hosts.length !== 1) throw new Error(`this VS Code has ${hosts.length} extension hosts`);
  const victims = { 'extension host': hosts, server: ofVscode, browser: await browserProcess(workbench) }[
    victim
  ];
  const vm = () => processesNaming(path.join(folder, 'bpfw-'));
  await workbench.clickTitleButton('Compile and Attach');
  await delay(afterMs);
  const wasAttached = await attachedLens(workbench).isVisible();
  const step = lastLogLine(dataFolder);
  const hadVm = vm().length > 0;
  for (const { pid } of victims) killOutright(pid);
  const hostPids = hosts.map(({ pid }) => pid);
  const host = () => processesNaming(EXTENSION_HOST).filter(({ pid }) => hostPids.includes(pid));
  const [hostMs, vmMs] = await Promise.all([host, vm].map(look => goneAfterMs(look, DEADLINE_MS)));
  const isGone = typeof hostMs === 'number' && typeof vmMs === 'number';
  const endedMs = isGone ? Math.max(0, vmMs - hostMs) : null;
  return { victim, afterMs, step, hadVm, wasAttached, hostMs: hostMs ?? null, endedMs };
}

async function browserProcess(workbench: Workbench): Promise<Process[]> {
  const session = await workbench.page.context().browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  return processInfo
    .filter(({ type }) => type === 'browser')
    .map(({ id }) => ({ pid: id, command: 'chromium' }));
}

/** Without its time and level. */
function lastLogLine(dataFolder: string): string {
  const logs = path.join(dataFolder, 'user-data/logs');
  const log = readdirSync(logs, { recursive: true, encoding: 'utf8' }).find(file =>
    file.endsWith('BPF Workbench.log'),
  );
  if (!log) return 'nothing';
  const last = readFileSync(path.join(logs, log), 'utf8').trimEnd().split('\n').at(-1) ?? '';
  return last.replace(/^\S+ \S+ \[\w+\] /, '');
}
