/**
 * Being told that a file descriptor can be read or written, through libuv's poll as koffi exports it. koffi does not
 * document that export, so its absence is survived: callers then look by themselves on a timer.
 */
import { pollHandle } from './ffi';

export interface Readiness {
  /** Calls the listener while the descriptor is ready (level-triggered); starts stopped. */
  start(): void;
  stop(): void;
  /** What to wait for from now on; restarts a running one. Readable only, unless told otherwise. */
  want(events: { readonly readable: boolean; readonly writable: boolean }): void;
  close(): void;
}

type Handle = ReturnType<NonNullable<typeof pollHandle>>;

/** Handles must stay reachable: a collected one goes silent without a word. */
const held = new Set<Handle>();

/** null where koffi has no poll. The descriptor must outlive the Readiness. One per descriptor: libuv's rule. */
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
