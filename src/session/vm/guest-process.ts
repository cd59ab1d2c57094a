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

/** A process in the guest. Read stdout and stderr, or the process stands still when GUEST_WINDOW_BYTES are full. */
export interface GuestProcess {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects with VmError 'guest-died' or 'disposed' when the guest ends first. */
  readonly exited: Promise<GuestExit>;
  /** Releases a process that was spawned stopped. */
  resume(): Promise<void>;
  /** Signals the process, or its whole group. One that has already ended is not an error. */
  kill(signal: NodeJS.Signals, options?: { readonly group?: boolean }): Promise<void>;
}

/** What a process record needs of the connection to the agent. */
export interface AgentCalls {
  request<M extends GuestMethod>(method: M, params: GuestParams[M]): Promise<GuestResult<M>>;
  consumed(processId: number, bytes: number): void;
}

/** The agent stops a process's output at the window, after the chunk that filled it: twice that never comes. */
const MOST_UNREAD_BYTES = 2 * GUEST_WINDOW_BYTES;

/** The client's side of one process: what the agent says of it arrives here, perhaps before `spawn` was answered. */
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

  handle(pid: number): GuestProcess {
    const { processId, agent } = this;
    return {
      pid,
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

  /** False: the agent breaks the contract, by output after its end or more than may be on the way. */
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
  /** Nothing more is to come of it. */
  get isOver(): boolean {
    return this.hasExited && this.stdout.isOver && this.stderr.isOver;
  }
  fail(error: Error): void {
    this.settle.reject(error);
    this.stdout.finish();
    this.stderr.finish();
  }
}

/** Confirms bytes as its reader takes them, so that the agent knows how much may be on the way. */
class OutputStream extends Readable {
  private unconfirmedBytes = 0;
  private finished = false;

  constructor(private readonly consumed: (bytes: number) => void) {
    super({ highWaterMark: 256 << 10 });
  }
  get isOver(): boolean {
    return this.finished;
  }
  /** Bytes that were not confirmed. */
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
