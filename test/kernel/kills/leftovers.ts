/** Runs in the guest as root: kills, then looks at once, again and again, until nothing of a session is left. */
import { setTimeout as delay } from 'node:timers/promises';
import koffi from 'koffi';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { Leftovers } from './kills';
import { killOutright, type Process, processesNaming } from './processes';

const DEADLINE_MS = deadlineMs(10_000);
export const FOLDER_PREFIX = 'bpfw-session-';
const lib = koffi.load('libbpf.so.1');
const nextId = (['prog', 'map', 'link'] as const).map(kind => ({
  kind,
  next: lib.func(`int bpf_${kind}_get_next_id(uint32_t start, _Out_ uint32_t *next)`),
}));

/** Ids of all programs, maps and links the kernel has, e.g. "prog 7". */
export function loadedObjects(): Set<string> {
  const found = new Set<string>();
  for (const { kind, next } of nextId) {
    const id = [0];
    while (next(id[0], id) === 0) found.add(`${kind} ${id[0]}`);
  }
  return found;
}

/** Processes that a session started: all of them name its folder (tracer, sudo, setpriv, askpass). */
export const sessionProcesses = (): Process[] => processesNaming(`/${FOLDER_PREFIX}`);

/** `before`: what was loaded before the session. `running`: which of its clients still run, by their names. */
export async function killAndLook(
  pids: readonly number[],
  before: ReadonlySet<string>,
  running: () => readonly string[],
): Promise<Leftovers> {
  const ofSession = () => [...loadedObjects()].filter(id => !before.has(id));
  const loaded = ofSession().length;
  pids.forEach(killOutright);
  const killedAt = performance.now();
  let unloadedMs: number | null = null;
  let endedMs: number | null = null;
  let left: string[] = [];
  for (let lookedMs = 0; lookedMs < DEADLINE_MS; lookedMs = performance.now() - killedAt) {
    const objects = ofSession();
    if (objects.length > 0) unloadedMs = null;
    else unloadedMs ??= lookedMs;
    const ending = [...sessionProcesses().map(({ command }) => command), ...running()];
    if (ending.length > 0) endedMs = null;
    else endedMs ??= lookedMs;
    left = [...objects, ...ending];
    if (left.length === 0) break;
    await delay(5);
  }
  return { loaded, unloadedMs, endedMs, left };
}
