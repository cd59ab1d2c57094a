/** dist/: built when a source file is newer than the last complete build. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { SetupError, say } from './say.mjs';

const stamp = path.join(root, 'dist/.built');
const sources = [
  'src',
  'webview',
  'bpf-templates',
  'esbuild.mjs',
  'package.json',
  'node_modules/.package-lock.json',
];

/** Throws SetupError when the build fails. */
export function ensureBundles() {
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  if (!sources.some(source => isNewer(path.join(root, source), builtAt))) return;
  say('building dist/');
  const startedAt = new Date();
  const result = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    throw new SetupError(
      'The build failed; its output is above.',
      'fix the sources and run it again: npm run build',
    );
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, `${startedAt.toISOString()}\n`);
}

function isNewer(file, timeMs) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return false;
  if (stat.mtimeMs > timeMs) return true;
  return stat.isDirectory() && readdirSync(file).some(name => isNewer(path.join(file, name), timeMs));
}
