/** Builds what kill-loop.ts needs, runs it in the shared guest, and sums up what came of the kills. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { sharedGuest } from '../bench/guest';
import { root, workFolder } from '../bench/paths';
import { compileProgram } from '../bench/trace';
import { inGuest, makePeople, TRACER } from '../elevation/people';
import type { Kill, KillLoopEnd, KillLoopTask } from './kills';

const folder = path.join(workFolder, 'kills');

/** The program all of these sessions load; gives its path. */
export async function compileBusyProgram(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'busy.bpf.o');
  writeFileSync(file, (await compileProgram(path.join(__dirname, 'busy.bpf.c'))).bytes);
  return file;
}

/** A script of this folder as one file; gives its path. */
export async function bundle(name: string): Promise<string> {
  const outfile = path.join(folder, `${name}.js`);
  await build({
    entryPoints: [path.join(__dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: ['koffi'],
  });
  return outfile;
}

/** So many kills, one after the other, in the shared guest. `onKill` hears of each. */
export async function killAtRandom(
  seed: number,
  kills: number,
  onKill: (kill: Kill) => void = () => undefined,
): Promise<{ readonly kills: readonly Kill[]; readonly end: KillLoopEnd }> {
  const guest = await sharedGuest();
  await makePeople(guest);
  const [objectPath, loop, clientPath] = [
    await compileBusyProgram(),
    await bundle('kill-loop'),
    await bundle('local-client'),
  ];
  const task: KillLoopTask = {
    seed,
    kills,
    clientPath: inGuest(clientPath),
    client: {
      tracerPath: inGuest(path.join(root, 'dist/tracer.js')),
      objectPath: inGuest(objectPath),
      password: TRACER.password,
    },
    user: TRACER,
  };
  const running = await guest.spawn(['node', inGuest(loop), JSON.stringify(task)], { fresh: true });
  let errors = '';
  running.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  const done: Kill[] = [];
  for await (const line of createInterface({ input: running.stdout })) {
    const told: Kill | KillLoopEnd = JSON.parse(line);
    if ('foldersLeft' in told) return { kills: done, end: told };
    done.push(told);
    onKill(told);
  }
  throw new Error(`seed ${seed}: the loop ended after ${done.length} kills: ${errors}`);
}

/** The longest time, or null when one never came. */
export function longest(times: readonly (number | null)[]): number | null {
  return times.includes(null) ? null : Math.max(0, ...times.map(Number));
}
