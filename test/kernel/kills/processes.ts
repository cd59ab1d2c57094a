/** Processes of this machine as /proc shows them, for tests that kill some and look what becomes of others. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface Process {
  readonly pid: number;
  /** Its arguments, separated by blanks; none: a zombie or a kernel thread. */
  readonly command: string;
}

/** null when there is no such process any more. */
function procFile(pid: number | string, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return null;
  }
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => ({
      pid: Number(name),
      command: (procFile(name, 'cmdline') ?? '').replaceAll('\0', ' '),
    }));
}

/** Those whose arguments contain the text. */
export function processesNaming(text: string): Process[] {
  return processes().filter(({ command }) => command.includes(text));
}

/** A process, its children and theirs. */
export function processTree(root: number): Process[] {
  const all = processes().map(each => ({ ...each, parent: parentOf(each.pid) }));
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** proc(5): behind the name, which may hold anything, stand the state and the parent. */
function parentOf(pid: number): number {
  const stat = procFile(pid, 'stat') ?? '';
  return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]);
}

export const isQemu = ({ command }: Process): boolean => /^\S*qemu-system-/.test(command);

/** kill -9; one that ended by itself just now is no error. */
export function killOutright(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process that was just forked does not name anything yet: none counts when none comes for so long. */
const SETTLED_MS = 250;

/** From now to the start of the first look that found none, and all after it; null: not within the deadline. */
export async function goneAfterMs(
  look: () => readonly Process[],
  deadlineMs: number,
): Promise<number | null> {
  const startedAt = performance.now();
  let goneMs: number | null = null;
  for (let lookedMs = 0; lookedMs < deadlineMs; lookedMs = performance.now() - startedAt) {
    if (look().length > 0) goneMs = null;
    else goneMs ??= lookedMs;
    if (goneMs !== null && lookedMs - goneMs >= SETTLED_MS) return goneMs;
    await delay(5);
  }
  return null;
}
