/**
 * Runs in the guest, as the user who works there: serves VS Code with the extension on a sample workspace and prints
 * one line of JSON, {token, folder}, when it is ready. Ends with its server.
 *
 * Arguments: folder of VS Code's installation, folder of the extension, port.
 */
import os from 'node:os';
import path from 'node:path';
import { fillSampleWorkspace } from '../../../scripts/lib/sample-workspace.mjs';
import {
  addExtension,
  quietSettings,
  startVscodeServer,
  vscodeAt,
  writeSettings,
} from '../../../scripts/lib/vscode-server.mjs';

const [vscodeFolder, extension, port] = process.argv.slice(2);
const vscode = await vscodeAt(vscodeFolder);
const dataFolder = path.join(os.homedir(), 'vscode-data');
const folder = path.join(os.homedir(), 'sample');
await fillSampleWorkspace(folder);
// What VS Code brings for other languages costs an emulated machine a minute and has no part in this.
const others = { 'git.enabled': false, 'npm.autoDetect': 'off', 'emmet.excludeLanguages': ['c', 'markdown'] };
await writeSettings(dataFolder, { user: { ...quietSettings, ...others } });
await addExtension(vscode, dataFolder, extension);
const server = await startVscodeServer(vscode, {
  dataFolder,
  // The guest's loopback cannot be reached from outside; its network ends at this machine's loopback.
  host: '0.0.0.0',
  port: Number(port),
  trusted: true,
  readyTimeoutMs: 240_000,
});
console.log(JSON.stringify({ token: server.token, folder }));
const { code, signal } = await server.closed;
console.error(`VS Code's server ended (${signal ?? code})`);
process.exit(1);
