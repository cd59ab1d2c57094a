import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { systemErrno } from '../shared/errors/system-errno';
import { DataContent } from '../shared/protocol/frames';
import {
  GUEST_STREAM,
  GUEST_WINDOW_BYTES,
  type GuestNotifications,
  type GuestResult,
  type GuestSpawn,
  type GuestStream,
} from '../shared/protocol/guest';
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import { startUserCommand } from '../system/child-process';
import { processState } from '../system/process-status';

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Output bytes sent but not yet confirmed by the client. */
  unconfirmedBytes: number;
  /** How many of stdout, stderr and the process itself have not ended; at 0 the entry is removed. */
  open: number;
  exited: boolean;
  stopped: boolean;
}

/** The processes this agent started, and the relay of their streams. */
export class Processes {
  private readonly running = new Map<number, Running>();

  constructor(private readonly connection: FrameConnection) {
    connection.onDrained(() => {
      for (const running of this.running.values()) this.flow(running);
    });
  }

  /** Rejects with Node's spawn error (its `code` is the errno name) when the program cannot be started. */
  async spawn(processId: number, command: GuestSpawn): Promise<GuestResult<'spawn'>> {
    const [program, ...rest] = command.argv;
    if (program === undefined) throw new Error('spawn: argv is empty');
    // The 9p mount caches without revalidation (cache=loose). 2 drops dentries and inodes, and with them their pages.
    if (command.fresh) await writeFile('/proc/sys/vm/drop_caches', '2');
    const [file, args] = command.stopped
      ? ['/bin/sh', ['-c', 'kill -STOP $$; exec "$@"', 'sh', ...command.argv]]
      : [program, rest];
    const child = startUserCommand(file, args, {
      cwd: command.cwd,
      env: command.env,
      uid: command.uid,
      gid: command.gid,
      // Its own process group, so that a signal can reach all of it.
      detached: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    const running: Running = {
      child,
      pid,
      unconfirmedBytes: 0,
      open: 3,
      exited: false,
      stopped: command.stopped,
    };
    this.running.set(processId, running);
    // Ignore EPIPE of a process that does not read its stdin.
    child.stdin.on('error', () => {});
    child.on('error', () => {});
    child.once('exit', (code, signal) => {
      running.exited = true;
      this.notify('exit', { processId, code, signal });
      this.ended(processId, running);
    });
    this.relay(processId, running, 'stdout', child.stdout);
    this.relay(processId, running, 'stderr', child.stderr);
    if (command.stopped) await stateIsStopped(running);
    return { pid, agentPid: process.pid };
  }

  resume(processId: number): void {
    const running = this.running.get(processId);
    if (!running?.stopped || running.exited) return;
    running.stopped = false;
    process.kill(running.pid, 'SIGCONT');
  }

  write(processId: number, bytes: Uint8Array, end: boolean): Promise<void> {
    const stdin = this.running.get(processId)?.child.stdin;
    if (!stdin || stdin.destroyed || stdin.writableEnded) return Promise.resolve();
    return new Promise(resolve => {
      if (end) stdin.end(bytes, () => resolve());
      else stdin.write(bytes, () => resolve());
      stdin.once('close', () => resolve());
    });
  }

  /** Throws on an unknown signal name. */
  kill(processId: number, signal: NodeJS.Signals, group: boolean): void {
    const running = this.running.get(processId);
    if (!running || (running.exited && !group)) return;
    try {
      process.kill(group ? -running.pid : running.pid, signal);
      // A stopped process handles the signal only once it continues.
      if (running.stopped && signal !== 'SIGSTOP') process.kill(running.pid, 'SIGCONT');
    } catch (error) {
      if (systemErrno(error) !== 'ESRCH') throw error;
    }
  }

  consumed(processId: number, bytes: number): void {
    const running = this.running.get(processId);
    if (!running) return;
    running.unconfirmedBytes -= bytes;
    this.flow(running);
  }

  private relay(processId: number, running: Running, stream: GuestStream, source: Readable): void {
    source.on('data', (bytes: Buffer) => {
      running.unconfirmedBytes += bytes.byteLength;
      this.connection.sendData(
        {
          sessionId: processId,
          streamId: GUEST_STREAM[stream],
          content: DataContent.processOutput,
          records: 0,
          lost: 0,
          readAtNs: process.hrtime.bigint(),
        },
        bytes,
      );
      this.flow(running);
    });
    source.on('error', () => {});
    source.once('close', () => {
      this.notify('outputEnd', { processId, stream });
      this.ended(processId, running);
    });
  }

  private flow(running: Running): void {
    const go = running.unconfirmedBytes < GUEST_WINDOW_BYTES && this.connection.writable;
    for (const source of [running.child.stdout, running.child.stderr]) {
      if (go) source.resume();
      else source.pause();
    }
  }

  private ended(processId: number, running: Running): void {
    running.open--;
    if (running.open === 0) this.running.delete(processId);
  }

  private notify<N extends keyof GuestNotifications>(name: N, params: GuestNotifications[N]): void {
    void this.connection.rpc.sendNotification(name, params);
  }
}

/** Resolves when the process is stopped, or has exited without stopping. SIGCHLD is also sent for stops. */
function stateIsStopped(running: Running): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (!running.exited && processState(running.pid) !== 'T') return;
      process.off('SIGCHLD', look);
      resolve();
    };
    process.on('SIGCHLD', look);
    running.child.once('exit', look);
    look();
  });
}
