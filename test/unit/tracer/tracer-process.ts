/** A real tracer process on this machine, for what needs no BPF. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tracerBundle } from './tracer-bundle';

export interface TracerProcess {
  readonly child: ChildProcess;
  /** Our end of the connection; nothing reads it yet. */
  readonly socket: net.Socket;
  readonly token: string;
  stderr(): string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  /** Put before node, e.g. setpriv and its options. */
  readonly prefix?: readonly string[];
  /** Written to stdin as it is, instead of a token and a line end. */
  readonly stdin?: string;
  /** Anybody may reach the socket and run the tracer, wherever the checkout lies: only SO_PEERCRED is left to tell users apart. */
  readonly reachable?: boolean;
}

const START_TIMEOUT_MS = 20_000;

/** Starts a tracer and waits until it dialled in; fails with its stderr when it ends before. */
export async function startTracer(options: StartOptions = {}): Promise<TracerProcess> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bpfw-tracer-'));
  const socketPath = path.join(folder, 's');
  const server = net.createServer();
  await new Promise<void>(resolve => server.listen(socketPath, resolve));
  let tracerPath = await tracerBundle();
  if (options.reachable) {
    chmodSync(folder, 0o755);
    chmodSync(socketPath, 0o777);
    cpSync(path.join(path.dirname(tracerPath), 'native'), path.join(folder, 'native'), { recursive: true });
    cpSync(tracerPath, path.join(folder, 'tracer.js'));
    tracerPath = path.join(folder, 'tracer.js');
  }
  const accepted = new Promise<net.Socket>(resolve => server.once('connection', resolve));
  const token = randomBytes(32).toString('hex');
  const argv = [...(options.prefix ?? []), process.execPath, tracerPath, '--socket', socketPath];
  const [command = '', ...args] = [...argv, ...(options.args ?? [])];
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve =>
    child.once('close', (code, signal) => {
      rmSync(folder, { recursive: true, force: true });
      resolve({ code, signal });
    }),
  );
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(options.stdin ?? `${token}\n`);
  let timer: NodeJS.Timeout | undefined;
  try {
    const socket = await Promise.race([
      accepted,
      exited.then(({ code }) => {
        throw new Error(`the tracer ended with ${code} before it dialled in: ${stderr}`);
      }),
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`the tracer did not dial in: ${stderr}`)),
          START_TIMEOUT_MS,
        );
      }),
    ]);
    return { child, socket, token, stderr: () => stderr, exited };
  } finally {
    clearTimeout(timer);
    server.close();
  }
}
