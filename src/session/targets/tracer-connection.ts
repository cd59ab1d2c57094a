/**
 * The client's end of the connection to the tracer: receives its hello message, sends requests, and passes on the data
 * it sends. Closing it ends the tracer and everything it attached.
 */

import { timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { ResponseError } from 'vscode-jsonrpc/node';
import { WorkbenchError } from '../../shared/errors/workbench-error';
import type { ByteChannel } from '../../shared/protocol/byte-channel';
import { type DataFrame, FrameError } from '../../shared/protocol/frames';
import {
  createFrameConnection,
  type FrameConnection,
  isConnectionGone,
} from '../../shared/protocol/rpc-frames';
import {
  type Hello,
  HelloSchema,
  TRACER_PROTOCOL_VERSION,
  TRACER_RPC_ERROR,
  type TracerErrorCode,
  type TracerErrorData,
  TracerErrorDataSchema,
  type TracerMethod,
  TracerNotificationSchemas,
  type TracerParams,
  TracerResultSchemas,
  type TracerResults,
} from '../../shared/protocol/tracer';
import { escapeText } from '../../shared/text/escape';
import { SessionError } from '../errors';

/** A request the tracer refused; `code`, errno and log are the tracer's, `message` is for the user. */
export class TracerRequestError extends WorkbenchError<TracerErrorCode> {
  override readonly name = 'TracerRequestError';

  constructor(
    readonly method: TracerMethod,
    code: TracerErrorCode,
    message: string,
    readonly data: TracerErrorData,
    /** The kernel's whole verifier log, if the verifier rejected a program. */
    readonly verifierLog: string | null,
  ) {
    super(code, message);
  }
}

export interface TracerConnection {
  readonly hello: Hello;
  /** Throws TracerRequestError, or SessionError 'tracer-died' if the connection is closed. */
  request<M extends TracerMethod>(method: M, params: TracerParams<M>): Promise<TracerResults[M]>;
  sendBlob(bytes: Uint8Array): number;
  /** Throws SessionError 'tracer-died' for a blob that never arrived, and closes the connection. */
  takeBlob(blobId: number): Uint8Array;
  /** Frames of every stream. Returns a function that unsubscribes. */
  onData(listener: (frame: DataFrame) => void): () => void;
  /** Resolves once, when the connection is closed; null if this side closed it. */
  readonly closed: Promise<SessionError | null>;
  close(): void;
}

const HELLO_DEADLINE_MS = 60_000;

/**
 * Waits for the tracer's hello message on a new channel and checks token and version; `checkPeer` may add checks
 * (credentials of the peer). On failure closes the channel and throws SessionError 'protocol'.
 */
export async function greetTracer(
  channel: ByteChannel,
  token: string,
  checkPeer: (hello: Hello) => void = () => undefined,
): Promise<TracerConnection> {
  const frames = createFrameConnection(channel, { takesRequests: false });
  frames.rpc.onNotification((method: string, params: unknown) => {
    if (!isKnownNotification(method, params)) frames.close(malformed(`notification ${method.slice(0, 64)}`));
  });
  try {
    const hello = await receiveHello(frames);
    if (!sameToken(hello.token, token))
      throw new SessionError('protocol', 'Rejected a connection from a process that is not the tracer.');
    if (hello.protocolVersion !== TRACER_PROTOCOL_VERSION) {
      throw new SessionError(
        'protocol',
        `The tracer uses protocol ${hello.protocolVersion}, this version needs ${TRACER_PROTOCOL_VERSION}.`,
        { text: 'Install the tracer again: BPF: Install Tracer.' },
      );
    }
    checkPeer(hello);
    return new Connection(frames, hello);
  } catch (error) {
    frames.close();
    throw error;
  }
}

function receiveHello(frames: FrameConnection): Promise<Hello> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new SessionError(
            'protocol',
            `The tracer sent no hello message within ${HELLO_DEADLINE_MS / 1000} s.`,
          ),
        ),
      HELLO_DEADLINE_MS,
    );
    const greeting = frames.rpc.onNotification('hello', params => {
      clearTimeout(timer);
      greeting.dispose();
      const parsed = v.safeParse(HelloSchema, params);
      if (parsed.success) resolve(parsed.output);
      else
        reject(
          new SessionError('protocol', `Invalid hello message from the tracer: ${parsed.issues[0].message}`),
        );
    });
    frames.onClosed(reason => {
      clearTimeout(timer);
      reject(
        new SessionError(
          'tracer-died',
          `The tracer closed the connection before its hello message${reason ? `: ${reason.message}` : ''}.`,
        ),
      );
    });
    frames.rpc.listen();
  });
}

function isKnownNotification(method: string, params: unknown): boolean {
  if (!Object.hasOwn(TracerNotificationSchemas, method)) return false;
  const schema = TracerNotificationSchemas[method as keyof typeof TracerNotificationSchemas];
  return v.is(schema, params);
}

const malformed = (what: string): FrameError =>
  new FrameError('malformed', `the tracer sent malformed data: ${escapeText(what)}`);

function sameToken(received: string, expected: string): boolean {
  const a = Buffer.from(received);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function tracerDied(reason: Error | undefined): SessionError {
  return new SessionError(
    'tracer-died',
    `The tracer is gone${reason ? ` (${reason.message})` : ''}; everything it had attached is detached.`,
    { text: 'Press ▶ to start again; BPF: Show Log has its last output.' },
  );
}

class Connection implements TracerConnection {
  readonly closed: Promise<SessionError | null>;
  private closing = false;
  private readonly dataListeners = new Set<(frame: DataFrame) => void>();

  constructor(
    private readonly frames: FrameConnection,
    readonly hello: Hello,
  ) {
    frames.onData(frame => {
      for (const listener of this.dataListeners) listener(frame);
    });
    this.closed = new Promise(resolve => {
      frames.onClosed(reason => {
        resolve(this.closing ? null : tracerDied(reason));
      });
    });
  }

  async request<M extends TracerMethod>(method: M, params: TracerParams<M>): Promise<TracerResults[M]> {
    let answer: unknown;
    try {
      answer = await this.frames.rpc.sendRequest(method, params);
    } catch (error) {
      throw isConnectionGone(error) ? await this.gone() : await this.requestError(method, error);
    }
    const result = v.safeParse(TracerResultSchemas[method], answer);
    if (result.success) return result.output as TracerResults[M];
    const [issue] = result.issues;
    throw await this.refuse(`${method}: ${v.getDotPath(issue) ?? 'answer'}: ${issue.message.slice(0, 200)}`);
  }

  sendBlob(bytes: Uint8Array): number {
    return this.frames.sendBlob(bytes);
  }

  takeBlob(blobId: number): Uint8Array {
    try {
      return this.frames.takeBlob(blobId);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.frames.close(error);
      throw tracerDied(error);
    }
  }

  onData(listener: (frame: DataFrame) => void): () => void {
    this.dataListeners.add(listener);
    return () => this.dataListeners.delete(listener);
  }

  close(): void {
    this.closing = true;
    this.frames.close();
  }

  private async requestError(method: TracerMethod, error: unknown): Promise<Error> {
    // Not a response: the request could not be sent.
    if (!(error instanceof ResponseError)) return error instanceof Error ? error : new Error(String(error));
    if (error.code !== TRACER_RPC_ERROR)
      return this.refuse(`an error of no kind of the tracer's to ${method}`);
    const parsed = v.safeParse(TracerErrorDataSchema, error.data);
    if (!parsed.success) return this.refuse(`the reason why ${method} failed`);
    const data = parsed.output;
    const log =
      data.verifierLogBlobId === undefined
        ? null
        : new TextDecoder().decode(this.takeBlob(data.verifierLogBlobId));
    return new TracerRequestError(method, data.code, error.message, data, log);
  }

  /** Closes the connection to a tracer that violates the protocol. */
  private refuse(what: string): Promise<SessionError> {
    this.frames.close(malformed(what));
    return this.gone();
  }

  private async gone(): Promise<SessionError> {
    return (await this.closed) ?? new SessionError('tracer-died', 'The session was closed.');
  }
}
