/**
 * The child's side of run.ts: round after round a random input to one of the rooms' doors. Which round runs stands in a
 * file, so that one that never ends can be named. A round depends on the seed and its number only.
 */
import { openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { random } from '../random';
import type { Below } from './mutate';
import { ROUND_FILE, type RoundsFailure, type RoundsResult, type RoundsTask } from './rounds';

export interface Door {
  readonly name: string;
  /** Throws one of `errors`, or nothing. */
  readonly read: (below: Below) => void | Promise<void>;
  readonly errors: readonly (new (...args: never[]) => Error)[];
}

/** How often memory is measured. */
const MEASUREMENTS = 20;

export const roundSeed = (seed: number, round: number): number =>
  (seed ^ Math.imul(round + 1, 0x9e3779b1)) | 0;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function memoryMb(): Promise<number> {
  // What a round left to the event loop is done first.
  await new Promise(resolve => setImmediate(resolve));
  collectGarbage();
  await new Promise(resolve => setImmediate(resolve));
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

export async function serveRounds(open: (task: RoundsTask) => readonly Door[]): Promise<void> {
  const task: RoundsTask = JSON.parse(process.argv[2] ?? '');
  const { seed, first, rounds, folder } = task;
  const doors = open(task);
  const counts = Object.fromEntries(doors.map(({ name }) => [name, { rounds: 0, refused: 0 }]));
  const slowest = { round: 0, door: '', ms: 0 };
  const roundFile = openSync(path.join(folder, ROUND_FILE), 'w');
  const number = new Uint32Array(1);
  let round = first;
  let door = doors[0];
  const fail = (error: unknown): never => {
    const text = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error);
    const failure: RoundsFailure = { failed: { round, door: door?.name ?? '', error: text } };
    process.send?.(failure, () => process.exit(1));
    throw error;
  };
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  const startedAt = performance.now();
  const every = Math.max(1, Math.floor(rounds / MEASUREMENTS));
  let warmMb = 0;
  let peakMb = 0;
  for (; round < first + rounds; round++) {
    number[0] = round;
    writeSync(roundFile, number, 0, 4, 0);
    const below = random(roundSeed(seed, round));
    door = doors[round % doors.length];
    if (!door) throw new Error('there is no door');
    const count = counts[door.name];
    const before = process.cpuUsage();
    try {
      await door.read(below);
    } catch (error) {
      if (!door.errors.some(known => error instanceof known)) return fail(error);
      if (count) count.refused++;
    }
    if (count) count.rounds++;
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > slowest.ms) Object.assign(slowest, { round, door: door.name, ms });
    if ((round - first) % every !== every - 1) continue;
    const mb = await memoryMb();
    if (round - first < 2 * every) warmMb = mb;
    else peakMb = Math.max(peakMb, mb);
  }
  const result: RoundsResult = {
    doors: counts,
    slowest,
    warmMb,
    peakMb,
    durationMs: performance.now() - startedAt,
  };
  process.send?.(result, () => process.exit(0));
}
