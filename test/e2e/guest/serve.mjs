/**
 * Runs in the guest, as the user who works there: has VS Code install a VSIX, serves it on a sample workspace and prints
 * one line of JSON, {token, folder, extension}, when it is ready. Ends with its server.
 *
 * Arguments: folder of VS Code's installation, the VSIX, port.
 */
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { fillSampleWorkspace } from '../../../scripts/lib/sample-workspace.mjs';
import {
  addExtension,
  quietSettings,
  startVscodeServer,
  vscodeAt,
  writeSettings,
} from '../../../scripts/lib/vscode-server.mjs';

const [vscodeFolder, vsix, port] = process.argv.slice(2);
const vscode = await vscodeAt(vscodeFolder);
const dataFolder = path.join(os.homedir(), 'vscode-data');
const folder = path.join(os.homedir(), 'sample');
await fillSampleWorkspace(folder);
// What VS Code brings for other languages costs an emulated machine a minute and has no part in this.
const others = { 'git.enabled': false, 'npm.autoDetect': 'off', 'emmet.excludeLanguages': ['c', 'markdown'] };
await writeSettings(dataFolder, { user: { ...quietSettings, ...others } });
await addExtension(vscode, dataFolder, vsix);
const extensions = path.join(dataFolder, 'extensions');
const [installed, ...more] = (await readdir(extensions)).filter(name => name.startsWith('bpf-workbench.'));
if (!installed || more.length > 0) throw new Error(`installed is not one extension: ${installed} ${more}`);
const server = await startVscodeServer(vscode, {
  dataFolder,
  // The guest's loopback cannot be reached from outside; its network ends at this machine's loopback.
  host: '0.0.0.0',
  port: Number(port),
  trusted: true,
  readyTimeoutMs: deadlineMs(240_000),
});
console.log(JSON.stringify({ token: server.token, folder, extension: path.join(extensions, installed) }));
const { code, signal } = await server.closed;
console.error(`VS Code's server ended (${signal ?? code})`);
process.exit(1);
