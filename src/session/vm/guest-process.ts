import { Readable, Writable } from 'node:stream';
import {
  GUEST_WINDOW_BYTES,
  GUEST_WRITE_BYTES,
  type GuestMethod,
  type GuestParams,
  type GuestResult,
  type GuestStream,
} from '../../shared/protocol/guest';

export interface GuestExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process in the guest. Its stdout and stderr must be read, otherwise it blocks after GUEST_WINDOW_BYTES of output. */
export interface GuestProcess {
  readonly pid: number;
  /** The agent, which started it. */
  readonly agentPid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects with VmError 'guest-died' or 'disposed' when the guest ends first. */
  readonly exited: Promise<GuestExit>;
  /** Releases a process that was spawned stopped. */
  resume(): Promise<void>;
  /** Signals the process, or its whole group. No error if it has already exited. */
  kill(signal: NodeJS.Signals, options?: { readonly group?: boolean }): Promise<void>;
}

/** The part of the connection to the agent that a process record needs. */
export interface AgentCalls {
  request<M extends GuestMethod>(method: M, params: GuestParams[M]): Promise<GuestResult<M>>;
  consumed(processId: number, bytes: number): void;
}

/** The agent stops reading a process's output after the chunk that fills the window, so it never sends twice the window. */
const MOST_UNREAD_BYTES = 2 * GUEST_WINDOW_BYTES;

/** The client's side of one process. It receives the agent's notifications, possibly before the response to `spawn`. */
export class ProcessRecord {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly exited: Promise<GuestExit>;
  private hasExited = false;
  private settle: { resolve(exit: GuestExit): void; reject(error: Error): void } = {
    resolve() {},
    reject() {},
  };

  constructor(
    private readonly processId: number,
    private readonly agent: AgentCalls,
  ) {
    const consumed = (bytes: number): void => agent.consumed(processId, bytes);
    this.stdout = new OutputStream(consumed);
    this.stderr = new OutputStream(consumed);
    this.exited = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.exited.catch(() => {});
  }

  handle({ pid, agentPid }: GuestResult<'spawn'>): GuestProcess {
    const { processId, agent } = this;
    return {
      pid,
      agentPid,
      stdin: inputStream(processId, agent),
      stdout: this.stdout,
      stderr: this.stderr,
      exited: this.exited,
      resume: async () => {
        await agent.request('resume', { processId });
      },
      kill: async (signal, options) => {
        await agent.request('kill', { processId, signal, group: options?.group ?? false });
      },
    };
  }

  /** False when the agent violates the protocol: output after its end, or more than the window allows. */
  output(stream: GuestStream, bytes: Uint8Array): boolean {
    if (this[stream].isOver) return false;
    this[stream].receive(Buffer.from(bytes));
    return this.stdout.unreadBytes + this.stderr.unreadBytes <= MOST_UNREAD_BYTES;
  }
  outputEnd(stream: GuestStream): void {
    this[stream].finish();
  }
  exit(exit: GuestExit): void {
    this.hasExited = true;
    this.settle.resolve(exit);
  }
  /** True when no more notifications can follow. */
  get isOver(): boolean {
    return this.hasExited && this.stdout.isOver && this.stderr.isOver;
  }
  fail(error: Error): void {
    this.settle.reject(error);
    this.stdout.finish();
    this.stderr.finish();
  }
}

/** Confirms bytes as they are read, for the agent's flow control. */
class OutputStream extends Readable {
  private unconfirmedBytes = 0;
  private finished = false;

  constructor(private readonly consumed: (bytes: number) => void) {
    super({ highWaterMark: 256 << 10 });
  }
  get isOver(): boolean {
    return this.finished;
  }
  /** Bytes not yet confirmed. */
  get unreadBytes(): number {
    return this.unconfirmedBytes;
  }
  receive(bytes: Buffer): void {
    if (this.destroyed) {
      this.consumed(bytes.byteLength);
      return;
    }
    this.unconfirmedBytes += bytes.byteLength;
    if (this.push(bytes)) this.confirm();
  }
  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.push(null);
  }
  override _read(): void {
    this.confirm();
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.confirm();
    done(error);
  }
  private confirm(): void {
    if (this.unconfirmedBytes === 0) return;
    this.consumed(this.unconfirmedBytes);
    this.unconfirmedBytes = 0;
  }
}

function inputStream(processId: number, agent: AgentCalls): Writable {
  const send = async (bytes: Buffer, end: boolean): Promise<void> => {
    for (let at = 0; at < bytes.byteLength || end; at += GUEST_WRITE_BYTES) {
      const last = at + GUEST_WRITE_BYTES >= bytes.byteLength;
      const base64 = bytes.subarray(at, at + GUEST_WRITE_BYTES).toString('base64');
      await agent.request('write', { processId, base64, end: end && last });
      if (last) return;
    }
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void send(chunk, false).then(() => done(), done),
    final: done => void send(Buffer.alloc(0), true).then(() => done(), done),
  });
}
