/** The client's end of a tracer connection, for tests: keeps what came, asks typed questions. */
import 'vscode-jsonrpc/node';
import { NotificationType } from 'vscode-jsonrpc';
import { type DuplexLike, duplexChannel } from '../../../src/shared/protocol/byte-channel';
import { DataContent, type DataFrame } from '../../../src/shared/protocol/frames';
import { MapSnapshot } from '../../../src/shared/protocol/map-snapshot';
import { createFrameConnection, type FrameConnection } from '../../../src/shared/protocol/rpc-frames';
import type {
  Hello,
  TracerErrorData,
  TracerMethod,
  TracerParams,
  TracerResults,
} from '../../../src/shared/protocol/tracer';

const HELLO = new NotificationType<Hello>('hello');
const CLOSING = new NotificationType<{ code: string; message: string }>('closing');

export class TracerClient {
  readonly connection: FrameConnection;
  readonly frames: DataFrame[] = [];
  /** The reason in the tracer's last words; null when it said none. */
  closing: { readonly code: string; readonly message: string } | null = null;
  private readonly opened = new Map<number, TracerResults['session/open']>();
  private readonly maps = new Map<number, { readonly content: MapSnapshot; frames: number }>();
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
      void this.closed.then(() => reject(new Error('the tracer hung up before its greeting')));
    });
    this.hello.catch(() => undefined);
    this.connection.rpc.listen();
  }

  request<M extends TracerMethod>(method: M, params: TracerParams<M>): Promise<TracerResults[M]> {
    return this.connection.rpc.sendRequest(method, params);
  }

  /** The error a request must fail with. */
  async failure<M extends TracerMethod>(
    method: M,
    params: TracerParams<M>,
  ): Promise<TracerErrorData & { readonly message: string }> {
    try {
      await this.request(method, params);
    } catch (error) {
      const { message, data } = error as { message: string; data: TracerErrorData };
      return { ...data, message };
    }
    throw new Error(`${method} was to fail and did not`);
  }

  /** Opens a session of an object that lies in memory. */
  async open(
    object: Uint8Array,
    options: Partial<TracerParams<'session/open'>> = {},
  ): Promise<TracerResults['session/open']> {
    const opened = await this.request('session/open', this.openParams(object, options));
    this.opened.set(opened.sessionId, opened);
    return opened;
  }

  /** A map's whole content now, in memory of its own, and how many entries the tracer had to tell for it. */
  async readMap(sessionId: number, name: string, maxEntries = 0) {
    const map = this.opened.get(sessionId)?.maps.find(candidate => candidate.name === name);
    if (!map) throw new Error(`session ${sessionId} has no map ${name}`);
    const result = await this.request('map/read', { sessionId, map: name, maxEntries });
    const known = this.maps.get(result.streamId) ?? {
      content: new MapSnapshot(map.keySize, map.valueStride),
      frames: 0,
    };
    this.maps.set(result.streamId, known);
    const all = this.frames.filter(frame => frame.streamId === result.streamId);
    const frames = all.slice(known.frames);
    known.frames = all.length;
    const ends = frames.map(({ bytes, content }) => {
      if (content !== DataContent.mapChanges) throw new Error(`a frame of content ${content} in a snapshot`);
      return known.content.push(bytes);
    });
    if (ends.indexOf(true) !== frames.length - 1) throw new Error(`a snapshot ended as ${ends.join()}`);
    const { keys, values, changes } = known.content;
    return {
      ...result,
      frames,
      keys: Buffer.from(keys.slice().buffer),
      values: Buffer.from(values.slice().buffer),
      told: changes.reduce((sum, run) => sum + run.count, 0),
    };
  }

  openParams(
    object: Uint8Array,
    options: Partial<TracerParams<'session/open'>> = {},
  ): TracerParams<'session/open'> {
    return {
      objectBlobId: this.connection.sendBlob(object),
      objectName: 'probe',
      programs: [],
      constants: [],
      maps: [],
      consented: [],
      ...options,
    };
  }

  /** Bytes of a stream's frames, in order. */
  bytesOf(streamId: number): Uint8Array {
    return Buffer.concat(this.frames.filter(frame => frame.streamId === streamId).map(frame => frame.bytes));
  }

  /** Records of a stream's frames, as their headers count them. */
  recordsOf(streamId: number): number {
    return this.frames
      .filter(frame => frame.streamId === streamId)
      .reduce((sum, frame) => sum + frame.records, 0);
  }
}
