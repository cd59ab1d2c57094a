/** Authentication of both ends of the connection: the client by its uid and pid, the tracer by the token from its stdin. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Hello, TRACER_PROTOCOL_VERSION } from '../shared/protocol/tracer';
import { debuggerListens } from './close-debugger';
import { TracerError } from './common/errors';
import { canViewMemory } from './libbpf/memory';
import { libbpfVersion, peerCredentials } from './libbpf/process';

const TOKEN = /^[0-9a-f]{64}$/;
/** The token and a newline, with room for a terminal's carriage return. */
const TOKEN_LINE_BYTES = 66;

export interface TokenInput {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
}

/**
 * Reads the one-time token: the first line of stdin, 64 hexadecimal digits. Further input is discarded; `onEnd` is
 * called when stdin ends: the client holds the other end of the pipe, so EOF means that the client has exited.
 * Throws TracerError 'bad-request' for any other first line, and after `timeoutMs`.
 */
export function readToken(input: TokenInput, timeoutMs: number, onEnd: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    let done = false;
    const finish = (token: string | null, why: string) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      received = Buffer.alloc(0);
      if (token !== null) resolve(token);
      else reject(new TracerError('bad-request', why));
    };
    const timer = setTimeout(() => finish(null, 'Timed out waiting for the token on stdin.'), timeoutMs);
    input.on('data', bytes => {
      if (done) return;
      received = Buffer.concat([received, bytes.subarray(0, TOKEN_LINE_BYTES + 1)]);
      const end = received.indexOf('\n');
      if (end < 0 && received.byteLength <= TOKEN_LINE_BYTES) return;
      const line = received.toString('latin1', 0, Math.max(end, 0)).replace(/\r$/, '');
      if (TOKEN.test(line)) finish(line, '');
      else finish(null, 'The first line of stdin is not a token.');
    });
    const ended = () => {
      finish(null, 'stdin ended before the token.');
      onEnd();
    };
    input.on('end', ended);
    input.on('error', ended);
  });
}

/**
 * Refuses every client except the one that started this process: the process that listens on the socket must have the
 * tracer's own uid, which is the caller's, and be an ancestor of this process. The caller owns the socket's folder, so
 * any process of that user can replace the socket. Throws TracerError 'not-permitted'.
 */
export function checkPeer(socketFd: number): void {
  const own = process.getuid?.() ?? -1;
  const { uid, pid } = peerCredentials(socketFd);
  if (uid !== own) {
    throw new TracerError(
      'not-permitted',
      `The client runs as uid ${uid}, the tracer as uid ${own}. Start the tracer under the client's own user.`,
    );
  }
  if (!isAncestor(pid)) {
    throw new TracerError(
      'not-permitted',
      `Process ${pid} listens on the socket but did not start the tracer. Another of your processes may have replaced the socket.`,
    );
  }
}

/** At most sudo, pkexec and setpriv stand between this process and its client; 64 is far more than needed. */
const MAX_ANCESTORS = 64;

function isAncestor(pid: number): boolean {
  let current = process.ppid;
  for (let depth = 0; depth < MAX_ANCESTORS && current > 0; depth++) {
    if (current === pid) return true;
    current = parentOf(current);
  }
  return false;
}

/** Parent pid; 0 when there is none or /proc does not show it. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The tracer's first message. Throws TracerError 'internal' when a debugger can connect. */
export function hello(token: string): Hello {
  if (debuggerListens())
    throw new TracerError(
      'internal',
      'A debugger can connect to the tracer, so it exits. Start the session again.',
    );
  return {
    protocolVersion: TRACER_PROTOCOL_VERSION,
    token,
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    kernelRelease: release(),
    libbpfVersion: libbpfVersion(),
    nodeVersion: process.versions.node,
    mappedRings: canViewMemory(),
  };
}
