/** Runs the VS Code server that vscode-install.mjs puts on the machine. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { deadlineMs } from './pace.mjs';
import { endGroup, run, start, which } from './run.mjs';

export { ensureVscodeServer, missingVscodePackages, VscodeServerError, vscodeAt } from './vscode-install.mjs';

/** Settings that disable chat, telemetry, network access and the welcome page. */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.banner': 'never',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/**
 * Writes settings to a user data folder: the user's, and the machine's, from which VS Code's server reads settings that
 * the manifest declares with scope `machine`.
 */
export async function writeSettings(dataFolder, { user, machine = {} }) {
  for (const [scope, settings] of Object.entries({ User: user, Machine: machine })) {
    await mkdir(path.join(dataFolder, 'user-data', scope), { recursive: true });
    await writeFile(
      path.join(dataFolder, 'user-data', scope, 'settings.json'),
      `${JSON.stringify(settings, null, 2)}\n`,
    );
  }
}

/**
 * Installs an extension on this server: a folder (with package.json, dist and so on; linked, so that a new build is used
 * after a window reload) or a .vsix (installed by VS Code itself).
 *
 * @param {{nodePath: string, serverMain: string}} vscode
 * @param {string} dataFolder as given to startVscodeServer
 * @param {string} extension absolute path of a folder or a .vsix
 */
export async function addExtension(vscode, dataFolder, extension) {
  const extensions = path.join(dataFolder, 'extensions');
  await mkdir(extensions, { recursive: true });
  if (extension.endsWith('.vsix')) {
    const args = [
      vscode.serverMain,
      '--install-extension',
      extension,
      '--force',
      '--extensions-dir',
      extensions,
    ];
    await run(vscode.nodePath, [...args, '--user-data-dir', path.join(dataFolder, 'user-data')], {
      // Measured: 3 s on the host, most of a minute in an emulated guest on a busy machine.
      timeoutMs: deadlineMs(240_000),
    });
    return;
  }
  const { publisher, name, version } = JSON.parse(
    await readFile(path.join(extension, 'package.json'), 'utf8'),
  );
  const id = `${publisher}.${name}`;
  const folder = `${id}-${version}`;
  const link = path.join(extensions, folder);
  await rm(link, { force: true });
  await symlink(extension, link);
  // VS Code's list of installed extensions; without the file it scans the folders once and writes it.
  const listFile = path.join(extensions, 'extensions.json');
  if (!existsSync(listFile)) return;
  const others = JSON.parse(await readFile(listFile, 'utf8')).filter(entry => entry.identifier.id !== id);
  const location = { $mid: 1, path: link, scheme: 'file' };
  const entry = { identifier: { id }, version, location, relativeLocation: folder };
  await writeFile(listFile, JSON.stringify([...others, entry]));
}

/**
 * Arguments of VS Code's server. The connection token excludes other users of the machine, who can also reach a loopback
 * port; it is read from a file, because they can also read argv.
 */
function serverArguments({ host, port, dataFolder, trusted, testDriver, reconnectionGraceS }) {
  return [
    ...['--host', host, '--port', String(port)],
    ...['--connection-token-file', path.join(dataFolder, 'token')],
    '--accept-server-license-terms',
    ...['--user-data-dir', path.join(dataFolder, 'user-data')],
    ...['--extensions-dir', path.join(dataFolder, 'extensions')],
    ...(trusted ? ['--disable-workspace-trust'] : []),
    ...(testDriver ? ['--enable-smoke-test-driver'] : []),
    ...(reconnectionGraceS === undefined ? [] : ['--reconnection-grace-time', String(reconnectionGraceS)]),
  ];
}

/** The token of a data folder, created if missing: only its owner may read it. */
async function connectionToken(dataFolder) {
  const file = path.join(dataFolder, 'token');
  if (!existsSync(file)) {
    await mkdir(dataFolder, { recursive: true, mode: 0o700 });
    await writeFile(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  }
  return (await readFile(file, 'utf8')).trim();
}

/** Address at which a browser opens `folder`; of `payload` VS Code reads `openFile` always, the rest when the test driver is on. */
export function workbenchAddress({ port, token, folder, payload }) {
  const address = new URL(`http://127.0.0.1:${port}/`);
  address.searchParams.set('tkn', token);
  address.searchParams.set('folder', folder);
  if (payload) address.searchParams.set('payload', JSON.stringify(payload));
  return address.href;
}

/**
 * Starts VS Code's server (on the loopback address unless `host` says otherwise, in a guest) and resolves when it accepts connections. It ends with `close()`, or
 * with this process. Throws when the port is taken, when it exits before that or is not ready in time, with what it printed.
 *
 * @param {{nodePath: string, serverMain: string}} vscode from ensureVscodeServer
 * @param {{dataFolder: string, host?: string, port?: number, trusted?: boolean, testDriver?: boolean,
 *   reconnectionGraceS?: number, env?: Record<string, string>, readyTimeoutMs?: number}} options
 *   `dataFolder`: user data, extensions and log of this server; `port` 0 (default): any free one;
 *   `trusted`: every workspace is trusted (else a fresh one opens in Restricted Mode); `testDriver`: the page may be
 *   told to run extension tests; `reconnectionGraceS`: how long the extension host of a page that is gone waits for it
 *   (VS Code's own: three hours)
 */
export async function startVscodeServer(vscode, options) {
  const { dataFolder, host = '127.0.0.1', port: wishedPort = 0, readyTimeoutMs = 60_000 } = options;
  if (!(await isFree(host, wishedPort))) throw new Error(`Port ${wishedPort} is taken by another program.`);
  const token = await connectionToken(dataFolder);
  await mkdir(path.join(dataFolder, 'extensions'), { recursive: true });
  const logPath = path.join(dataFolder, 'server.log');
  const log = await open(logPath, 'w');
  const args = serverArguments({ ...options, host, port: wishedPort });
  // util-linux's setpriv lets the kernel end the server should this process be killed outright.
  const setpriv = await which('setpriv');
  const command = [...(setpriv ? [setpriv, '--pdeathsig', 'TERM'] : []), vscode.nodePath, vscode.serverMain];
  const child = start(command[0], [...command.slice(1), ...args], {
    env: serverEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', bytes => {
      output = (output + bytes).slice(-65_536);
      log.appendFile(bytes).catch(() => {}); // the log is best effort
    });
  }
  const closed = new Promise(resolve => {
    child.once('close', async (code, signal) => {
      await log.close().catch(() => {});
      resolve({ code, signal });
    });
  });
  const port = await new Promise((resolve, reject) => {
    const fail = why => reject(new Error(`VS Code's server ${why}\n${output.trimEnd().slice(-2000)}`));
    const timer = setTimeout(() => fail(`was not ready after ${readyTimeoutMs / 1000} s`), readyTimeoutMs);
    child.once('error', error => fail(`could not start: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended at start (${signal ?? code})`));
    child.stdout.on('data', () => {
      const listening = /Extension host agent listening on (\d+)/.exec(output);
      if (!listening) return;
      clearTimeout(timer);
      resolve(Number(listening[1]));
    });
  }).catch(error => {
    if (child.pid !== undefined) endGroup(child.pid, 'SIGKILL');
    throw error;
  });

  return {
    port,
    pid: child.pid,
    token,
    logPath,
    closed,
    address: (folder, payload) => workbenchAddress({ port, token, folder, payload }),
    /** Resolves when the server and all its children have exited. */
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        endGroup(child.pid);
        const timer = setTimeout(() => endGroup(child.pid, 'SIGKILL'), 10_000);
        await closed;
        clearTimeout(timer);
      }
      endGroup(child.pid, 'SIGKILL'); // processes that ignored the first signal
    },
  };
}

/** Whether a server can listen on the port: VS Code's own hangs without a message when it cannot. */
function isFree(host, port) {
  return new Promise(resolve => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}

/** The environment without the variables of an outer VS Code (its terminal) or a test runner. */
function serverEnvironment(extra = {}) {
  const env = { ...process.env, ...extra };
  for (const name of Object.keys(env)) {
    if (/^(VSCODE_|ELECTRON_|VITEST)/.test(name) || name === 'NODE_OPTIONS') delete env[name];
  }
  return env;
}
