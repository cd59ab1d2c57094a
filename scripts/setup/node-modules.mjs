/** node_modules: installed when it differs from package-lock.json. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib/paths.mjs';
import { SetupError, say } from './say.mjs';

const deadlineMs = 20 * 60_000;

/** Throws SetupError when npm fails. */
export function ensureNodeModules() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  const wanted = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && isUpToDate(wanted, readFileSync(installed, 'utf8'))) return;
  say('npm packages are missing or differ from package-lock.json: running npm ci');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    timeout: deadlineMs,
  });
  if (result.status === 0) return;
  const why = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  throw new SetupError(
    `"npm ci" failed (${why}); its output is above.`,
    'check the network and the npm registry, then run it yourself',
  );
}

/** Compares npm's two lock files: package-lock.json, and node_modules/.package-lock.json with the installed packages. */
export function isUpToDate(wantedText, installedText) {
  const wanted = JSON.parse(wantedText).packages;
  const installed = JSON.parse(installedText).packages;
  return Object.entries(wanted).every(([folder, entry]) => {
    // The root package is not listed; optional packages may be for other platforms.
    if (folder === '' || entry.link) return true;
    const found = installed[folder];
    return found
      ? found.version === entry.version && found.integrity === entry.integrity
      : entry.optional === true;
  });
}
