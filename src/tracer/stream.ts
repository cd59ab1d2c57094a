/** Streams a kernel buffer to the client: a drain loop whose sink is the connection. */
import type { FrameConnection } from '../shared/protocol/rpc-frames';
import type { StreamSource } from './common/stream-source';
import { DrainLoop } from './drain-loop';
import { watchDescriptor } from './libbpf/readiness';

export interface Stream {
  readonly streamId: number;
  /** Sends everything that is in the buffer now; resolves with the number of records sent. */
  flush(): Promise<number>;
  /** Idempotent. */
  stop(): void;
}

export function startStream(
  connection: FrameConnection,
  sessionId: number,
  streamId: number,
  source: StreamSource,
  onError: (error: unknown) => void,
): Stream {
  const loop = new DrainLoop(
    source,
    {
      get writable() {
        return connection.writable;
      },
      drained: () => connection.drained(),
      memory: bytes => connection.dataMemory(bytes),
      send: ({ bytes, records, lost }) => {
        const { content } = source;
        const readAtNs = process.hrtime.bigint();
        connection.sendData({ sessionId, streamId, content, records, lost, readAtNs }, bytes);
      },
    },
    watchDescriptor,
    onError,
  );
  return { streamId, flush: () => loop.flush(), stop: () => loop.stop() };
}
