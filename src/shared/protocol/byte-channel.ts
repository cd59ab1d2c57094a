/** An ordered, reliable byte stream in both directions. */
export interface ByteChannel {
  /**
   * Queues bytes, which must stay unchanged until `written` is called (never, when the channel closes first). False: send
   * no further data until `onDrain`.
   */
  write(bytes: Uint8Array, written?: () => void): boolean;
  /**
   * Starts the flow of incoming bytes; called once. They are valid during the call. A channel that can reads straight
   * into `space()`, which is asked for before each read.
   */
  onBytes(listener: (bytes: Uint8Array) => void, space?: () => Uint8Array): void;
  onDrain(listener: () => void): void;
  /** Called once, when either direction has closed. */
  onClose(listener: (error: Error | undefined) => void): void;
  /** Stops and restarts the flow of incoming bytes. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** The part of Node's Duplex that a channel needs (net.Socket, a child's extra stdio pipe…). */
export interface DuplexLike {
  write(bytes: Uint8Array, written?: (error?: Error | null) => void): boolean;
  on(event: 'data', listener: (bytes: Uint8Array) => void): unknown;
  on(event: 'drain' | 'close' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
}

/** A Node stream as a channel. The end of the readable side closes it: no protocol here has half-open streams. */
export function duplexChannel(stream: DuplexLike): ByteChannel {
  let failure: Error | undefined;
  stream.on('error', error => {
    failure = error;
  });
  return {
    write: (bytes, written) => (written ? stream.write(bytes, written) : stream.write(bytes)),
    onBytes: listener => void stream.on('data', listener),
    onDrain: listener => void stream.on('drain', listener),
    onClose: listener => {
      stream.on('end', () => stream.destroy());
      stream.on('close', () => listener(failure));
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    close: () => void stream.destroy(),
  };
}
