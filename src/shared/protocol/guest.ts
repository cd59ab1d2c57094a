/**
 * The contract between the session room and the agent inside the sandbox VM: JSON-RPC in the frames of frames.ts over
 * one virtio-serial port. The agent starts processes in the guest (workloads, the tracer, test jobs) and relays their
 * standard streams; the tracer's frames use their own port and never pass through it. Root in the guest can impersonate
 * the agent: every message has a schema, and the client stops a guest that sends anything else.
 *
 * Output travels as data frames (DataContent.processOutput, session = process id, stream = GUEST_STREAM). Each process
 * may have GUEST_WINDOW_BYTES of output that `consumed` has not confirmed; its pipes are not read until it has, so that
 * a flood of output neither grows a queue nor delays other processes for long.
 */
import * as v from 'valibot';

export const GUEST_PROTOCOL_VERSION = 2;

/** Names of the virtio-serial ports (/sys/class/virtio-ports/<port>/name). */
export const GUEST_PORTS = { agent: 'bpfw.agent', tracer: 'bpfw.tracer' } as const;

export const GUEST_WINDOW_BYTES = 1 << 20;
/** Maximum number of bytes of one `write`, before base64. */
export const GUEST_WRITE_BYTES = 256 << 10;

export const GUEST_STREAM = { stdout: 1, stderr: 2 } as const;
export type GuestStream = keyof typeof GUEST_STREAM;

/** Maximum number of open processes per client: running, or with unread output. */
export const GUEST_PROCESSES = 1024;

export interface GuestSpawn {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Starts the process stopped: its pid is known, but it has not executed an instruction of its own until `resume`. */
  readonly stopped: boolean;
  readonly uid: number;
  readonly gid: number;
  /**
   * Drops the guest's cache of the host's files first, which would hide changes made since. Costs about 0.1 s, and big
   * programs are read again.
   */
  readonly fresh?: boolean;
}

/** Parameters of the client's requests; results are those of GuestResultSchemas. */
export interface GuestParams {
  /**
   * The client chooses the process's id, which must not have been used before. Every process is the leader of its own
   * session and process group. Fails with GuestErrorData when it cannot start.
   */
  spawn: GuestSpawn & { readonly processId: number };
  /** Releases a process that was spawned stopped. */
  resume: { readonly processId: number };
  /** Responds when the process's pipe has accepted the bytes. Bytes for a process that closed its stdin are dropped. */
  write: { readonly processId: number; readonly base64: string; readonly end: boolean };
  /** Signals the process or its whole group; no error if it has already exited. */
  kill: { readonly processId: number; readonly signal: string; readonly group: boolean };
  /** Responds when the host has opened the named port (an earlier read would return EOF), or has closed it. */
  awaitPort: { readonly name: string; readonly connected: boolean };
  powerOff: Record<string, never>;
}
export type GuestMethod = keyof GuestParams;

/** Client to agent. */
export interface GuestAcknowledgements {
  consumed: { readonly processId: number; readonly bytes: number };
}

const positive = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffffffff));
const text = v.pipe(v.string(), v.maxLength(256));
const stream = v.picklist(['stdout', 'stderr']);

export const GuestResultSchemas = {
  spawn: v.strictObject({ pid: positive, agentPid: positive }),
  resume: v.null(),
  write: v.null(),
  kill: v.null(),
  awaitPort: v.null(),
  powerOff: v.null(),
} as const satisfies Record<GuestMethod, unknown>;
export type GuestResult<M extends GuestMethod> = v.InferOutput<(typeof GuestResultSchemas)[M]>;

/** Agent to client. */
export const GuestNotificationSchemas = {
  /** Sent once, when the guest is up; `uptimeS`: seconds since its kernel started. */
  ready: v.strictObject({
    protocolVersion: v.number(),
    kernelRelease: text,
    nodeVersion: text,
    uptimeS: v.number(),
  }),
  /** End of this stream. */
  outputEnd: v.strictObject({ processId: positive, stream }),
  /** The process exited; its children may still hold its output open. */
  exit: v.strictObject({ processId: positive, code: v.nullable(v.number()), signal: v.nullable(text) }),
} as const;
export type GuestNotification = keyof typeof GuestNotificationSchemas;
export type GuestNotifications = {
  [N in GuestNotification]: v.InferOutput<(typeof GuestNotificationSchemas)[N]>;
};

/** In a failed request's data; `errnoName` e.g. "ENOENT". */
export const GuestErrorSchema = v.strictObject({ errnoName: v.pipe(v.string(), v.maxLength(64)) });
export type GuestErrorData = v.InferOutput<typeof GuestErrorSchema>;
/** JSON-RPC error code of every GuestErrorData (the range the specification leaves to applications). */
export const GUEST_RPC_ERROR = -32001;
