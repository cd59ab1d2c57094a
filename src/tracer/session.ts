/** One loaded object: its links, the streams of its buffers, its map watches. close() ends all of them. */

import type { FrameConnection } from '../shared/protocol/rpc-frames';
import type {
  LoadedMap,
  LoadedProgram,
  OpenSession,
  TracerParams,
  TracerResults,
} from '../shared/protocol/tracer';
import { LIMITS } from '../shared/protocol/tracer';
import { TracerError } from './common/errors';
import type { StreamSource } from './common/stream-source';
import { attachProgram, detach, type Link, openPerfEvents } from './libbpf/attach';
import { holdStatistics, programInfo } from './libbpf/info';
import { mappingEventSource } from './libbpf/mapping-events';
import { MapReader, possibleCpus, streamKind, valueStride } from './libbpf/maps';
import { type LoadedObject, loadObject, type MapHandle, type ObjectRequest } from './libbpf/object';
import { perfBufferSource } from './libbpf/perf-buffer';
import { RingSource } from './libbpf/ring';
import { Serial } from './serial';
import { SnapshotSender } from './snapshot';
import { isSoundBtf } from './sound-btf';
import { type Stream, startStream } from './stream';

export interface SessionContext {
  readonly connection: FrameConnection;
  nextStreamId(): number;
  /** Notifies the client that a stream ended because of an error. */
  streamFailed(sessionId: number, error: unknown): void;
}

/** BPF_LOG_LEVEL1 | BPF_LOG_STATS, BPF_LOG_STATS (include/linux/bpf_verifier.h). */
const LOG_LEVELS: Readonly<Record<NonNullable<OpenSession['verifierLog']>, number>> = {
  none: 0,
  statistics: 4,
  full: 5,
};

export class Session {
  private readonly operations = new Serial();
  private readonly snapshots = new Serial();
  private readonly streams = new Map<number, Stream>();
  private readonly senders = new Map<string, SnapshotSender>();
  /** Stream id of each ring or perf buffer that was watched. */
  private readonly watchedBuffers = new Map<string, number>();
  private watchedProcesses = 0;
  private links: Link[] = [];
  private releaseStatistics: (() => void) | undefined;
  private closing: Promise<number> | undefined;

  private constructor(
    readonly id: number,
    private readonly request: OpenSession,
    private readonly object: LoadedObject,
    private readonly context: SessionContext,
  ) {}

  /** Errors as loadObject. */
  static async open(
    id: number,
    request: OpenSession,
    blobs: Pick<ObjectRequest, 'objectBytes' | 'relocationBtf'>,
    context: SessionContext,
  ): Promise<Session> {
    if (blobs.objectBytes.byteLength > LIMITS.objectBytes) {
      throw new TracerError(
        'limit',
        `The object file is larger than ${LIMITS.objectBytes} bytes. Strip its DWARF: llvm-strip -g.`,
      );
    }
    if ((blobs.relocationBtf?.byteLength ?? 0) > LIMITS.relocationBtfBytes)
      throw new TracerError(
        'limit',
        `The BTF for relocation is larger than ${LIMITS.relocationBtfBytes} bytes.`,
      );
    return new Session(id, request, await loadObject(objectRequest(request, blobs)), context);
  }

  describe(): TracerResults['session/open'] {
    const { programs, maps, openMs, loadMs } = this.object;
    return {
      sessionId: this.id,
      programs: programs.map((program): LoadedProgram => {
        const { name, section, id, instructions, verifiedInstructions, verifierLog } = program;
        const loaded = { name, section, id, instructions, verifiedInstructions };
        if (verifierLog.byteLength === 0) return loaded;
        return { ...loaded, verifierLogBlobId: this.context.connection.sendBlob(verifierLog) };
      }),
      maps: maps.map(
        ({ name, id, type, keySize, valueSize, maxEntries, flags }): LoadedMap => ({
          name,
          id,
          type,
          keySize,
          valueSize,
          valueStride: valueStride({ type, valueSize }),
          maxEntries,
          flags,
        }),
      ),
      possibleCpus: possibleCpus(),
      openMs,
      loadMs,
    };
  }

  /** All programs or none. */
  attach(): Promise<TracerResults['session/attach']> {
    return this.operations.run(async () => {
      this.refuseIfClosing();
      if (this.request.loadOnly)
        throw new TracerError('bad-request', 'The session was opened only to load its programs.');
      if (this.links.length > 0) throw new TracerError('bad-request', 'The session is already attached.');
      const start = performance.now();
      const links: Link[] = [];
      const programs: { name: string; section: string; attach: string }[] = [];
      try {
        for (const event of this.request.companionEvents ?? []) {
          const fds = openPerfEvents({ ...event, cpu: -1, pid: 0 });
          links.push(...fds.map((fd): Link => ({ kind: 'event', fd })));
        }
        const overrides = new Map(this.request.programs.map(program => [program.name, program.attach]));
        for (const program of this.object.programs) {
          const attached = await attachProgram(program, overrides.get(program.name) ?? { kind: 'auto' });
          links.push(...attached.links);
          if (attached.attach !== null) {
            programs.push({ name: program.name, section: program.section, attach: attached.attach });
          }
        }
      } catch (error) {
        await detach(links);
        throw error;
      }
      this.links = links;
      return { programs, attachMs: performance.now() - start };
    });
  }

  watchStream(mapName: string): TracerResults['stream/watch'] {
    this.refuseIfClosing();
    const map = this.map(mapName);
    const kind = streamKind(map);
    if (!kind)
      throw new TracerError(
        'bad-request',
        `Map ${mapName} is not a ring or perf buffer. Read it with map/read.`,
      );
    const taken = this.watchedBuffers.get(mapName);
    if (taken !== undefined && this.streams.has(taken)) {
      throw new TracerError(
        'bad-request',
        `Map ${mapName} is already watched: a record can be read only once.`,
      );
    }
    const streamId = this.startStream(
      kind === 'ring' ? new RingSource(map.fd, map.maxEntries) : perfBufferSource(map.fd, map.maxEntries),
    );
    this.watchedBuffers.set(mapName, streamId);
    return { streamId, content: kind };
  }

  watchProcess(pid: number): TracerResults['process/watch'] {
    this.refuseIfClosing();
    if (this.watchedProcesses === LIMITS.watchedProcesses)
      throw new TracerError('limit', `${LIMITS.watchedProcesses} processes are watched by this session.`);
    const streamId = this.startStream(mappingEventSource(pid));
    this.watchedProcesses++;
    return { streamId };
  }

  private startStream(source: StreamSource): number {
    const streamId = this.context.nextStreamId();
    const stream = startStream(this.context.connection, this.id, streamId, source, error => {
      this.streams.delete(streamId);
      this.context.streamFailed(this.id, error);
    });
    this.streams.set(streamId, stream);
    return streamId;
  }

  unwatch(streamId: number): void {
    const stream = this.streams.get(streamId);
    if (!stream) throw new TracerError('bad-request', `The session has no stream ${streamId}.`);
    this.streams.delete(streamId);
    stream.stop();
  }

  async drain(): Promise<TracerResults['session/drain']> {
    const counts = await Promise.all([...this.streams.values()].map(stream => stream.flush()));
    return { records: counts.reduce((sum, count) => sum + count, 0) };
  }

  readMap({ map: name, maxEntries }: TracerParams<'map/read'>): Promise<TracerResults['map/read']> {
    const map = this.map(name);
    return this.snapshots.run(async () => {
      this.refuseIfClosing();
      const sender = this.senders.get(name) ?? this.newSender(map);
      this.senders.set(name, sender);
      const result = await sender.send(entryLimit(maxEntries), () => this.closing !== undefined);
      return { streamId: sender.streamId, ...result };
    });
  }

  private newSender(map: MapHandle): SnapshotSender {
    const { connection } = this.context;
    const reader = new MapReader(map);
    const target = { connection, sessionId: this.id, streamId: this.context.nextStreamId() };
    return new SnapshotSender(target, reader);
  }

  statistics(enable: boolean): TracerResults['session/statistics'] {
    this.refuseIfClosing();
    if (enable) this.releaseStatistics ??= holdStatistics();
    const programs = this.object.programs.map(({ name, fd }) => {
      const { runCount, runTimeNs } = programInfo(fd);
      return { name, runCount: String(runCount), runTimeNs: String(runTimeNs) };
    });
    if (!enable) this.stopStatistics();
    const { user, system } = process.cpuUsage();
    return { programs, tracerCpuNs: String((user + system) * 1000) };
  }

  /** Stops forwarding and watching; programs stay attached. Idempotent. */
  stopStreams(): void {
    for (const stream of this.streams.values()) stream.stop();
    this.streams.clear();
  }

  /** Detaches, then frees everything; resolves with how long it took. Idempotent. */
  close(): Promise<number> {
    this.closing ??= this.operations.run(async () => {
      const start = performance.now();
      const links = this.links;
      this.links = [];
      await detach(links);
      this.stopStreams();
      this.stopStatistics();
      await this.snapshots.run(async () => {
        for (const sender of this.senders.values()) sender.close();
        await this.object.close();
      });
      return performance.now() - start;
    });
    return this.closing;
  }

  private map(name: string): MapHandle {
    const map = this.object.maps.find(candidate => candidate.name === name);
    if (map) return map;
    throw new TracerError('unknown-map', `The session has no map ${name}.`);
  }

  private stopStatistics(): void {
    this.releaseStatistics?.();
    this.releaseStatistics = undefined;
  }

  private refuseIfClosing(): void {
    if (this.closing) throw new TracerError('unknown-session', `Session ${this.id} is being closed.`);
  }
}

/** 0 requests all entries, which has a limit too. */
const entryLimit = (maxEntries: number): number =>
  Math.min(maxEntries || LIMITS.snapshotEntries, LIMITS.snapshotEntries);

function objectRequest(
  request: OpenSession,
  { objectBytes, relocationBtf }: Pick<ObjectRequest, 'objectBytes' | 'relocationBtf'>,
): ObjectRequest {
  return {
    objectBytes,
    relocationBtf: relocationBtf && isSoundBtf(relocationBtf) ? relocationBtf : null,
    objectName: request.objectName,
    programs: request.programs.map(({ name, load, attach }) => ({
      name,
      load,
      attachTarget: attach.kind === 'fentry' ? attach.function : null,
    })),
    constants: request.constants.map(({ section, offset, bytes: value }) => ({
      section,
      offset,
      bytes: Buffer.from(value, 'base64'),
    })),
    maps: request.maps,
    // A program that is never attached cannot change anything, so it needs no consent.
    consented: request.loadOnly ? null : request.consented,
    verifierLogLevel: LOG_LEVELS[request.verifierLog ?? 'none'],
  };
}
