/** As test/kernel/kills and test/e2e/kills in their bounded tests, over 200 times, and the sandbox VM's QEMU and its clients among the victims. */
import { expect, it } from 'vitest';
import { deadlineMs } from '../../scripts/lib/pace.mjs';
import {
  expectVmGone,
  killWindowsAtRandom,
  WINDOW_VICTIMS,
  type WindowKill,
} from '../e2e/kills/window-kills';
import { sharedGuest } from '../kernel/bench/guest';
import { type Kill, VICTIMS } from '../kernel/kills/kills';
import { killAtRandom, longest } from '../kernel/kills/random-kills';
import { killVmsAtRandom, type VmKill } from '../kernel/kills/vm-kills';
import { report } from './report';

const SEED = Number(process.env.BPFW_SOAK_SEED ?? 0x9115);
const KILLS = Number(process.env.BPFW_SOAK_KILLS ?? 180);
const VM_KILLS = Number(process.env.BPFW_SOAK_VM_KILLS ?? 20);
const WINDOW_KILLS = Number(process.env.BPFW_SOAK_WINDOW_KILLS ?? 21);

function stepsOf(kills: readonly { readonly step: string }[]): Record<string, number> {
  const steps: Record<string, number> = {};
  for (const { step } of kills) steps[step] = (steps[step] ?? 0) + 1;
  return steps;
}

it(`leaves nothing loaded 1 s after ${KILLS} kills of a session's client, privileged process, or both`, async () => {
  const done: Kill[] = [];
  const tell = (more: Record<string, unknown>) =>
    report('kills in the guest', {
      seed: SEED,
      kills: done.length,
      withProgramsLoaded: done.filter(kill => kill.loaded > 0).length,
      unloadedAfterMs: longest(done.map(kill => kill.unloadedMs)),
      processesEndedAfterMs: longest(done.map(kill => kill.endedMs)),
      victims: Object.fromEntries(
        VICTIMS.map(victim => [victim, done.filter(kill => kill.victim === victim).length]),
      ),
      steps: stepsOf(done),
      ...more,
    });
  const { end } = await killAtRandom(SEED, KILLS, kill => {
    done.push(kill);
    if (done.length % 10 === 0) tell({});
  });
  tell({ ...end });
  for (const kill of done)
    expect(kill.unloadedMs ?? Number.POSITIVE_INFINITY, JSON.stringify(kill)).toBeLessThan(deadlineMs(1000));
  expect(longest(done.map(kill => kill.endedMs))).not.toBeNull();
  expect(end.foldersLeft).toEqual([]);
});

it(`leaves no QEMU and no folder after ${VM_KILLS} kills of the sandbox VM or of its client`, async () => {
  // Their VMs run beside it, in its place on this machine.
  await sharedGuest();
  const done: VmKill[] = [];
  const outcome = await killVmsAtRandom(SEED, VM_KILLS, kill => void done.push(kill));
  report('kills of the sandbox VM', {
    seed: SEED,
    kills: done.length,
    durationMs: outcome.durationMs,
    qemuEndedAfterMs: longest(done.map(kill => kill.endedMs)),
    clientEndedAfterMs: longest(done.filter(kill => kill.victim === 'qemu').map(kill => kill.clientMs)),
    steps: stepsOf(done),
    left: outcome.left,
  });
  for (const kill of done)
    expect(kill.endedMs ?? Number.POSITIVE_INFINITY, JSON.stringify(kill)).toBeLessThan(deadlineMs(1000));
  expect(longest(done.filter(kill => kill.victim === 'qemu').map(kill => kill.clientMs))).not.toBeNull();
  expect(outcome.left).toEqual([]);
});

it(`leaves no VM 1 s after ${WINDOW_KILLS} kills of a VS Code window's extension host, server or browser`, async () => {
  // Their VMs run beside it, in its place on this machine.
  await sharedGuest();
  const done: WindowKill[] = [];
  const tell = (more: Record<string, unknown>) =>
    report('kills of VS Code windows', {
      seed: SEED,
      kills: done.length,
      withVm: done.filter(kill => kill.hadVm).length,
      attached: done.filter(kill => kill.wasAttached).length,
      qemuEndedAfterMs: Object.fromEntries(
        WINDOW_VICTIMS.map(victim => [
          victim,
          longest(done.filter(kill => kill.victim === victim).map(kill => kill.endedMs)),
        ]),
      ),
      steps: stepsOf(done),
      ...more,
    });
  const attachMs = await killWindowsAtRandom(SEED, WINDOW_KILLS, kill => {
    done.push(kill);
    tell({});
  });
  tell({ attachMs });
  for (const kill of done) expectVmGone(kill);
});
