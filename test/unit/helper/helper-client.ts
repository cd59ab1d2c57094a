/** The client's end of a helper connection, for tests: keeps what came, asks typed questions. */
import 'vscode-jsonrpc/node';
import { NotificationType } from 'vscode-jsonrpc';
import type { DataFrame } from '../../../src/shared/protocol/frames';
import type {
  Hello,
  HelperErrorData,
  HelperMethod,
  HelperParams,
  HelperResults,
} from '../../../src/shared/protocol/helper';
import {
  createFrameConnection,
  type DuplexLike,
  duplexChannel,
  type FrameConnection,
} from '../../../src/shared/protocol/rpc-frames';

const HELLO = new NotificationType<Hello>('hello');
const CLOSING = new NotificationType<{ code: string; message: string }>('closing');

export class HelperClient {
  readonly connection: FrameConnection;
  readonly frames: DataFrame[] = [];
  /** The reason in the helper's last words; null when it said none. */
  closing: { readonly code: string; readonly message: string } | null = null;
  readonly closed: Promise<void>;
  readonly hello: Promise<Hello>;

  /** Frames are kept for the test to look at, unless it takes them itself. */
  constructor(stream: DuplexLike, onData?: (frame: DataFrame) => void) {
    this.connection = createFrameConnection(duplexChannel(stream));
    this.connection.onData(onData ?? (frame => this.frames.push({ ...frame, bytes: frame.bytes.slice() })));
    this.connection.rpc.onNotification(CLOSING, params => {
      this.closing = params;
    });
    this.closed = new Promise(resolve => this.connection.onClosed(() => resolve()));
    this.hello = new Promise((resolve, reject) => {
      this.connection.rpc.onNotification(HELLO, resolve);
      void this.closed.then(() => reject(new Error('the helper hung up before its greeting')));
    });
    this.hello.catch(() => undefined);
    this.connection.rpc.listen();
  }

  request<M extends HelperMethod>(method: M, params: HelperParams<M>): Promise<HelperResults[M]> {
    return this.connection.rpc.sendRequest(method, params);
  }

  /** The error a request must fail with. */
  async failure<M extends HelperMethod>(
    method: M,
    params: HelperParams<M>,
  ): Promise<HelperErrorData & { readonly message: string }> {
    try {
      await this.request(method, params);
    } catch (error) {
      const { message, data } = error as { message: string; data: HelperErrorData };
      return { ...data, message };
    }
    throw new Error(`${method} was to fail and did not`);
  }

  /** Opens a session of an object that lies in memory. */
  open(
    object: Uint8Array,
    options: Partial<HelperParams<'session/open'>> = {},
  ): Promise<HelperResults['session/open']> {
    return this.request('session/open', this.openParams(object, options));
  }

  openParams(
    object: Uint8Array,
    options: Partial<HelperParams<'session/open'>> = {},
  ): HelperParams<'session/open'> {
    return {
      objectBlobId: this.connection.sendBlob(object),
      objectName: 'probe',
      programs: [],
      constants: [],
      maps: [],
      allowChangingPrograms: false,
      ...options,
    };
  }

  /** Bytes of a stream's frames, in order. */
  bytesOf(streamId: number): Uint8Array {
    return Buffer.concat(this.frames.filter(frame => frame.streamId === streamId).map(frame => frame.bytes));
  }
}
