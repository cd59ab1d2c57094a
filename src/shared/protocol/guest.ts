/**
 * The contract between the session room and the agent inside the sandbox VM: JSON-RPC in the frames of frames.ts over
 * one virtio-serial port. The agent starts processes in the guest (workloads, the helper, test jobs) and relays their
 * standard streams; a helper's frames have a port of their own and never pass through it.
 */
export const GUEST_PROTOCOL_VERSION = 1;

/** Names of the virtio-serial ports (/sys/class/virtio-ports/<port>/name). */
export const GUEST_PORTS = { agent: 'bpfw.agent', helper: 'bpfw.helper' } as const;

export interface GuestSpawn {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Started with SIGSTOP pending: its pid is known, it has not run an instruction of its own until `resume`. */
  readonly stopped: boolean;
  readonly uid: number;
  readonly gid: number;
}

export interface GuestRequests {
  spawn: { params: GuestSpawn; result: { readonly processId: number; readonly pid: number } };
  /** Releases a process that was spawned stopped. */
  resume: { params: { readonly processId: number }; result: null };
  write: { params: { readonly processId: number; readonly base64: string; readonly end: boolean }; result: null };
  kill: { params: { readonly processId: number; readonly signal: string }; result: null };
  powerOff: { params: Record<string, never>; result: null };
}
export type GuestMethod = keyof GuestRequests;

export interface GuestNotifications {
  /** Sent once, when the guest is up. */
  ready: { readonly protocolVersion: number; readonly kernelRelease: string; readonly nodeVersion: string; readonly accelerated: boolean };
  output: { readonly processId: number; readonly stream: 'stdout' | 'stderr'; readonly base64: string };
  exit: { readonly processId: number; readonly code: number | null; readonly signal: string | null };
}
