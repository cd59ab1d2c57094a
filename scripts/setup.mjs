/**
 * Sets up a Debian or Ubuntu machine that has Node; installs only what is missing and prints what and why:
 *
 *   node scripts/setup.mjs [run|start|test|bench|all]
 *
 * run: bpfw and the sandbox VM; start: and VS Code; test: and what the tests use; bench: and peers to measure against.
 * All output goes to stderr. Exits with code 1, the reason and the fix when something cannot be installed.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { availablePackages, hasCommand, installPackages, missingItems, updateLists } from './setup/apt.mjs';
import { ensureBundles } from './setup/bundles.mjs';
import { ensureKernel, ensureTrixieKernel } from './setup/kernel.mjs';
import { ensureNodeModules } from './setup/node-modules.mjs';
import { groups } from './setup/packages.mjs';
import { SetupError, say } from './setup/say.mjs';

const oldestNode = 20;

/**
 * Installs everything that a group needs; resolves at once when nothing is missing. Throws SetupError (message with the fix).
 * @param {keyof typeof groups} [group]
 * @param {{build?: boolean}} [options] build: also dist/ (default true)
 */
export async function setUp(group = 'all', { build = true } = {}) {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    throw new SetupError(`Node ${process.version} is too old.`, `install Node ${oldestNode} or newer`);
  }
  await ensurePackages(group);
  ensureNodeModules();
  ensureKernel();
  if (group !== 'run' && group !== 'start') tryTrixieKernel();
  if (build) ensureBundles();
}

/** When it is not available, the tests that boot it are skipped. */
function tryTrixieKernel() {
  try {
    ensureTrixieKernel();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`tests on a newer kernel will be skipped: ${error.message}`);
  }
}

async function ensurePackages(group) {
  const missing = missingItems(groups[group]);
  const forVscode = group === 'run' ? [] : await vscodePackages(group);
  const wanted = [...missing, ...forVscode.map(name => ({ package: name, why: "builds VS Code's server" }))];
  if (wanted.every(item => item.optional)) return;

  say('installing what is missing:');
  for (const item of wanted)
    say(`  ${item.package.padEnd(20)} ${item.why}${item.optional ? ' (if there is one)' : ''}`);
  const needed = wanted.filter(item => !item.optional).map(item => item.package);
  const byHand = `as root: apt-get update && apt-get install --no-install-recommends ${needed.join(' ')}`;
  const fix = `run, or have an administrator run, ${byHand}; then run this again`;
  updateLists(fix);
  const available = availablePackages(wanted.map(item => item.package));
  installPackages(
    wanted.filter(item => !item.optional || available.has(item.package)).map(item => item.package),
    fix,
  );

  const still = missingItems(groups[group]).filter(item => !item.optional);
  if (still.length > 0) {
    const names = still.map(item => item.package).join(' ');
    throw new SetupError(
      `Still missing after the installation: ${names}.`,
      `see apt's output above, then run: sudo apt-get install ${names}`,
    );
  }
}

/** VS Code's server is built from npm packages when no desktop VS Code is used. */
async function vscodePackages(group) {
  if (group === 'start' && hasCommand('code') && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY))
    return [];
  const { missingVscodePackages } = await import('./lib/vscode-install.mjs');
  return missingVscodePackages();
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const group = process.argv[2] ?? 'all';
  if (!Object.hasOwn(groups, group)) {
    process.stderr.write(`No group ${group}. Groups: ${Object.keys(groups).join(', ')}\n`);
    process.exit(2);
  }
  try {
    await setUp(group);
    say('nothing is missing');
  } catch (error) {
    say(error instanceof SetupError ? error.message : error.stack);
    process.exit(1);
  }
}
