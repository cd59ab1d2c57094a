/** JSON-RPC messages as the payload of frames: vscode-jsonrpc's reader and writer, and what it does not check. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  Message,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc';
import { decodeUtf8, encodeUtf8 } from '../bytes/utf8';
import type { ByteChannel } from './byte-channel';
import { FrameError } from './frames';

export class FrameReader extends AbstractMessageReader implements MessageReader {
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

export class FrameWriter extends AbstractMessageWriter implements MessageWriter {
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
export class OpenRequests {
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

/**
 * vscode-jsonrpc handles one message per turn of the event loop and queues the others without a limit, while a turn may
 * receive thousands: reading stops while more than this many are queued.
 */
const MOST_WAITING_MESSAGES = 256;

/** Counts the messages that vscode-jsonrpc has queued, and pauses the channel while they are too many, or its owner wants. */
export class WaitingMessages {
  private count = 0;
  private heldByOwner = false;
  private heldByQueue = false;

  constructor(private readonly channel: ByteChannel) {}

  get isEmpty(): boolean {
    return this.count === 0;
  }

  received(): void {
    if (++this.count <= MOST_WAITING_MESSAGES || this.heldByQueue) return;
    this.heldByQueue = true;
    this.channel.pause();
  }

  handled(isOpen: boolean): void {
    this.count--;
    if (!this.heldByQueue || this.count > MOST_WAITING_MESSAGES / 2) return;
    this.heldByQueue = false;
    if (!this.heldByOwner && isOpen) this.channel.resume();
  }

  pause(): void {
    this.heldByOwner = true;
    this.channel.pause();
  }

  resume(): void {
    this.heldByOwner = false;
    if (!this.heldByQueue) this.channel.resume();
  }
}

/** Throws FrameError 'malformed' for what is not a JSON-RPC 2.0 object. */
export function parseMessage(payload: Uint8Array): Message {
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
