/**
 * A client of the session room that runs in the guest as an ordinary user: does what one line of JSON says and prints
 * what came of it, one line of JSON each.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { WantedElevation } from '../../../src/session/elevation/elevation';
import { installTracer, uninstallTracer } from '../../../src/session/elevation/install-tracer';
import { findNode } from '../../../src/session/elevation/real-node';
import { startLocalTracer } from '../../../src/session/targets/local-tracer';
import type { TracerConnection } from '../../../src/session/targets/tracer-connection';
import { fixText, WorkbenchError } from '../../../src/shared/errors/workbench-error';

export interface DriverTask {
  readonly what: 'start' | 'starts' | 'hold' | 'install' | 'uninstall';
  readonly tracerPath: string;
  readonly version: string;
  readonly nodePath?: string;
  readonly elevation: WantedElevation;
  /** To sudo's questions, in order; null cancels, and so does having none left. */
  readonly passwords: readonly (string | null)[];
  /** Each password is given only when a line came on stdin. */
  readonly passwordsWait?: boolean;
  /** In the driver's environment when it starts the privileged process. */
  readonly startEnv?: Readonly<Record<string, string>>;
  /** starts: how many, two at a time. */
  readonly count?: number;
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
  /** starts: those that greeted, and the codes of the errors of those that did not. */
  | { readonly greeted: number; readonly failures: Readonly<Record<string, number>> }
  | { readonly attached: readonly string[] }
  | { readonly error: { readonly code: string; readonly message: string; readonly fix: string } };

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
  const own = { tracerPath: task.tracerPath, version: task.version };
  const node = await findNode(task.nodePath, process.env);
  const options = { own, node, elevation: task.elevation, ui, log: (line: string) => console.error(line) };
  if (task.what === 'install') {
    say({ installed: await installTracer(options) });
    return;
  }
  if (task.what === 'uninstall') {
    await uninstallTracer(options);
    say({ uninstalled: true });
    return;
  }
  const why = 'the test wants it';
  const capabilities = [
    { capability: 'bpf', why },
    { capability: 'perfmon', why },
  ] as const;
  Object.assign(process.env, task.startEnv);
  const start = () =>
    startLocalTracer({ ...options, capabilities, objectName: 'fine', onStarted: () => undefined });
  if (task.what === 'starts') {
    say(await startMany(start, task.count ?? 1));
    return;
  }
  const connection = await start();
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
    consented: [],
  });
  await connection.request('session/attach', { sessionId });
  say({ attached: programs.map(program => program.name) });
  await connection.closed;
}

/** Starts and ends so many, two at a time; a start that an attacker ended counts by its error's code. */
async function startMany(
  start: () => Promise<TracerConnection>,
  count: number,
): Promise<{ greeted: number; failures: Record<string, number> }> {
  let left = count;
  let greeted = 0;
  const failures: Record<string, number> = {};
  const oneAfterAnother = async () => {
    while (left-- > 0) {
      try {
        const connection = await start();
        greeted++;
        connection.close();
        await connection.closed;
      } catch (error) {
        const { code = String(error) } = error as { code?: string };
        failures[code] = (failures[code] ?? 0) + 1;
      }
    }
  };
  await Promise.all([oneAfterAnother(), oneAfterAnother()]);
  return { greeted, failures };
}

main(JSON.parse(process.argv[2] ?? '')).catch(error => {
  const ours = error instanceof WorkbenchError ? error : null;
  say({
    error: { code: ours?.code ?? 'unexpected', message: error.message, fix: fixText(ours?.fix ?? null) },
  });
});
