/**
 * Runs in the guest as root: starts clients one after the other and kills one of them, its privileged process or both
 * with SIGKILL at a moment drawn evenly from a whole session's duration, then looks at once, again and again, until
 * nothing of it is left. Prints one line of JSON for each kill, and one at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import koffi from 'koffi';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { random } from '../../unit/random';
import { type Kill, type KillLoopEnd, type KillLoopTask, VICTIMS, type Victim } from './kills';

const DEADLINE_MS = deadlineMs(10_000);
const SESSION_MS = deadlineMs(180_000);
const FOLDER_PREFIX = 'bpfw-session-';
const lib = koffi.load('libbpf.so.1');
const nextId = (['prog', 'map', 'link'] as const).map(kind => ({
  kind,
  next: lib.func(`int bpf_${kind}_get_next_id(uint32_t start, _Out_ uint32_t *next)`),
}));

/** Ids of all programs, maps and links the kernel has, e.g. "prog 7". */
function loadedObjects(): Set<string> {
  const found = new Set<string>();
  for (const { kind, next } of nextId) {
    const id = [0];
    while (next(id[0], id) === 0) found.add(`${kind} ${id[0]}`);
  }
  return found;
}

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** Processes that a session started: all of them name its folder (tracer, sudo, setpriv, askpass). */
function sessionProcesses(): Process[] {
  return readdirSync('/proc').flatMap(entry => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return command.includes(`/${FOLDER_PREFIX}`) ? [{ pid: Number(entry), command }] : [];
    } catch {
      return [];
    }
  });
}

const isTracer = ({ command }: Process): boolean => /^\S*node\d* .*tracer\.js --socket/.test(command);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
}

class Client {
  readonly exited: Promise<unknown>;
  step = 'starting';
  private errors = '';
  private readonly child: ChildProcess;

  constructor({ clientPath, client, user }: KillLoopTask) {
    const { uid } = user;
    this.child = spawn(process.execPath, [clientPath, JSON.stringify(client)], {
      uid,
      gid: uid,
      cwd: '/',
      env: { PATH: process.env.PATH, HOME: `/home/${user.name}`, USER: user.name, LOGNAME: user.name },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'exit');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.step = text.trimEnd().split('\n').at(-1) ?? this.step;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
  }
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
  get pid(): number {
    return this.child.pid ?? 0;
  }
  /** How long a whole session takes. */
  async finish(): Promise<number> {
    const startedAt = performance.now();
    await Promise.race([this.exited, delay(SESSION_MS, undefined, { ref: false })]);
    if (this.child.exitCode !== 0)
      throw new Error(`a session failed while it was '${this.step}': ${this.errors}`);
    return performance.now() - startedAt;
  }
}

async function killOne(task: KillLoopTask, victim: Victim, afterMs: number): Promise<Kill | null> {
  const before = loadedObjects();
  const client = new Client(task);
  await Promise.race([delay(afterMs), client.exited]);
  if (!client.running) return null;
  const processes = sessionProcesses();
  // Before it runs, what is about to start it stands for it.
  const tracer = processes.find(isTracer) ?? processes.at(-1);
  const loaded = [...loadedObjects()].filter(id => !before.has(id)).length;
  const { step } = client;
  if (victim !== 'tracer' || !tracer) kill(client.pid);
  if (victim !== 'client' && tracer) kill(tracer.pid);
  const killedAt = performance.now();
  let unloadedMs: number | null = null;
  let endedMs: number | null = null;
  let left: string[] = [];
  for (let lookedMs = 0; lookedMs < DEADLINE_MS; lookedMs = performance.now() - killedAt) {
    const objects = [...loadedObjects()].filter(id => !before.has(id));
    if (objects.length > 0) unloadedMs = null;
    else unloadedMs ??= lookedMs;
    const running = sessionProcesses();
    if (running.length > 0 || client.running) endedMs = null;
    else endedMs ??= lookedMs;
    left = [...objects, ...running.map(each => each.command), ...(client.running ? ['client'] : [])];
    if (left.length === 0) break;
    await delay(5);
  }
  if (client.running) kill(client.pid);
  for (const each of sessionProcesses()) kill(each.pid);
  await client.exited;
  return { victim, afterMs, step, loaded, unloadedMs, endedMs, left };
}

const folders = (): string[] => readdirSync('/tmp').filter(name => name.startsWith(FOLDER_PREFIX));

async function main(task: KillLoopTask): Promise<void> {
  const below = random(task.seed);
  // The first reads everything from disk.
  await new Client(task).finish();
  const durationMs = Math.ceil(await new Client(task).finish());
  for (let done = 0; done < task.kills; ) {
    const outcome = await killOne(task, VICTIMS[done % VICTIMS.length] ?? 'client', below(durationMs));
    if (!outcome) continue;
    console.log(JSON.stringify(outcome));
    done++;
  }
  await new Client(task).finish();
  console.log(JSON.stringify({ durationMs, foldersLeft: folders() } satisfies KillLoopEnd));
}

main(JSON.parse(process.argv[2] ?? '')).catch(error => {
  console.error(error);
  process.exit(1);
});
