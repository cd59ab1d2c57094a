/** A short script as root, through the same ways as the helper: sudo with the password asked, sudo on the terminal, pkexec. */
import { spawn } from 'node:child_process';
import { Askpass } from './askpass';
import { type ElevationUi, elevationRefusal, planAsRoot } from './elevation';
import { SessionError } from './errors';
import { lastLine } from './helper-failure';
import { PrivateFolder } from './private-folder';
import type { NodeRuntime } from './real-node';

export interface RootOptions {
  readonly node: NodeRuntime;
  readonly elevation: 'auto' | 'sudo' | 'pkexec';
  readonly ui: Pick<ElevationUi, 'password' | 'hasTerminal' | 'tell'>;
  readonly log: (line: string) => void;
}

/** Runs it with sh -eu, to its end. Throws SessionError with its last words when it fails, and as planAsRoot. */
export async function runAsRoot(script: string, options: RootOptions): Promise<void> {
  const folder = await PrivateFolder.create(process.env);
  let askpass: Askpass | null = null;
  try {
    const prologue = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin; umask 022\n';
    const argv = ['/bin/sh', '-euc', prologue + script];
    const plan = await planAsRoot(argv, {
      wish: options.elevation,
      ui: options.ui,
      askpassPath: Askpass.programPath(folder),
    });
    if (plan.way === 'sudo-askpass') {
      let attempt = 0;
      askpass = await Askpass.create(folder, options.node, prompt =>
        options.ui.password({ prompt, attempt: ++attempt }),
      );
    }
    options.log(`${plan.command} ${plan.args.join(' ')}`);
    const child = spawn(plan.command, [...plan.args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...plan.env },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-64_000);
      if (plan.way === 'sudo-terminal') options.ui.tell?.(text);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return;
    throw (
      elevationRefusal(plan.way, stderr, code) ??
      new SessionError(
        'root-script-failed',
        `A step that runs as root failed (exit ${code ?? 'by signal'}): ${lastLine(stderr) || 'it said nothing'}`,
        'BPF: Show Log has the exact command.',
      )
    );
  } finally {
    askpass?.close();
    await folder.remove();
  }
}
