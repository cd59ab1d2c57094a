/** Both ends prove themselves before anything else: the client by its uid and pid, the tracer by the token on its stdin. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { type Hello, TRACER_PROTOCOL_VERSION } from '../shared/protocol/tracer';
import { debuggerListens } from './close-debugger';
import { TracerError } from './errors';
import { canViewMemory } from './libbpf/memory';
import { libbpfVersion, peerCredentials } from './libbpf/process';

const TOKEN = /^[0-9a-f]{64}$/;
/** The token and a line end, with room for a terminal's carriage return. */
const TOKEN_LINE_BYTES = 66;

export interface TokenInput {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
}

/**
 * Reads the one-time token: the first line of stdin, 64 hexadecimal digits. What follows is thrown away, and its end
 * is reported by `onEnd`: the client holds the other end of the pipe, so its end means the client is gone.
 * Throws TracerError 'bad-request' for anything else, and after `timeoutMs`.
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
    const timer = setTimeout(() => finish(null, 'No token came over stdin in time.'), timeoutMs);
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
      finish(null, 'stdin ended before a token came.');
      onEnd();
    };
    input.on('end', ended);
    input.on('error', ended);
  });
}

/**
 * Refuses every client but the one that started this process: whoever listens at the socket must run under the tracer's
 * own uid, which is the caller's, and be an ancestor of this process. The folder of the socket is the caller's, so any
 * process of that user can put a socket of its own in its place. Throws TracerError 'not-permitted'.
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
      `Process ${pid} listens at the socket and did not start the tracer. Another program of yours may have replaced the socket.`,
    );
  }
}

/** Between this process and its client are sudo, pkexec and setpriv at most; 64 is far beyond them. */
const MAX_ANCESTORS = 64;

function isAncestor(pid: number): boolean {
  let current = process.ppid;
  for (let depth = 0; depth < MAX_ANCESTORS && current > 0; depth++) {
    if (current === pid) return true;
    current = parentOf(current);
  }
  return false;
}

/** 0 where there is none, or /proc does not show it. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What the tracer says about itself in its first message. Throws TracerError 'internal' when a debugger can connect. */
export function hello(token: string): Hello {
  if (debuggerListens())
    throw new TracerError(
      'internal',
      'A debugger can connect to the tracer, so it ends. Start the session again.',
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
