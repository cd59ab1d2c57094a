/** Runs a *-child.ts in a process of its own, so that its memory is its own and a round that never ends can be ended. */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { ROUND_FILE, type RoundsFailure, type RoundsResult, type RoundsTask } from './rounds';

export interface RunOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Of the whole heap; a reader that takes more ends the child. */
  readonly heapMb: number;
  /** For each round. */
  readonly deadlineMs: number;
  /** To repeat one round of a failed run. */
  readonly first?: number;
  readonly end?: RoundsTask['end'];
  /** Fills the folder with what the child needs. */
  readonly prepare?: (folder: string) => Promise<void> | void;
}

const root = path.resolve(__dirname, '../../..');

/** Throws with seed and round when a door throws what it should not, takes too long or too much memory. */
export async function runRounds(child: string, options: RunOptions): Promise<RoundsResult> {
  const {
    seed,
    rounds,
    heapMb,
    deadlineMs,
    end,
    first = Number(process.env.BPFW_HOSTILE_ROUND ?? 0),
  } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-hostile-'));
  const output = path.join(root, 'test/.work/hostile');
  mkdirSync(output, { recursive: true });
  const script = path.join(output, `${child}-${process.pid}.js`);
  try {
    await build({
      entryPoints: [path.join(__dirname, `${child}.ts`)],
      outfile: script,
      bundle: true,
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      keepNames: true,
      external: ['koffi'],
    });
    await options.prepare?.(folder);
    return await outcome(
      script,
      { seed, first, rounds, folder, ...(end ? { end } : {}) },
      heapMb,
      deadlineMs,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(script, { force: true });
  }
}

function outcome(
  script: string,
  task: RoundsTask,
  heapMb: number,
  deadlineMs: number,
): Promise<RoundsResult> {
  const execArgv = [`--max-old-space-size=${heapMb}`, '--enable-source-maps'];
  const child = fork(script, [JSON.stringify(task)], {
    execArgv,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  const round = (): number => {
    try {
      return readFileSync(path.join(task.folder, ROUND_FILE)).readUInt32LE(0);
    } catch {
      return -1;
    }
  };
  const where = (at: number): string =>
    `seed ${task.seed}, round ${at} (BPFW_HOSTILE_ROUND=${at} begins there)`;
  return new Promise((resolve, reject) => {
    let last = -1;
    const watch = setInterval(() => {
      const now = round();
      if (now === last && now >= 0) {
        reject(new Error(`${where(now)} was not done after ${deadlineMs} ms`));
        child.kill('SIGKILL');
      }
      last = now;
    }, deadlineMs);
    child.on('message', (told: RoundsResult | RoundsFailure) => {
      if ('failed' in told)
        reject(new Error(`${where(told.failed.round)}, ${told.failed.door}: ${told.failed.error}`));
      else resolve(told);
    });
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      reject(new Error(`${where(round())}: the process ended with ${code ?? signal}: ${stderr}`));
    });
  });
}
