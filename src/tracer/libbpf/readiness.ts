/**
 * Waits for a file descriptor to become readable or writable, through libuv's poll as exported by koffi. koffi does not
 * document that export; where it is missing, callers poll on a timer.
 */
import { pollHandle } from './ffi';

export interface Readiness {
  /** Calls the listener while the descriptor is ready (level-triggered); starts stopped. */
  start(): void;
  stop(): void;
  /** Sets what to wait for; restarts a running watch. The default is readable only. */
  want(events: { readonly readable: boolean; readonly writable: boolean }): void;
  close(): void;
}

type Handle = ReturnType<NonNullable<typeof pollHandle>>;

/** Keeps handles reachable: a garbage-collected one silently stops reporting. */
const held = new Set<Handle>();

/** null where koffi has no poll. The descriptor must outlive the Readiness. libuv allows one per descriptor. */
export function watchDescriptor(fd: number, listener: () => void): Readiness | null {
  if (!pollHandle) return null;
  let events = { readable: true, writable: false };
  const handle = pollHandle(fd, events, listener);
  handle.stop();
  held.add(handle);
  let running = false;
  let closed = false;
  return {
    start() {
      if (running || closed) return;
      running = true;
      handle.start(events, listener);
    },
    stop() {
      if (!running || closed) return;
      running = false;
      handle.stop();
    },
    want({ readable, writable }) {
      if (closed || (readable === events.readable && writable === events.writable)) return;
      events = { readable, writable };
      if (running) handle.start(events, listener);
    },
    close() {
      if (closed) return;
      closed = true;
      handle.close();
      held.delete(handle);
    },
  };
}
