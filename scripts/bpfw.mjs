/**
 * `npm run -s bpfw -- ARGS` in a checkout: installs what bpfw needs (silent when nothing is missing), then runs it in the
 * user's working directory, with its exit code and signals.
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
  // bpfw's own exit code for an incomplete environment.
  process.exit(3);
}
const bpfw = spawn(process.execPath, [path.join(root, 'dist/cli.js'), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
});
// A terminal signals both processes; a signal sent only to this one is forwarded.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bpfw.kill(signal));
bpfw.on('close', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
