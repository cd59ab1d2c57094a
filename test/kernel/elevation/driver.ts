/**
 * A client of the session room that runs in the guest as an ordinary user: does what one line of JSON says and prints
 * what came of it, one line of JSON each.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { installHelper, uninstallHelper } from '../../../src/session/install-helper';
import { startLocalHelper } from '../../../src/session/local-helper';
import { findNode } from '../../../src/session/real-node';

export interface DriverTask {
  readonly what: 'start' | 'hold' | 'install' | 'uninstall';
  readonly helperPath: string;
  readonly version: string;
  readonly nodePath?: string;
  readonly elevation: 'auto' | 'sudo' | 'pkexec';
  /** To sudo's questions, in order; null cancels, and so does having none left. */
  readonly passwords: readonly (string | null)[];
  /** Each password is given only when a line came on stdin. */
  readonly passwordsWait?: boolean;
  /** hold: an object with a program `fine` to attach. */
  readonly objectPath?: string;
}

export type DriverAnswer =
  | { readonly installed: string }
  | { readonly uninstalled: true }
  | {
      readonly started: {
        readonly pid: number;
        readonly way: string;
        readonly commandLine: readonly string[];
      };
    }
  | { readonly attached: readonly string[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly mend: string | null } };

function say(answer: DriverAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function main(task: DriverTask): Promise<void> {
  const passwords = [...task.passwords];
  let way = '';
  const ui = {
    hasTerminal: false,
    consent: async (request: { readonly way: string }) => {
      way = request.way;
      return true;
    },
    password: async () => {
      if (task.passwordsWait) {
        await once(process.stdin, 'data');
        process.stdin.pause();
      }
      return passwords.shift() ?? null;
    },
  };
  const own = { helperPath: task.helperPath, version: task.version };
  const node = await findNode(task.nodePath, process.env);
  const options = { own, node, elevation: task.elevation, ui, log: (line: string) => console.error(line) };
  if (task.what === 'install') {
    say({ installed: await installHelper(options) });
    return;
  }
  if (task.what === 'uninstall') {
    await uninstallHelper(options);
    say({ uninstalled: true });
    return;
  }
  const why = 'the test wants it';
  const budget = [
    { capability: 'bpf', why },
    { capability: 'perfmon', why },
  ] as const;
  const connection = await startLocalHelper({
    ...options,
    budget,
    program: 'fine',
    onStarted: () => undefined,
  });
  const { pid } = connection.hello;
  const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
  say({ started: { pid, way, commandLine } });
  if (task.objectPath === undefined) {
    connection.close();
    return;
  }
  const { sessionId, programs } = await connection.request('session/open', {
    objectBlobId: connection.sendBlob(readFileSync(task.objectPath)),
    objectName: 'fine',
    programs: ['unchecked_lookup', 'sends_signal', 'drops_packets', 'no_function', 'no_symbol', 'fine'].map(
      name => ({
        name,
        load: name === 'fine',
        attach: { kind: 'auto' as const },
      }),
    ),
    constants: [],
    maps: [],
    allowChangingPrograms: false,
  });
  await connection.request('session/attach', { sessionId });
  say({ attached: programs.map(program => program.name) });
  await connection.closed;
}

main(JSON.parse(process.argv[2] ?? '')).catch(error => {
  const { code = 'unexpected', message, mend = null } = error;
  say({ error: { code, message, mend } });
});
