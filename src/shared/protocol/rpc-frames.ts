/**
 * JSON-RPC, blobs and data over the frames of frames.ts, on any byte channel. Used at both ends of the tracer's and the
 * guest agent's streams. A process that calls createFrameConnection must import 'vscode-jsonrpc/node' or install another
 * runtime once: the library needs its timers and text coders.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  ConnectionError,
  createMessageConnection,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  type Logger,
  Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
  ResponseError,
} from 'vscode-jsonrpc';
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8';
import { DataMemory } from './data-memory';
import { FrameSplitter, type ReceivedFrame } from './frame-splitter';
import {
  DATA_HEADER_BYTES,
  type DataFrame,
  decodeBlob,
  decodeData,
  encodeBlob,
  encodeDataHeader,
  encodeFrame,
  FRAME_HEADER_BYTES,
  FRAME_LIMIT_BYTES,
  FrameError,
  FrameKind,
  writeDataHeader,
  writeFrameHeader,
} from './frames';

/** True for errors of requests that failed because the connection closed; not for error responses of the peer. */
export function isConnectionGone(error: unknown): boolean {
  return (
    error instanceof ConnectionError ||
    (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected)
  );
}

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

export interface FrameConnection {
  /** Register handlers first, then call `rpc.listen()`, which starts reading. */
  readonly rpc: MessageConnection;
  /** Sends a blob; the message that refers to the returned id must follow. Throws FrameError 'too-long'. */
  sendBlob(bytes: Uint8Array): number;
  /** Removes and returns a received blob. Throws FrameError 'malformed' when the peer never sent it. */
  takeBlob(blobId: number): Uint8Array;
  /**
   * Memory for the bytes of the next data frame, with headroom for its header. It is reused once that frame is written,
   * so that a steady stream does not allocate. The content is arbitrary.
   */
  dataMemory(bytes: number): Uint8Array;
  /**
   * Takes ownership of `bytes` from dataMemory(); other large arrays are not copied either and must stay unchanged until
   * written. False: wait for `drained()`. Throws FrameError 'too-long'.
   */
  sendData(header: Omit<DataFrame, 'bytes'>, bytes: Uint8Array): boolean;
  /** Frames arrive in order, and before any later RPC message. */
  onData(listener: (frame: DataFrame) => void): void;
  /** False while the channel has more unwritten bytes than its high-water mark. */
  readonly writable: boolean;
  /** Resolves when the channel accepts data again, or is closed. */
  drained(): Promise<void>;
  /** Called each time the channel accepts data again. */
  onDrained(listener: () => void): void;
  /** Pauses and resumes incoming frames; the channel applies backpressure to the peer. */
  pause(): void;
  resume(): void;
  /** Called once; the reason is undefined when the peer closed without an error. */
  onClosed(listener: (reason: Error | undefined) => void): void;
  /** Idempotent. Pending requests are rejected. */
  close(reason?: Error): void;
}

export interface FrameConnectionOptions {
  /** False: a request of the peer closes the connection. Default: true. */
  readonly takesRequests?: boolean;
  /** Limit of the bytes of received blobs that no message has taken yet; exceeding it closes the connection. Default: one blob of maximum size. */
  readonly pendingBlobBytes?: number;
  readonly logger?: Logger;
}

const SMALL_FRAME_BYTES = 16 << 10;
/** Limits the number too, because empty blobs also use memory. */
const MOST_PENDING_BLOBS = 1024;
/**
 * vscode-jsonrpc handles one message per turn of the event loop and queues the others without a limit, while a turn may
 * receive thousands: reading stops while more than this many are queued.
 */
const MOST_WAITING_MESSAGES = 256;
const silent: Logger = { error: () => {}, warn: () => {}, info: () => {}, log: () => {} };

class FrameReader extends AbstractMessageReader implements MessageReader {
  constructor(private readonly start: (callback: DataCallback) => void) {
    super();
  }
  listen(callback: DataCallback): Disposable {
    this.start(callback);
    return { dispose: () => {} };
  }
  closed(reason: Error | undefined): void {
    if (reason) this.fireError(reason);
    this.fireClose();
  }
}

class FrameWriter extends AbstractMessageWriter implements MessageWriter {
  constructor(
    private readonly send: (payload: Uint8Array) => void,
    private readonly ids: OpenRequests,
  ) {
    super();
  }
  write(message: Message): Promise<void> {
    try {
      this.ids.sent(message);
      this.send(encodeUtf8(JSON.stringify(message)));
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }
  end(): void {}
}

/**
 * The unanswered requests of both directions. vscode-jsonrpc does not check ids: two requests with the same id would
 * replace each other in its queue, and a response to no request would stay there.
 */
class OpenRequests {
  private readonly ours = new Set<unknown>();
  private readonly theirs = new Set<unknown>();

  constructor(private readonly takesRequests: boolean) {}

  sent(message: Message): void {
    if (Message.isRequest(message)) this.ours.add(message.id);
    else if (Message.isResponse(message)) this.theirs.delete(message.id);
  }

  /** Throws FrameError 'malformed' for a message that is not valid at this point. */
  received(message: Message): void {
    if (Message.isRequest(message)) {
      if (!this.takesRequests)
        throw new FrameError('malformed', 'a request from a peer that may only respond');
      if (this.theirs.has(message.id))
        throw new FrameError('malformed', 'two open requests with the same id');
      this.theirs.add(message.id);
    } else if (Message.isResponse(message)) {
      if (!this.ours.delete(message.id)) throw new FrameError('malformed', 'a response without a request');
    } else if (!Message.isNotification(message)) {
      throw new FrameError('malformed', 'not a request, response or notification');
    }
    // "$/cancelRequest" and the like (Language Server Protocol, "$ Notifications and Requests") are not used here.
    if ('method' in message && String(message.method).startsWith('$/'))
      throw new FrameError('malformed', 'an unsupported kind of message');
  }
}

/** Creates a frame connection over a channel. A malformed or oversized frame closes it, with a FrameError as the reason. */
export function createFrameConnection(
  channel: ByteChannel,
  options: FrameConnectionOptions = {},
): FrameConnection {
  const blobs = new Map<number, Uint8Array>();
  const pendingBlobLimit = options.pendingBlobBytes ?? FRAME_LIMIT_BYTES[FrameKind.blob];
  const dataListeners: ((frame: DataFrame) => void)[] = [];
  const drainListeners: (() => void)[] = [];
  const closeListeners: ((reason: Error | undefined) => void)[] = [];
  let drainWaiters: (() => void)[] = [];
  const ids = new OpenRequests(options.takesRequests ?? true);
  let pendingBlobBytes = 0;
  let nextBlobId = 1;
  let writable = true;
  let closed: { readonly reason: Error | undefined } | undefined;
  let onMessage: DataCallback = () => {};
  let waitingMessages = 0;
  let heldByCaller = false;
  let heldByQueue = false;
  let ended: { readonly error: Error | undefined } | undefined;

  const write = (bytes: Uint8Array, written?: () => void): boolean => {
    if (closed) throw closed.reason ?? new FrameError('closed', 'the connection is closed');
    writable = channel.write(bytes, written);
    return writable;
  };
  const checkLength = (kind: FrameKind, bytes: number): void => {
    if (bytes > FRAME_LIMIT_BYTES[kind]) {
      throw new FrameError(
        'too-long',
        `frame of ${bytes} bytes, over the limit of ${FRAME_LIMIT_BYTES[kind]}`,
      );
    }
  };
  const releaseDrainWaiters = (): void => {
    const waiters = drainWaiters;
    drainWaiters = [];
    for (const waiter of waiters) waiter();
  };

  const receiveFrame = (received: ReceivedFrame): void => {
    if (closed) return;
    if (received.kind === FrameKind.data) {
      const frame = decodeData(received.head, received.bytes);
      for (const listener of dataListeners) listener(frame);
    } else if (received.kind === FrameKind.blob) {
      const { blobId, bytes } = decodeBlob(received.bytes);
      if (blobs.has(blobId)) throw new FrameError('malformed', `blob id ${blobId} used twice`);
      pendingBlobBytes += bytes.byteLength;
      if (pendingBlobBytes > pendingBlobLimit || blobs.size >= MOST_PENDING_BLOBS)
        throw new FrameError('too-long', 'too many unused blobs');
      blobs.set(blobId, bytes);
    } else {
      const message = parseMessage(received.bytes);
      ids.received(message);
      if (++waitingMessages > MOST_WAITING_MESSAGES && !heldByQueue) {
        heldByQueue = true;
        channel.pause();
      }
      onMessage(message);
    }
  };
  const messageHandled = (): void => {
    waitingMessages--;
    if (!heldByQueue || waitingMessages > MOST_WAITING_MESSAGES / 2) return;
    heldByQueue = false;
    if (!heldByCaller && !closed) channel.resume();
  };
  const splitter = new FrameSplitter(receiveFrame);

  const reader = new FrameReader(callback => {
    onMessage = callback;
    channel.onBytes(
      bytes => {
        if (closed) return;
        try {
          splitter.push(bytes);
        } catch (error) {
          close(error instanceof Error ? error : new Error(String(error)));
        }
      },
      () => splitter.space(),
    );
  });
  const memory = new DataMemory();
  const writer = new FrameWriter(payload => {
    checkLength(FrameKind.rpc, payload.byteLength);
    write(encodeFrame(FrameKind.rpc, payload));
  }, ids);
  const rpc = createMessageConnection(reader, writer, options.logger ?? silent, {
    messageStrategy: {
      handleMessage(message, next) {
        messageHandled();
        const handled = next(message);
        // The request need not be handled: its response could not be sent any more.
        if (waitingMessages === 0 && ended) void Promise.resolve(ended.error).then(close);
        return handled;
      },
    },
  });

  const close = (reason?: Error): void => {
    if (closed) return;
    closed = { reason };
    blobs.clear();
    channel.close();
    reader.closed(reason);
    rpc.dispose();
    releaseDrainWaiters();
    for (const listener of closeListeners) listener(reason);
  };
  channel.onClose(error => {
    // Deliver the peer's last messages, which are still queued in the event loop, before the close.
    if (waitingMessages > 0) ended = { error };
    else close(error);
  });
  channel.onDrain(() => {
    writable = true;
    releaseDrainWaiters();
    for (const listener of drainListeners) listener();
  });

  return {
    rpc,
    sendBlob(bytes) {
      const blobId = nextBlobId++;
      checkLength(FrameKind.blob, bytes.byteLength + 4);
      write(encodeBlob(blobId, bytes));
      return blobId;
    },
    takeBlob(blobId) {
      const bytes = blobs.get(blobId);
      if (!bytes) throw new FrameError('malformed', `no blob ${blobId} was received`);
      blobs.delete(blobId);
      pendingBlobBytes -= bytes.byteLength;
      return bytes;
    },
    sendData(header, bytes) {
      const payloadBytes = DATA_HEADER_BYTES + bytes.byteLength;
      checkLength(FrameKind.data, payloadBytes);
      if (memory.owns(bytes)) {
        const frame = bytes.buffer;
        const start = bytes.byteOffset - DATA_HEADER_BYTES - FRAME_HEADER_BYTES;
        writeFrameHeader(new DataView(frame, start), FrameKind.data, payloadBytes);
        writeDataHeader(new DataView(frame, start + FRAME_HEADER_BYTES), header);
        const whole = new Uint8Array(frame, start, FRAME_HEADER_BYTES + payloadBytes);
        return write(whole, () => memory.giveBack(frame));
      }
      const head = encodeDataHeader(header);
      if (bytes.byteLength <= SMALL_FRAME_BYTES) return write(encodeFrame(FrameKind.data, head, bytes));
      const start = encodeFrame(FrameKind.data, head);
      writeFrameHeader(new DataView(start.buffer), FrameKind.data, payloadBytes);
      write(start);
      return write(bytes);
    },
    dataMemory: bytes => memory.take(bytes),
    onData: listener => void dataListeners.push(listener),
    get writable() {
      return writable;
    },
    drained: () =>
      writable || closed ? Promise.resolve() : new Promise(resolve => drainWaiters.push(resolve)),
    onDrained: listener => void drainListeners.push(listener),
    pause() {
      heldByCaller = true;
      channel.pause();
    },
    resume() {
      heldByCaller = false;
      if (!heldByQueue) channel.resume();
    },
    onClosed(listener) {
      if (closed) listener(closed.reason);
      else closeListeners.push(listener);
    },
    close,
  };
}

/** Throws FrameError 'malformed' for what is not a JSON-RPC 2.0 object. */
function parseMessage(payload: Uint8Array): Message {
  let message: unknown;
  try {
    message = JSON.parse(decodeUtf8(payload));
  } catch {
    throw new FrameError('malformed', 'RPC frame that is not JSON');
  }
  if (
    typeof message !== 'object' ||
    message === null ||
    !('jsonrpc' in message) ||
    message.jsonrpc !== '2.0'
  ) {
    throw new FrameError('malformed', 'RPC frame without a JSON-RPC 2.0 message');
  }
  return message as Message;
}
