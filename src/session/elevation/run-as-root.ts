/** Runs a short script as root, with the same methods as for the tracer: sudo with a password dialog, sudo on the terminal, pkexec. */

import { SessionError } from '../errors';
import { ElevatedProcess } from './elevated-process';
import { type ElevationUi, planAsRoot, type WantedElevation } from './elevation';
import { elevationRefusal } from './elevation-refusal';
import { lastLine } from './tracer-failure';

export interface RootOptions {
  readonly elevation: WantedElevation;
  readonly ui: Pick<ElevationUi, 'password' | 'hasTerminal' | 'tell'>;
  readonly log: (line: string) => void;
}

/** The script's first line on stdout. Before it, sudo reads the password from the standard input. */
const STARTED = 'bpfw: started\n';

/**
 * Runs the script with sh -eu in a clean environment, until it exits; `input` is its standard input. Throws SessionError
 * with its last line of output when it fails, and as planAsRoot.
 */
export async function runAsRoot(
  script: string,
  options: RootOptions & { readonly input?: readonly Uint8Array[] },
): Promise<void> {
  const shell = ['/usr/bin/env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', '/bin/sh', '-euc'];
  const argv = [...shell, `umask 022\necho ${STARTED}${script}`];
  const plan = await planAsRoot(argv, options);
  const elevated = new ElevatedProcess(plan, options.ui, options.log);
  let stdout = '';
  const onText = (text: string) => {
    stdout = (stdout + text).slice(-1000);
    if (!stdout.endsWith(STARTED)) return;
    elevated.child.stdout.off('data', onText).resume();
    const stdin = elevated.stdinOfStarted();
    for (const bytes of options.input ?? []) stdin.write(bytes);
    stdin.end();
  };
  elevated.child.stdout.setEncoding('utf8').on('data', onText);
  const code = await elevated.ended;
  if (code === 0) return;
  throw (
    elevationRefusal(plan.way, elevated.stderr, code) ??
    new SessionError(
      'root-script-failed',
      `A step that runs as root failed (exit ${code ?? 'by signal'}): ${lastLine(elevated.stderr) || 'it printed nothing'}`,
      { text: 'BPF: Show Log has the exact command.' },
    )
  );
}
