/**
 * On this machine: clients of the sandbox VM one after the other, each killed, or its QEMU, with SIGKILL at a moment drawn
 * evenly from a whole session's duration: boot, load, attach, stream, close, end of the VM. What was loaded is in the
 * guest and goes with it: looked for are processes, sockets and folders.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { random } from '../../unit/random';
import { guestAgentPath, tracerPath } from '../bench/paths';
import { goneAfterMs, isQemu, killOutright, processesNaming } from './processes';
import { bundle, compileBusyProgram } from './random-kills';
import type { VmClientTask } from './vm-client';

export interface VmKill {
  readonly victim: 'client' | 'qemu';
  readonly afterMs: number;
  /** The client's last words. */
  readonly step: string;
  /** From the kill to the first look that found no QEMU of it. null: not within the deadline. */
  readonly endedMs: number | null;
  /** A killed QEMU: how long its client took to end by itself. */
  readonly clientMs: number | null;
}

export interface VmKills {
  readonly durationMs: number;
  readonly kills: readonly VmKill[];
  /** In the temporary folder after one more session. */
  readonly left: readonly string[];
}

const DEADLINE_MS = deadlineMs(10_000);
const SESSION_MS = deadlineMs(120_000);

export async function killVmsAtRandom(
  seed: number,
  count: number,
  onKill: (kill: VmKill) => void = () => undefined,
): Promise<VmKills> {
  const [objectPath, script] = [await compileBusyProgram(), await bundle('vm-client')];
  const task: VmClientTask = { tracerPath, guestAgentPath, objectPath };
  // Short: sockets lie in it.
  const folder = mkdtempSync('/tmp/bpfw-k-');
  const start = (): { child: ChildProcess; step: () => string; exited: Promise<unknown> } => {
    const child = spawn(process.execPath, [script, JSON.stringify(task)], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let step = 'starting';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      step = text.trimEnd().split('\n').at(-1) ?? step;
    });
    return { child, step: () => step, exited: once(child, 'exit') };
  };
  const wholeSession = async (): Promise<number> => {
    const startedAt = performance.now();
    const { child, step, exited } = start();
    await Promise.race([exited, delay(SESSION_MS, undefined, { ref: false })]);
    if (child.exitCode !== 0) {
      child.kill('SIGKILL');
      throw new Error(`a session in the sandbox VM failed while it was '${step()}'`);
    }
    return performance.now() - startedAt;
  };
  const below = random(seed);
  const kills: VmKill[] = [];
  try {
    const durationMs = Math.ceil(await wholeSession());
    while (kills.length < count) {
      const victim = kills.length % 2 === 0 ? 'client' : 'qemu';
      const afterMs = below(durationMs);
      const { child, step, exited } = start();
      await Promise.race([delay(afterMs), exited]);
      const qemus = processesNaming(folder).filter(isQemu);
      if (child.exitCode !== null || (victim === 'qemu' && qemus.length === 0)) {
        child.kill('SIGKILL');
        await exited;
        continue;
      }
      const at = step();
      const killedAt = performance.now();
      if (victim === 'client') child.kill('SIGKILL');
      else for (const { pid } of qemus) killOutright(pid);
      // What names the folder is QEMU and what runs it; the client does not.
      const endedMs = await goneAfterMs(() => processesNaming(folder), DEADLINE_MS);
      await Promise.race([exited, delay(DEADLINE_MS, undefined, { ref: false })]);
      const clientMs = child.exitCode !== null ? performance.now() - killedAt : null;
      child.kill('SIGKILL');
      await exited;
      kills.push({ victim, afterMs, step: at, endedMs, clientMs: victim === 'qemu' ? clientMs : null });
      onKill(kills[kills.length - 1] as VmKill);
    }
    await wholeSession();
    return { durationMs, kills, left: readdirSync(folder).map(name => path.join(folder, name)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
