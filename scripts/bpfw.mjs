/**
 * `npm run -s bpfw -- ARGS` in a checkout: sets up what bpfw needs (quiet when nothing is missing), then runs it in the
 * folder the user is in, with its exit code and its signals.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { root } from './lib/paths.mjs';
import { say } from './setup/say.mjs';
import { setUp } from './setup.mjs';

try {
  await setUp('run');
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  // bpfw's own code for an environment that lacks something.
  process.exit(3);
}
const bpfw = spawn(process.execPath, [path.join(root, 'dist/cli.js'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
});
// A terminal signals both processes; a signal sent to this one alone is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bpfw.kill(signal));
bpfw.on('close', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
