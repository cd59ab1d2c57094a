/**
 * JSON-RPC, blobs and data over the frames of frames.ts, on any byte channel. Used at both ends of the tracer's and the
 * guest agent's streams. A process that calls createFrameConnection must import 'vscode-jsonrpc/node' or install another
 * runtime once: the library needs its timers and text coders.
 */
import {
  ConnectionError,
  createMessageConnection,
  type DataCallback,
  ErrorCodes,
  type Logger,
  type MessageConnection,
  ResponseError,
} from 'vscode-jsonrpc';
import type { ByteChannel } from './byte-channel';
import { DataMemory } from './data-memory';
import { FrameSplitter, type ReceivedFrame } from './frame-splitter';
import {
  DATA_HEADER_BYTES,
  type DataFrame,
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
import { PendingBlobs } from './pending-blobs';
import { FrameReader, FrameWriter, OpenRequests, parseMessage, WaitingMessages } from './rpc-messages';

/** True for errors of requests that failed because the connection closed; not for error responses of the peer. */
export function isConnectionGone(error: unknown): boolean {
  return (
    error instanceof ConnectionError ||
    (error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected)
  );
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
const silent: Logger = { error: () => {}, warn: () => {}, info: () => {}, log: () => {} };

/** Creates a frame connection over a channel. A malformed or oversized frame closes it, with a FrameError as the reason. */
export function createFrameConnection(
  channel: ByteChannel,
  options: FrameConnectionOptions = {},
): FrameConnection {
  const blobs = new PendingBlobs(options.pendingBlobBytes ?? FRAME_LIMIT_BYTES[FrameKind.blob]);
  const dataListeners: ((frame: DataFrame) => void)[] = [];
  const drainListeners: (() => void)[] = [];
  const closeListeners: ((reason: Error | undefined) => void)[] = [];
  let drainWaiters: (() => void)[] = [];
  const ids = new OpenRequests(options.takesRequests ?? true);
  let nextBlobId = 1;
  let writable = true;
  let closed: { readonly reason: Error | undefined } | undefined;
  let onMessage: DataCallback = () => {};
  const waiting = new WaitingMessages(channel);
  let ended: { readonly error: Error | undefined } | undefined;

  const write = (bytes: Uint8Array, written?: () => void): boolean => {
    if (closed) throw closed.reason ?? new FrameError('closed', 'the connection is closed');
    writable = channel.write(bytes, written);
    return writable;
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
      blobs.receive(received.bytes);
    } else {
      const message = parseMessage(received.bytes);
      ids.received(message);
      waiting.received();
      onMessage(message);
    }
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
        waiting.handled(closed === undefined);
        const handled = next(message);
        // The request need not be handled: its response could not be sent any more.
        if (waiting.isEmpty && ended) void Promise.resolve(ended.error).then(close);
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
    if (!waiting.isEmpty) ended = { error };
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
    takeBlob: blobId => blobs.take(blobId),
    sendData(header, bytes) {
      checkLength(FrameKind.data, DATA_HEADER_BYTES + bytes.byteLength);
      return writeData(write, memory, header, bytes);
    },
    dataMemory: bytes => memory.take(bytes),
    onData: listener => void dataListeners.push(listener),
    get writable() {
      return writable;
    },
    drained: () =>
      writable || closed ? Promise.resolve() : new Promise(resolve => drainWaiters.push(resolve)),
    onDrained: listener => void drainListeners.push(listener),
    pause: () => waiting.pause(),
    resume: () => waiting.resume(),
    onClosed(listener) {
      if (closed) listener(closed.reason);
      else closeListeners.push(listener);
    },
    close,
  };
}

function checkLength(kind: FrameKind, bytes: number): void {
  const limit = FRAME_LIMIT_BYTES[kind];
  if (bytes > limit) throw new FrameError('too-long', `frame of ${bytes} bytes, over the limit of ${limit}`);
}

/** Writes a data frame without copying its bytes, unless they are few. */
function writeData(
  write: ByteChannel['write'],
  memory: DataMemory,
  header: Omit<DataFrame, 'bytes'>,
  bytes: Uint8Array,
): boolean {
  const payloadBytes = DATA_HEADER_BYTES + bytes.byteLength;
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
}
