/**
 * The program sudo runs to ask for the password (SUDO_ASKPASS): a script in the private folder that connects to a
 * socket there and prints the answer. The password passes through memory and that socket only: no file, no argument,
 * no environment.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { PrivateFolder } from './private-folder';
import type { NodeRuntime } from './real-node';

/** Runs in the script, not here: dial, copy the answer to stdout, fail when there is none. */
const ASK = `
const socket = require('node:net').connect(process.argv[1]);
let answer = '';
socket.setEncoding('utf8').on('data', part => { answer += part; });
socket.on('end', () => { process.exitCode = answer === '' ? 1 : 0; process.stdout.write(answer); });
socket.on('error', () => { process.exitCode = 1; });
socket.end(process.argv[2] + '\\n');
`;

export class Askpass {
  private constructor(private readonly server: Server) {}

  /** Where create() puts the program. */
  static programPath(folder: PrivateFolder): string {
    return folder.file('askpass');
  }

  /** `ask` answers one prompt of sudo's with the password, or null when the person cancelled. */
  static async create(
    folder: PrivateFolder,
    node: NodeRuntime,
    ask: (prompt: string) => Promise<string | null>,
  ): Promise<Askpass> {
    const socketPath = folder.file('askpass.sock');
    const programPath = Askpass.programPath(folder);
    const electron = node.electron ? 'ELECTRON_RUN_AS_NODE=1 ' : '';
    const words = [node.path, '-e', ASK, socketPath].map(shellQuote).join(' ');
    await writeFile(programPath, `#!/bin/sh\n${electron}exec ${words} "$1"\n`, { mode: 0o700 });
    await chmod(programPath, 0o700);

    const server = createServer({ allowHalfOpen: true }, socket => {
      let prompt = '';
      socket.setEncoding('utf8');
      socket.on('data', part => {
        prompt += part;
      });
      socket.on('error', () => socket.destroy());
      socket.on('end', () => {
        ask(prompt.trim()).then(
          password => socket.end(password === null ? '' : `${password}\n`),
          () => socket.end(),
        );
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
    return new Askpass(server);
  }

  close(): void {
    this.server.close();
  }
}

function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
