/**
 * Runs in the guest as root: starts clients one after the other and kills one of them, its privileged process or both
 * with SIGKILL at a random moment: half of them are drawn evenly from a whole session, most of which is its start, half
 * from what follows its loading. Prints one line of JSON for each kill, and one at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { random } from '../../unit/random';
import { type Kill, type KillLoopEnd, type KillLoopTask, type Since, VICTIMS, type Victim } from './kills';
import { FOLDER_PREFIX, killAndLook, loadedObjects, sessionProcesses } from './leftovers';
import { killOutright, type Process } from './processes';

const SESSION_MS = deadlineMs(180_000);

const isTracer = ({ command }: Process): boolean => /^\S*node\d* .*tracer\.js --socket/.test(command);

/** The step before which nothing is in the kernel. */
const LOADING = 'Loading';

class Client {
  readonly exited: Promise<unknown>;
  step = 'starting';
  private loadingAt = Number.NaN;
  private onLoading: () => void = () => undefined;
  /** Resolves as the session begins to load. */
  readonly loading = new Promise<void>(resolve => {
    this.onLoading = resolve;
  });
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
      const steps = text.trimEnd().split('\n');
      this.step = steps.at(-1) ?? this.step;
      if (!steps.includes(LOADING)) return;
      this.loadingAt = performance.now();
      this.onLoading();
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
  /** How long a whole session takes, and what follows its loading. */
  async finish(): Promise<Readonly<Record<Since, number>>> {
    const startedAt = performance.now();
    await Promise.race([this.exited, delay(SESSION_MS, undefined, { ref: false })]);
    if (this.child.exitCode !== 0)
      throw new Error(`a session failed while it was '${this.step}': ${this.errors}`);
    const now = performance.now();
    return { start: now - startedAt, loading: now - this.loadingAt };
  }
}

async function killOne(
  task: KillLoopTask,
  victim: Victim,
  since: Since,
  afterMs: number,
): Promise<Kill | null> {
  const before = loadedObjects();
  const client = new Client(task);
  if (since === 'loading') await Promise.race([client.loading, client.exited]);
  await Promise.race([delay(afterMs), client.exited]);
  if (!client.running) return null;
  const processes = sessionProcesses();
  // Before it runs, what is about to start it stands for it.
  const tracer = processes.find(isTracer) ?? processes.at(-1);
  const { step } = client;
  const victims = [
    ...(victim !== 'tracer' || !tracer ? [client.pid] : []),
    ...(victim !== 'client' && tracer ? [tracer.pid] : []),
  ];
  const leftovers = await killAndLook(victims, before, () => (client.running ? ['client'] : []));
  if (client.running) killOutright(client.pid);
  for (const each of sessionProcesses()) killOutright(each.pid);
  await client.exited;
  return { victim, since, afterMs, step, ...leftovers };
}

const folders = (): string[] => readdirSync('/tmp').filter(name => name.startsWith(FOLDER_PREFIX));

async function main(task: KillLoopTask): Promise<void> {
  const below = random(task.seed);
  // The first reads everything from disk.
  await new Client(task).finish();
  const durations = await new Client(task).finish();
  for (let done = 0; done < task.kills; ) {
    const victim = VICTIMS[done % VICTIMS.length] ?? 'client';
    const since: Since = done % 2 === 0 ? 'start' : 'loading';
    const outcome = await killOne(task, victim, since, below(Math.ceil(durations[since])));
    if (!outcome) continue;
    console.log(JSON.stringify(outcome));
    done++;
  }
  await new Client(task).finish();
  console.log(JSON.stringify({ durationMs: durations.start, foldersLeft: folders() } satisfies KillLoopEnd));
}

main(JSON.parse(process.argv[2] ?? '')).catch(error => {
  console.error(error);
  process.exit(1);
});
