/** An attacker beside many starts of the privileged process: what it tries is in workloads/w_attack.c. */
import { createInterface } from 'node:readline';
import type { TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { workloadPath } from '../bench/workloads';
import { type DriveOptions, inGuest, type Person, startDriver, TRACER } from './people';

/** How often each way in succeeded; `victims` and `signals` say that there was something to attack. */
export interface AttackResult {
  readonly victims: number;
  readonly signals: number;
  readonly socketsReplaced: number;
  readonly debugger: number;
  readonly listener: number;
  readonly ptraced: number;
  readonly memory: number;
  readonly procFiles: number;
  readonly descriptors: number;
  readonly greetings: number;
}

/** What must be 0 whatever was tried. */
export const NOTHING_WON = {
  debugger: 0,
  listener: 0,
  ptraced: 0,
  memory: 0,
  procFiles: 0,
  descriptors: 0,
  greetings: 0,
} as const;

export interface AttackedStarts {
  readonly attacker: Person;
  readonly count: number;
  readonly seed: number;
  /** An attack begins so long after a process got its capabilities, at most. */
  readonly maxDelayMs: number;
  /** The attacker puts sockets of its own where the privileged process dials. */
  readonly replaceSockets?: boolean;
  readonly timeoutMs: number;
}

/** TRACER starts the privileged process `count` times while the attacker works against it. */
export async function startUnderAttack(
  guest: TestGuest,
  { attacker, count, seed, maxDelayMs, replaceSockets = false, timeoutMs }: AttackedStarts,
  options: DriveOptions = {},
): Promise<{ starts: { greeted: number; failures: Record<string, number> }; attack: AttackResult }> {
  const attack = await startAttacker(guest, attacker, {
    maxDelayMs,
    seed,
    ...(replaceSockets ? { env: { REPLACE_SOCKETS: '1' } } : {}),
  });
  const { process, answers } = await startDriver(guest, 'starts', { ...options, count });
  const timer = setTimeout(() => void process.kill('SIGKILL', { group: true }), timeoutMs);
  try {
    const answer = (await answers.next()).value;
    if (!answer || !('greeted' in answer)) throw new Error(`the driver answered ${JSON.stringify(answer)}`);
    return { starts: answer, attack: await attack.end() };
  } finally {
    clearTimeout(timer);
    await attack.end();
  }
}

/** Every attack there is, three times, on what runs now. */
export async function attackOnce(guest: TestGuest, attacker: Person): Promise<AttackResult> {
  const attack = await startAttacker(guest, attacker, { maxDelayMs: 1, seed: 1, env: { VOLLEYS: '3' } });
  return attack.ended;
}

/** Runs until `end`, or until it has made VOLLEYS attacks. */
async function startAttacker(
  guest: TestGuest,
  attacker: Person,
  how: {
    readonly maxDelayMs: number;
    readonly seed: number;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<{ end(): Promise<AttackResult>; readonly ended: Promise<AttackResult> }> {
  const attacking = await guest.spawn(
    [inGuest(workloadPath('w_attack', root)), ...[TRACER.uid, how.maxDelayMs, how.seed].map(String)],
    {
      uid: attacker.uid,
      gid: attacker.uid,
      cwd: `/home/${attacker.name}`,
      ...(how.env ? { env: how.env } : {}),
    },
  );
  attacking.stderr.resume();
  const lines = createInterface({ input: attacking.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const ended = lines.next().then(({ value }) => JSON.parse(value) as AttackResult);
  return {
    ended,
    end: () => {
      attacking.stdin.end();
      return ended;
    },
  };
}
