/**
 * The contract between the session room and the agent inside the sandbox VM: JSON-RPC in the frames of frames.ts over
 * one virtio-serial port. The agent starts processes in the guest (workloads, the helper, test jobs) and relays their
 * standard streams; a helper's frames have a port of their own and never pass through it.
 *
 * Output travels as data frames (DataContent.processOutput, session = process id, stream = GUEST_STREAM). Each process
 * may have GUEST_WINDOW_BYTES of output on the way that `consumed` has not confirmed; then its pipes are left alone
 * until it has, so that one flood neither grows a queue nor delays other processes for long.
 */
export const GUEST_PROTOCOL_VERSION = 1;

/** Names of the virtio-serial ports (/sys/class/virtio-ports/<port>/name). */
export const GUEST_PORTS = { agent: 'bpfw.agent', helper: 'bpfw.helper' } as const;

export const GUEST_WINDOW_BYTES = 1 << 20;
/** Most bytes of one `write`, before base64. */
export const GUEST_WRITE_BYTES = 256 << 10;

export const GUEST_STREAM = { stdout: 1, stderr: 2 } as const;
export type GuestStream = keyof typeof GUEST_STREAM;

export interface GuestSpawn {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Started with SIGSTOP pending: its pid is known, it has not run an instruction of its own until `resume`. */
  readonly stopped: boolean;
  readonly uid: number;
  readonly gid: number;
  /**
   * Look at this machine's files anew first: the guest keeps what it has read or missed of them, and would not see
   * that they changed since. Costs about 0.1 s, and big programs are read again.
   */
  readonly fresh?: boolean;
}

export interface GuestRequests {
  /** Every process leads a session and process group of its own. Fails with GuestErrorData when it cannot start. */
  spawn: { params: GuestSpawn; result: { readonly processId: number; readonly pid: number } };
  /** Releases a process that was spawned stopped. */
  resume: { params: { readonly processId: number }; result: null };
  /** Answers when the process's pipe took the bytes. Bytes for a process that closed its stdin are dropped. */
  write: {
    params: { readonly processId: number; readonly base64: string; readonly end: boolean };
    result: null;
  };
  /** A signal to the process or its whole group; one that has ended already is no error. */
  kill: {
    params: { readonly processId: number; readonly signal: string; readonly group: boolean };
    result: null;
  };
  /** Answers when the outside has the named port open (a read before that would see its end), or has it closed. */
  awaitPort: { params: { readonly name: string; readonly connected: boolean }; result: null };
  powerOff: { params: Record<string, never>; result: null };
}
export type GuestMethod = keyof GuestRequests;

/** Client to agent. */
export interface GuestAcknowledgements {
  consumed: { readonly processId: number; readonly bytes: number };
}

/** Agent to client. */
export interface GuestNotifications {
  /** Sent once, when the guest is up. */
  ready: {
    readonly protocolVersion: number;
    readonly kernelRelease: string;
    readonly nodeVersion: string;
    /** Seconds since the guest's kernel started. */
    readonly uptimeS: number;
  };
  /** Nothing more will come on this stream. */
  outputEnd: { readonly processId: number; readonly stream: GuestStream };
  /** The process ended; children of it may still hold its output open. */
  exit: { readonly processId: number; readonly code: number | null; readonly signal: string | null };
}

/** In a failed request's data. */
export interface GuestErrorData {
  /** errno name, e.g. "ENOENT". */
  readonly errnoName: string;
}
/** JSON-RPC error code of every GuestErrorData (the range the specification leaves to applications). */
export const GUEST_RPC_ERROR = -32001;
