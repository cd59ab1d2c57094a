/** A short script as root, through the same ways as the helper: sudo with the password asked, sudo on the terminal, pkexec. */
import { ElevatedProcess } from './elevated-process';
import { type ElevationUi, elevationRefusal, planAsRoot } from './elevation';
import { SessionError } from './errors';
import { lastLine } from './helper-failure';
import type { NodeRuntime } from './real-node';

export interface RootOptions {
  readonly node: NodeRuntime;
  readonly elevation: 'auto' | 'sudo' | 'pkexec';
  readonly ui: Pick<ElevationUi, 'password' | 'hasTerminal' | 'tell'>;
  readonly log: (line: string) => void;
}

/** Runs it with sh -eu, to its end. Throws SessionError with its last words when it fails, and as planAsRoot. */
export async function runAsRoot(script: string, options: RootOptions): Promise<void> {
  const prologue = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin; umask 022\n';
  const argv = ['/bin/sh', '-euc', prologue + script];
  const plan = await planAsRoot(argv, { wish: options.elevation, ui: options.ui });
  const elevated = new ElevatedProcess(plan, options.ui, options.log);
  elevated.child.stdout.resume();
  const code = await elevated.ended;
  if (code === 0) return;
  throw (
    elevationRefusal(plan.way, elevated.stderr, code) ??
    new SessionError(
      'root-script-failed',
      `A step that runs as root failed (exit ${code ?? 'by signal'}): ${lastLine(elevated.stderr) || 'it said nothing'}`,
      'BPF: Show Log has the exact command.',
    )
  );
}
