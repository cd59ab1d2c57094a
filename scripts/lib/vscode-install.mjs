/**
 * A real VS Code for the tests, and for `npm start` on a machine without a desktop one: the npm package code-server
 * contains VS Code's own server, workbench and extension host (Code - OSS). It needs Node 24, which is also an npm
 * package, so only the npm registry is needed. test/vscode/package-lock.json pins all of it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, root } from './paths.mjs';
import { run, which } from './run.mjs';

const packageFolder = path.join(root, 'test/vscode');
/** The installation takes about 2 minutes on a loaded two-core machine; five times that for a slow network. */
const installTimeoutMs = 10 * 60_000;
/** Native addons of VS Code's server without a prebuilt file; the others are not needed (Kerberos proxies, chat). */
const addonsToBuild = ['@vscode/spdlog', '@vscode/native-watchdog'];
/** Commands for building them, with their Debian packages. */
const buildTools = { python3: 'python3', make: 'make', 'g++': 'g++' };

/** VS Code's server is missing and could not be installed; `message` has the fix. */
export class VscodeServerError extends Error {
  name = 'VscodeServerError';
}

/** Debian packages that are missing for the installation; empty when it is complete or nothing is missing. */
export async function missingVscodePackages() {
  const { folder } = await locate();
  if (existsSync(folder)) return [];
  const missing = [];
  for (const [tool, debianPackage] of Object.entries(buildTools)) {
    if (!(await which(tool))) missing.push(debianPackage);
  }
  return missing;
}

/** One folder per lock file and architecture, so that a new version never uses an old installation. */
async function locate() {
  const lock = await readFile(path.join(packageFolder, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 16);
  const folder = path.join(cacheFolder, 'vscode', `${process.arch}-${hash}`);
  return { folder, ...parts(folder) };
}

function parts(folder) {
  const server = path.join(folder, 'node_modules/code-server/lib/vscode');
  return {
    server,
    serverMain: path.join(server, 'out/server-main.js'),
    nodePath: path.join(folder, `node_modules/node-linux-${process.arch}/bin/node`),
  };
}

/**
 * The location of VS Code's server, which is installed if missing: about 2 minutes and 800 MB in the user's cache folder,
 * once. Safe to call from several processes at a time: the first to finish wins. Throws VscodeServerError.
 *
 * @param {(line: string) => void} log receives a line for each slow step
 * @returns {Promise<{folder: string, server: string, serverMain: string, nodePath: string, version: string}>}
 *   `folder` holds everything (to be shared with a guest), `nodePath` is the Node to run `serverMain` with
 */
export async function ensureVscodeServer(log = console.log) {
  const place = await locate();
  if (!existsSync(place.folder)) await install(place.folder, log);
  return vscodeAt(place.folder);
}

/** The installation in a folder created by ensureVscodeServer, wherever it is mounted now. */
export async function vscodeAt(folder) {
  const place = { folder, ...parts(folder) };
  const { version } = JSON.parse(await readFile(path.join(place.server, 'package.json'), 'utf8'));
  return { ...place, version };
}

async function install(folder, log) {
  const missing = await missingVscodePackages();
  if (missing.length > 0) {
    throw new VscodeServerError(
      `VS Code's server cannot be built: ${missing.join(', ')} missing. Install with: sudo apt-get install -y ${missing.join(' ')}`,
    );
  }
  log(`Installing VS Code's server into ${folder} (about 2 minutes, 800 MB, once)`);
  await mkdir(path.dirname(folder), { recursive: true });
  const staging = await mkdtemp(`${folder}.partial-`);
  await chmod(staging, 0o755); // another user of the test guest also runs it
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      await cp(path.join(packageFolder, file), path.join(staging, file));
    }
    const { nodePath, server } = parts(staging);
    const step = async (cwd, ...args) => {
      const { durationMs } = await run('npm', args, {
        cwd,
        env: npmEnvironment(nodePath),
        timeoutMs: installTimeoutMs,
      });
      log(`  npm ${args.join(' ')}: ${Math.round(durationMs / 1000)} s`);
    };
    await step(staging, 'ci', '--ignore-scripts');
    // Its shrinkwrap lacks optional packages, so `npm ci` refuses it; the listed packages keep version and hash.
    await step(server, 'install', '--omit=dev', '--ignore-scripts');
    // npm 11 blocks install scripts that nobody approved; older ones ignore the flag. Only the named packages run theirs.
    await step(server, 'rebuild', '--dangerously-allow-all-scripts', ...addonsToBuild);
    await check(parts(staging));
    await rename(staging, folder).catch(error => {
      if (!existsSync(folder)) throw error;
    });
  } catch (error) {
    throw new VscodeServerError(`Installing VS Code's server failed: ${error.message}`, {
      cause: error,
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** npm run by the Node of the package (first on PATH), which compiles against the headers beside it. */
export function npmEnvironment(nodePath) {
  const home = path.dirname(path.dirname(nodePath));
  return {
    PATH: `${path.dirname(nodePath)}:${process.env.PATH}`,
    npm_config_nodedir: home,
    npm_config_engine_strict: 'false',
    // npm passes the checkout's .npmrc to the scripts it runs; the two addons are built by their install scripts.
    npm_config_ignore_scripts: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'error',
  };
}

/** An installation is kept only when its modules load. */
async function check({ nodePath, server, serverMain }) {
  const addons = [...addonsToBuild, 'node-pty', '@parcel/watcher'];
  const load = addons.map(name => `require(${JSON.stringify(name)})`).join(';');
  await run(nodePath, ['-e', load], { cwd: server, timeoutMs: 60_000 });
  await run(nodePath, [serverMain, '--version'], { timeoutMs: 60_000 });
}
