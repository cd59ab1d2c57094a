/** Implements the requests of one connection: its sessions, its trace pipe, its queries about the target. */

import type { FrameConnection } from '../shared/protocol/rpc-frames';
import type { TracerErrorCode, TracerMethod, TracerParams, TracerResults } from '../shared/protocol/tracer';
import { LIMITS } from '../shared/protocol/tracer';
import { TracerError } from './common/errors';
import { confineProcess } from './libbpf/confine';
import { Serial } from './serial';
import { Session, type SessionContext } from './session';
import { type Stream, startStream } from './stream';
import { TargetQueries } from './target';

export type Handlers = {
  readonly [M in TracerMethod]: (params: TracerParams<M>) => Promise<TracerResults[M]>;
};

export interface Requests {
  readonly handlers: Handlers;
}

/** Session id of streams that belong to no session. */
const NO_SESSION = 0;

export function createRequests(connection: FrameConnection): Requests {
  const sessions = new Map<number, Session>();
  const facts = new TargetQueries();
  const blobs = new Serial();
  let opening = 0;
  let lastSessionId = 0;
  let lastStreamId = 0;
  let printk: { readonly stream: Stream; watchers: number } | undefined;

  const context: SessionContext = {
    connection,
    nextStreamId: () => ++lastStreamId,
    streamFailed: (sessionId, error) => {
      const code: TracerErrorCode = error instanceof TracerError ? error.code : 'internal';
      const message = error instanceof Error ? error.message : String(error);
      void connection.rpc
        .sendNotification('session/ended', { sessionId, code, message })
        .catch(() => undefined);
      void sessions.get(sessionId)?.close();
      sessions.delete(sessionId);
    },
  };

  const session = (id: number): Session => {
    const found = sessions.get(id);
    if (!found)
      throw new TracerError('unknown-session', `Session ${id} does not exist; it may have been closed.`);
    return found;
  };

  // A closed connection never accepts data again: stop everything that waits for it.
  connection.onClosed(() => {
    printk?.stream.stop();
    for (const open of sessions.values()) open.stopStreams();
  });

  const handlers: Handlers = {
    async 'session/open'(params) {
      const objectBytes = connection.takeBlob(params.objectBlobId);
      const relocationBtf =
        params.relocationBtfBlobId === undefined ? null : connection.takeBlob(params.relocationBtfBlobId);
      if (sessions.size + opening >= LIMITS.sessions) {
        throw new TracerError('limit', `${LIMITS.sessions} sessions are open. Close one.`);
      }
      opening++;
      try {
        const opened = await Session.open(++lastSessionId, params, { objectBytes, relocationBtf }, context);
        sessions.set(opened.id, opened);
        return opened.describe();
      } finally {
        opening--;
      }
    },
    'session/attach': async ({ sessionId }) => session(sessionId).attach(),
    async 'session/close'({ sessionId }) {
      const closing = session(sessionId);
      sessions.delete(sessionId);
      return { detachMs: await closing.close() };
    },
    async 'session/drain'({ sessionId }) {
      const { records } = await session(sessionId).drain();
      // The trace pipe is shared: it also contains this session's lines.
      return { records: records + ((await printk?.stream.flush()) ?? 0) };
    },
    'session/statistics': async ({ sessionId, enable }) => session(sessionId).statistics(enable),
    'stream/watch': async ({ sessionId, map }) => session(sessionId).watchStream(map),
    async 'stream/unwatch'({ sessionId, streamId }) {
      session(sessionId).unwatch(streamId);
      return null;
    },
    'process/watch': async ({ sessionId, pid }) => session(sessionId).watchProcess(pid),
    async 'tracer/confine'() {
      confineProcess();
      return null;
    },
    'map/read': async params => session(params.sessionId).readMap(params),
    async 'printk/watch'() {
      if (!printk) {
        const { PrintkSource } = await import('./printk');
        const streamId = context.nextStreamId();
        const stream = startStream(connection, NO_SESSION, streamId, new PrintkSource(), error => {
          printk = undefined;
          context.streamFailed(NO_SESSION, error);
        });
        printk = { stream, watchers: 0 };
      }
      printk.watchers++;
      return { streamId: printk.stream.streamId };
    },
    async 'printk/unwatch'() {
      if (printk && --printk.watchers === 0) {
        // Lines printed until now are still sent.
        const { stream } = printk;
        printk = undefined;
        await stream.flush();
        stream.stop();
      }
      return null;
    },
    'target/functions': async ({ names }) => ({ functions: await facts.functions(names) }),
    'target/tracepoints': async ({ names }) => ({ present: await facts.tracepoints(names) }),
    'target/perf-event': async event => ({ available: await facts.perfEvent(event) }),
    // One at a time, and only as fast as the client reads: each is megabytes.
    'target/read': params =>
      blobs.run(async () => {
        await connection.drained();
        const bytes = await facts.read(params);
        return { blobId: connection.sendBlob(bytes), bytes: bytes.byteLength };
      }),
  };
  return { handlers };
}
