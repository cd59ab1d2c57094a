/**
 * The life of one tracing session: object and parameters in, loaded and attached programs, raw frames out, everything
 * detached at the end. Shared by the extension and bpfw; independent of panels and printing.
 */

import type { MapContent } from '../../shared/decode/map-content';
import { valueStride as strideOf } from '../../shared/decode/map-values';
import type { BpfObject, MapDefinition } from '../../shared/object/model';
import { sizedObject } from '../../shared/object/size-parameters';
import { DataContent, type DataFrame, FRAME_HEADER_BYTES, FrameError } from '../../shared/protocol/frames';
import { MapSnapshot } from '../../shared/protocol/map-snapshot';
import type {
  AttachedProgram,
  AttachOverride,
  LoadedMap,
  OpenedSession,
  OpenSession,
  TracerParams,
} from '../../shared/protocol/tracer';
import { SessionError } from '../errors';
import type { TracerConnection } from '../targets/tracer-connection';
import type { ProgramChoice } from './choose-programs';
import { encodeParameters } from './parameter-values';

/** Records of one stream that were missing from its frames. */
export interface FrameLoss {
  readonly stream: string;
  /**
   * For perf buffers and printk the kernel reports what it overwrote or had no room for; for ring buffers the tracer
   * reports what it could not pass on.
   */
  readonly content: 'ring' | 'perf' | 'printk';
  readonly lost: number;
}

export interface SessionRequest {
  readonly connection: TracerConnection;
  readonly object: BpfObject;
  readonly objectBytes: Uint8Array;
  readonly choice: Pick<ProgramChoice, 'load'>;
  /** The part of the target's BTF that the chosen programs' CO-RE relocations need; null: libbpf reads all of it. */
  readonly relocationBtf: Uint8Array | null;
  /** By C name, as typed. Throws SessionError if one is not valid. */
  readonly parameters: ReadonlyMap<string, string>;
  /** By program name, if a section's name alone does not determine the attach point. */
  readonly attach: ReadonlyMap<string, AttachOverride>;
  readonly consented: OpenSession['consented'];
}

export interface SessionStream {
  readonly streamId: number;
  /** The ring or perf buffer map; null for printk. */
  readonly map: MapDefinition | null;
  readonly name: string;
  readonly content: 'ring' | 'perf' | 'printk';
}

interface MapEntryBytes extends MapContent {
  /** The map has more entries than SNAPSHOT_ENTRIES. */
  readonly truncated: boolean;
}

/** The entries of one map as last read, and what is needed to decode them. */
export interface MapBytes extends MapEntryBytes {
  readonly map: MapDefinition;
  /** Number of CPUs in a per-CPU value. */
  readonly cpus: number;
}

export interface StartupTimes {
  readonly openMs: number;
  readonly loadMs: number;
  readonly attachMs: number;
}

const SNAPSHOT_ENTRIES = 65_536;
/** Limit for snapshots whose stream is not named by a response yet: the first ones of maps that are being read. */
const MOST_EARLY_BYTES = 256 << 20;
/** Approximate overhead of each part besides its bytes. */
const PART_BYTES = 256;

export class TracingSession {
  private readonly watched: SessionStream[] = [];
  private attachedPrograms: readonly AttachedProgram[] = [];
  private attachMs = 0;
  private readonly lostByStream = new Map<number, number>();
  /** Bytes of frames since takeTracerShare(): this session's, and all of the connection. */
  private frameBytes = { own: 0, all: 0 };
  private readonly frameListeners = new Set<(stream: SessionStream, frame: DataFrame) => void>();
  private readonly mappingListeners = new Map<number, (frame: Uint8Array) => void>();
  /** By map: its last content, and the read in progress. */
  private readonly snapshots = new Map<
    string,
    { readonly content: MapSnapshot; reading: Promise<unknown> }
  >();
  /** By stream: parts not yet used by a snapshot, because the response that names the stream comes last. */
  private readonly snapshotParts = new Map<number, Uint8Array[]>();
  private snapshotPartBytes = 0;
  private readonly snapshotsByStream = new Map<number, MapSnapshot>();
  private readonly stopListening: () => void;
  private isClosed = false;
  private ended: () => void = () => undefined;
  /** Resolves when close() has finished, even if the tracer could not be reached. */
  readonly closed = new Promise<void>(resolve => {
    this.ended = resolve;
  });

  private constructor(
    private readonly request: SessionRequest,
    readonly opened: OpenedSession,
  ) {
    this.stopListening = request.connection.onData(frame => this.receive(frame));
  }

  /** Loads the chosen programs. Throws TracerRequestError (verifier log included) or SessionError. */
  static async open(asked: SessionRequest): Promise<TracingSession> {
    const request = { ...asked, object: sizedObject(asked.object, asked.parameters) };
    const opened = await request.connection.request('session/open', openRequest(request));
    const session = new TracingSession(request, opened);
    try {
      await session.watchBuffers();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get streams(): readonly SessionStream[] {
    return this.watched;
  }
  get object(): BpfObject {
    return this.request.object;
  }
  get attached(): readonly AttachedProgram[] {
    return this.attachedPrograms;
  }
  get startup(): StartupTimes {
    return { openMs: this.opened.openMs, loadMs: this.opened.loadMs, attachMs: this.attachMs };
  }
  /** By stream: records lost, as its frames report. */
  get frameLosses(): readonly FrameLoss[] {
    return this.streams.map(({ streamId, name, content }) => ({
      stream: name,
      content,
      lost: this.lostByStream.get(streamId) ?? 0,
    }));
  }

  /** Resolves once the session's tracer has ended, for any reason; null if this side closed the connection. */
  get tracerGone(): Promise<SessionError | null> {
    return this.request.connection.closed;
  }

  /** Frames of ring buffers, perf buffers and printk. */
  onFrame(listener: (stream: SessionStream, frame: DataFrame) => void): void {
    this.frameListeners.add(listener);
  }

  async attach(): Promise<readonly AttachedProgram[]> {
    const result = await this.request.connection.request('session/attach', {
      sessionId: this.opened.sessionId,
    });
    this.attachedPrograms = result.programs;
    this.attachMs = result.attachMs;
    return result.programs;
  }

  /**
   * Frames with the future mappings of the process and its children (see symbols/mapping-records.ts); `bytes` is valid
   * only during the call. Throws TracerRequestError if the kernel does not allow it.
   */
  async watchMappings(pid: number, listener: (frame: Uint8Array) => void): Promise<void> {
    const { streamId } = await this.request.connection.request('process/watch', {
      sessionId: this.opened.sessionId,
      pid,
    });
    this.mappingListeners.set(streamId, listener);
  }

  /** Resolves when every record that is in the buffers now has been passed to the listeners. */
  async drain(): Promise<void> {
    if (this.streams.length > 0 || this.mappingListeners.size > 0)
      await this.request.connection.request('session/drain', { sessionId: this.opened.sessionId });
  }

  /** The map's current content. Bytes are valid until it is read again: decode them before you await. */
  async readMap(map: MapDefinition): Promise<MapBytes> {
    const { keySize, valueStride } = this.loadedMap(map.name);
    if (keySize !== map.keySize || valueStride !== strideOf(map, this.opened.possibleCpus)) {
      const what = `The tracer's entries of map '${map.name}' have a different size than in the object.`;
      throw new SessionError('protocol', what);
    }
    return { map, cpus: this.opened.possibleCpus, ...(await this.readEntries(map.name)) };
  }

  /** The current bytes of a section of global data (".bss", ".data"). */
  async readSection(section: string): Promise<Uint8Array> {
    const { values } = await this.readEntries(section);
    const globals = this.object.globals.filter(global => global.section === section);
    const end = Math.max(0, ...globals.map(({ offset, layout }) => offset + layout.size));
    if (values.byteLength < end)
      throw new SessionError('protocol', `The tracer's section '${section}' is shorter than in the object.`);
    return values;
  }

  /** Throws SessionError 'protocol'. */
  private loadedMap(name: string): LoadedMap {
    const loaded = this.opened.maps.find(candidate => candidate.name === name);
    if (!loaded) throw new SessionError('protocol', `The tracer did not load a map '${name}'.`);
    return loaded;
  }

  /** Reads of a map run one after the other: they share its bytes. */
  private async readEntries(map: string): Promise<MapEntryBytes> {
    const loaded = this.loadedMap(map);
    const known = this.snapshots.get(map) ?? {
      content: new MapSnapshot(loaded.keySize, loaded.valueStride, SNAPSHOT_ENTRIES),
      reading: Promise.resolve(),
    };
    this.snapshots.set(map, known);
    const reading = known.reading.then(() => this.readChanges(map, known.content));
    known.reading = reading.catch(() => undefined);
    return reading;
  }

  private async readChanges(map: string, content: MapSnapshot): Promise<MapEntryBytes> {
    const result = await this.request.connection.request('map/read', {
      sessionId: this.opened.sessionId,
      map,
      maxEntries: SNAPSHOT_ENTRIES,
    });
    this.snapshotsByStream.set(result.streamId, content);
    for (const part of this.takeEarlyParts(result.streamId)) content.push(part);
    const { keys, values, count, number, changes } = content;
    return { keys, values, count, number, changes, truncated: result.truncated };
  }

  async statistics(enable: boolean) {
    return this.request.connection.request('session/statistics', {
      sessionId: this.opened.sessionId,
      enable,
    });
  }

  /**
   * Which part of what the tracer sent since the last call was for this session, 0 to 1, by which sessions of one
   * tracer share its CPU time. 1 if nothing was sent.
   */
  takeTracerShare(): number {
    const { own, all } = this.frameBytes;
    this.frameBytes = { own: 0, all: 0 };
    return all === 0 ? 1 : own / all;
  }

  /** Detaches and unloads everything of this session; idempotent, and silent if the tracer has already ended. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    try {
      if (this.streams.some(stream => stream.content === 'printk'))
        await this.request.connection.request('printk/unwatch', {});
      await this.request.connection.request('session/close', { sessionId: this.opened.sessionId });
    } catch (error) {
      if (!(error instanceof SessionError && error.code === 'tracer-died')) throw error;
    } finally {
      this.stopListening();
      this.ended();
    }
  }

  private async watchBuffers(): Promise<void> {
    for (const map of this.object.maps) {
      if (map.view.kind !== 'events') continue;
      const watched = await this.request.connection.request('stream/watch', {
        sessionId: this.opened.sessionId,
        map: map.name,
      });
      this.watched.push({ streamId: watched.streamId, map, name: map.name, content: watched.content });
    }
    if (this.object.usesPrintk) {
      const watched = await this.request.connection.request('printk/watch', {});
      this.watched.push({ streamId: watched.streamId, map: null, name: 'printk', content: 'printk' });
    }
  }

  /** Throws FrameError, which closes the connection, for more data than any snapshot needs. */
  private keepEarlyPart(frame: DataFrame): void {
    this.snapshotPartBytes += PART_BYTES + frame.bytes.byteLength;
    if (this.snapshotPartBytes > MOST_EARLY_BYTES)
      throw new FrameError('too-long', 'the tracer sent map snapshots that were not requested');
    const parts = this.snapshotParts.get(frame.streamId) ?? [];
    parts.push(frame.bytes);
    this.snapshotParts.set(frame.streamId, parts);
  }

  private takeEarlyParts(streamId: number): readonly Uint8Array[] {
    const parts = this.snapshotParts.get(streamId) ?? [];
    this.snapshotParts.delete(streamId);
    for (const part of parts) this.snapshotPartBytes -= PART_BYTES + part.byteLength;
    return parts;
  }

  private receive(frame: DataFrame): void {
    const bytes = FRAME_HEADER_BYTES + frame.bytes.byteLength;
    this.frameBytes.all += bytes;
    if (frame.sessionId === this.opened.sessionId) this.frameBytes.own += bytes;
    if (frame.content === DataContent.mapChanges) {
      if (frame.sessionId !== this.opened.sessionId) return;
      const known = this.snapshotsByStream.get(frame.streamId);
      if (known) {
        known.push(frame.bytes);
        return;
      }
      this.keepEarlyPart(frame);
      return;
    }
    const mappings = frame.content === DataContent.perfRecords && this.mappingListeners.get(frame.streamId);
    if (mappings && frame.sessionId === this.opened.sessionId) {
      mappings(frame.bytes);
      return;
    }
    const stream = this.streams.find(
      candidate =>
        candidate.streamId === frame.streamId &&
        (candidate.content === 'printk' || frame.sessionId === this.opened.sessionId),
    );
    if (!stream) return;
    if (frame.lost > 0)
      this.lostByStream.set(frame.streamId, (this.lostByStream.get(frame.streamId) ?? 0) + frame.lost);
    for (const listener of this.frameListeners) listener(stream, frame);
  }
}

/** The parameters of 'session/open' for a session; sends the object's bytes. Throws SessionError for a bad parameter. */
export function openRequest(request: SessionRequest): TracerParams<'session/open'> {
  const { connection, object, choice } = request;
  const loaded = new Set(choice.load);
  const constants = encodeParameters(object.parameters, request.parameters).map(constant => ({
    section: constant.section,
    offset: constant.offset,
    bytes: Buffer.from(constant.bytes).toString('base64'),
  }));
  return {
    objectBlobId: connection.sendBlob(request.objectBytes),
    ...(request.relocationBtf ? { relocationBtfBlobId: connection.sendBlob(request.relocationBtf) } : {}),
    objectName: cIdentifier(object.name),
    programs: object.programs.map(program => ({
      name: program.name,
      load: loaded.has(program),
      attach: request.attach.get(program.name) ?? { kind: 'auto' },
    })),
    constants,
    maps: object.maps.flatMap(({ name, assumed = {} }) =>
      Object.keys(assumed).length > 0 ? [{ name, ...assumed }] : [],
    ),
    consented: request.consented,
  };
}

/** libbpf names internal maps after the object: a C identifier of at most 15 bytes (BPF_OBJ_NAME_LEN). */
function cIdentifier(name: string): string {
  return (
    name
      .replace(/\.bpf\.o$|\.o$/, '')
      .replace(/[^A-Za-z0-9_]/g, '_')
      .slice(0, 15) || 'program'
  );
}
