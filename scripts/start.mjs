/**
 * `npm start`: sets the machine up, builds, and opens VS Code with the extension on a sample workspace: desktop VS Code if
 * there is one, else VS Code in the browser, served on the loopback address until Ctrl-C.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, stateFolder } from './lib/paths.mjs';
import { main, run, which } from './lib/run.mjs';
import { fillSampleWorkspace, firstProgram } from './lib/sample-workspace.mjs';
import {
  addExtension,
  ensureVscodeServer,
  quietSettings,
  startVscodeServer,
  writeSettings,
} from './lib/vscode-server.mjs';
import { setUp } from './setup.mjs';

/** VS Code's default port for the browser: the same address each time keeps its window state. */
const usualPort = 8710;

const help = `Usage: npm start -- [options]

  --no-open        serve VS Code in the browser and print its address; open nothing
  --browser        VS Code in the browser even where a desktop one is installed
  --port PORT      port of the browser's VS Code (default ${usualPort}, or a free one)
  --folder FOLDER  open this folder instead of the sample workspace
  --help           this text`;

const options = readOptions();
if (options.help) {
  console.log(help);
  process.exit(0);
}

await main(async () => {
  const ownFolder = options.folder && path.resolve(process.env.INIT_CWD ?? process.cwd(), options.folder);
  if (ownFolder && !existsSync(ownFolder)) throw new Error(`--folder ${ownFolder} does not exist`);
  await setUp('start');
  const folder = ownFolder ?? path.join(stateFolder, 'sample');
  if (!ownFolder) await fillSampleWorkspace(folder);

  const desktop = options['no-open'] || options.browser ? undefined : await desktopVscode();
  const program = ownFolder ? undefined : path.join(folder, firstProgram);
  if (desktop) await openDesktop(desktop, folder, program);
  else await serveInBrowser(folder, program);
});

/** The command line's options; if they are invalid, prints the error and exits with 2. */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        'no-open': { type: 'boolean', default: false },
        browser: { type: 'boolean', default: false },
        port: { type: 'string' },
        folder: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const port = values.port === undefined ? undefined : Number(values.port);
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      throw new Error(`--port ${values.port} must be a number from 1 to 65535`);
    }
    return { ...values, port };
  } catch (error) {
    console.error(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}

/** `code` of a desktop VS Code that can open a window for this user here; undefined when there is none. */
async function desktopVscode() {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return undefined;
  // Inside VS Code's own remote terminals `code` only talks to that window; as root desktop VS Code refuses to start.
  if (process.env.VSCODE_IPC_HOOK_CLI || process.getuid?.() === 0) return undefined;
  const command = await which('code', 'codium', 'code-insiders');
  if (!command) return undefined;
  const answer = await run(command, ['--version'], { timeoutMs: 20_000, anyExit: true }).catch(
    () => undefined,
  );
  return answer?.code === 0 ? command : undefined;
}

async function openDesktop(command, folder, program) {
  const paths = program ? [folder, program] : [folder];
  await run(command, [`--extensionDevelopmentPath=${root}`, '--new-window', ...paths], { timeoutMs: 60_000 });
  console.log(`VS Code opens ${folder} with the extension of this checkout.`);
}

/** The sample folder (with a `program` to open) is ours and can be trusted without asking; other folders cannot. */
async function serveInBrowser(folder, program) {
  const trusted = program !== undefined;
  const vscode = await ensureVscodeServer();
  const dataFolder = path.join(stateFolder, 'vscode');
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  // Never overwrite the user's settings: ours are written only on the first start.
  if (!existsSync(path.join(dataFolder, 'user-data/User/settings.json'))) {
    await writeSettings(dataFolder, { user: quietSettings });
  }
  await addExtension(vscode, dataFolder, root);
  const serve = port => startVscodeServer(vscode, { dataFolder, port, trusted });
  const server = await (options.port ? serve(options.port) : serve(usualPort).catch(() => serve(0)));

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.close());
  // Read by VS Code's page: what to open in the editor.
  const opened = program && [['openFile', `vscode-remote://127.0.0.1:${server.port}${program}`]];
  const address = server.address(folder, opened);
  console.log(`
VS Code ${vscode.version} with BPF Workbench is open to this machine's browsers at

  ${address}

It shows ${folder}${program ? `; press ▶ above ${path.basename(program)} to begin` : ''}
Ctrl-C ends it.`);
  if (!options['no-open'] && (process.env.DISPLAY || process.env.WAYLAND_DISPLAY)) {
    const opener = await which('xdg-open');
    if (opener) await run(opener, [address], { timeoutMs: 30_000, anyExit: true });
  }
  const { code, signal } = await server.closed;
  if (code !== 0 && signal !== 'SIGTERM') {
    console.error(
      `VS Code's server ended by itself (${signal ?? `exit code ${code}`}); its log: ${server.logPath}`,
    );
    process.exit(1);
  }
}
