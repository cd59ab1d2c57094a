/**
 * Stands where the tracer stands, speaks its protocol, and loads nothing: what it answers and sends is what the
 * real one did when the program was recorded (test/e2e/recordings), in the same bytes. Everything from the socket to the
 * pixels is the product's own. Each read of a map gives what the next read gave then; records that had come before that
 * read are sent before it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { ResponseError } from 'vscode-jsonrpc/node';
import { indexPerfRecords } from '../../../src/shared/decode/perf-records';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { readObject } from '../../../src/shared/object/object';
import { duplexChannel } from '../../../src/shared/protocol/byte-channel';
import {
  DataContent,
  type DataFrame,
  MAP_CHANGES_HEADER_BYTES,
  MapChangesFlag,
} from '../../../src/shared/protocol/frames';
import { createFrameConnection, type FrameConnection } from '../../../src/shared/protocol/rpc-frames';
import {
  TRACER_PROTOCOL_VERSION,
  TRACER_RPC_ERROR,
  type TracerErrorData,
  type TracerMethod,
  type TracerParams,
  type TracerResults,
} from '../../../src/shared/protocol/tracer';
import { HOLD_FILE, type Recording, readRecording } from './recording';

const folder = process.env.BPFW_RECORDINGS ?? '';

type Counts = Pick<DataFrame, 'records' | 'lost'>;

/** One program's recording as it is played. */
class Replay {
  /** Of each map, and of statistics: reads so far. */
  private readonly reads = new Map<string, number>();
  private sentPhases = 0;
  private readonly streamIds = new Map<string, number>();

  constructor(
    readonly sessionId: number,
    private readonly recordingName: string,
    readonly recording: Recording,
    private readonly connection: FrameConnection,
    private readonly nextStreamId: () => number,
  ) {}

  watch(map: string): TracerResults['stream/watch'] {
    const stream = this.recording.streams[map];
    if (!stream) throw refusal('unknown-map', `nothing was recorded of ${map}`);
    return { streamId: this.streamId(map), content: stream.content };
  }

  read(map: string): TracerResults['map/read'] {
    const reads = this.recording.maps[map];
    if (!reads) throw refusal('unknown-map', `nothing was recorded of ${map}`);
    const streamId = this.streamId(map);
    const number = this.reads.get(map) ?? 0;
    const isHeld = number >= phasesAllowed(this.recordingName);
    const recorded = isHeld ? undefined : reads[number];
    if (!isHeld) {
      this.reads.set(map, number + 1);
      this.sendRecords(number + 1);
    }
    const last = recorded ?? reads[Math.min(number, reads.length) - 1];
    for (const part of recorded ? recorded.parts.map(decode) : [unchanged(last?.entries ?? 0)])
      this.send(streamId, DataContent.mapChanges, part, { records: 0, lost: 0 });
    return { streamId, entries: last?.entries ?? 0, truncated: last?.truncated ?? false };
  }

  statistics(): TracerResults['session/statistics'] {
    const all = this.recording.statistics;
    const found = all[Math.min(this.count('statistics'), all.length - 1)];
    if (!found) throw refusal('kernel', 'no statistics were recorded');
    return found;
  }

  sendAll(): void {
    const counts = Object.values(this.recording.streams).map(({ phases }) => phases.length);
    this.sendRecords(Math.max(0, ...counts));
  }

  /** Everything recorded before the end of that phase. */
  private sendRecords(phases: number): void {
    for (; this.sentPhases < phases; this.sentPhases++) {
      for (const [map, stream] of Object.entries(this.recording.streams))
        for (const frame of stream.phases[this.sentPhases] ?? []) {
          const bytes = decode(frame.bytes);
          const { count } = (stream.content === 'ring' ? indexRingSpan : indexPerfRecords)(bytes);
          this.send(this.streamId(map), frame.content, bytes, { records: count, lost: frame.lost });
        }
    }
  }

  /** Streams of records and of map changes have numbers of their own in this session. */
  private streamId(map: string): number {
    const known = this.streamIds.get(map) ?? this.nextStreamId();
    this.streamIds.set(map, known);
    return known;
  }

  private count(what: string): number {
    const number = this.reads.get(what) ?? 0;
    this.reads.set(what, number + 1);
    return number;
  }

  private send(streamId: number, content: DataContent, bytes: Uint8Array, counts: Counts): void {
    const { sessionId } = this;
    this.connection.sendData(
      { sessionId, streamId, content, ...counts, readAtNs: process.hrtime.bigint() },
      bytes,
    );
  }
}

type Handlers = { readonly [M in TracerMethod]?: (params: TracerParams<M>) => TracerResults[M] };

function handlersOf(connection: FrameConnection): Handlers {
  const replays = new Map<number, Replay>();
  let streams = 0;
  let kallsyms = '';
  const replay = (id: number): Replay => {
    const found = replays.get(id);
    if (!found) throw refusal('unknown-session', `no session ${id}`);
    return found;
  };
  return {
    'session/open': params => {
      const bytes = connection.takeBlob(params.objectBlobId);
      const name = recordingOf(params.objectName);
      const recording = readRecording(path.join(folder, `${name}.json.gz`));
      checkSame(recording, params, bytes);
      kallsyms = recording.kallsyms;
      const sessionId = replays.size + 1;
      replays.set(sessionId, new Replay(sessionId, name, recording, connection, () => ++streams));
      return { ...recording.opened, sessionId };
    },
    'session/attach': ({ sessionId }) => replay(sessionId).recording.attached,
    'session/close': () => ({ detachMs: 1 }),
    'session/drain': ({ sessionId }) => {
      replay(sessionId).sendAll();
      return { records: 0 };
    },
    'stream/watch': ({ sessionId, map }) => replay(sessionId).watch(map),
    'map/read': ({ sessionId, map }) => replay(sessionId).read(map),
    'session/statistics': ({ sessionId }) => replay(sessionId).statistics(),
    'target/functions': ({ names }) => ({
      functions: names.map(name => ({ name, traceable: true, symbol: true })),
    }),
    'target/tracepoints': ({ names }) => ({ present: names.map(() => true) }),
    'target/read': ({ what }) => {
      if (what !== 'kallsyms') throw refusal('not-found', `${what} was not recorded`);
      const bytes = Buffer.from(kallsyms);
      return { blobId: connection.sendBlob(bytes), bytes: bytes.byteLength };
    },
  };
}

/** The tracer hears the object's name cut to what the kernel keeps. */
function recordingOf(objectName: string): string {
  const file = readdirSync(folder).find(name => name.startsWith(objectName) && name.endsWith('.json.gz'));
  if (!file) throw refusal('not-found', `nothing was recorded of ${objectName}`);
  return path.basename(file, '.json.gz');
}

/** How far a recording may play; all of it unless the test holds it (holdReplay in extension.ts). */
function phasesAllowed(name: string): number {
  const file = path.join(__dirname, HOLD_FILE);
  const holds: Readonly<Record<string, number>> = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {};
  return holds[name] ?? Number.POSITIVE_INFINITY;
}

/** What was recorded is true of this very program with these very values only. */
function checkSame(
  recording: Recording,
  { constants, objectName }: TracerParams<'session/open'>,
  bytes: Uint8Array,
) {
  if (!isDeepStrictEqual(constants, recording.constants))
    throw refusal(
      'bad-request',
      `${objectName} was recorded with ${JSON.stringify(recording.constants)}, not with ${JSON.stringify(constants)}`,
    );
  for (const map of readObject(bytes, objectName).maps) {
    const recorded = recording.opened.maps.find(({ name }) => name === map.name);
    if (!recorded || recorded.keySize !== map.keySize || recorded.valueSize !== map.valueSize)
      throw refusal(
        'object-rejected',
        `${objectName} changed since it was recorded (${map.name}): npm run record`,
      );
  }
}

function refusal(code: TracerErrorData['code'], message: string): ResponseError<TracerErrorData> {
  return new ResponseError(TRACER_RPC_ERROR, message, { code });
}

const decode = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

/** A snapshot in which nothing changed. */
function unchanged(entries: number): Uint8Array {
  const part = new Uint8Array(MAP_CHANGES_HEADER_BYTES);
  const view = new DataView(part.buffer);
  view.setUint32(0, MapChangesFlag.last, true);
  view.setUint32(4, entries, true);
  return part;
}

async function main(): Promise<void> {
  const socketPath = process.argv[process.argv.indexOf('--socket') + 1] ?? '';
  const input = createInterface({ input: process.stdin });
  // The client holds the other end: its end is ours.
  input.on('close', () => process.exit(0));
  const socket = net.connect(socketPath);
  // The client says it once somebody called.
  const token = await new Promise<string>(resolve => input.once('line', resolve));
  const connection = createFrameConnection(duplexChannel(socket));
  connection.onClosed(() => process.exit(0));
  const handlers: Readonly<Record<string, ((params: never) => unknown) | undefined>> = handlersOf(connection);
  connection.rpc.onRequest((method: string, params: unknown) => {
    const handler = handlers[method];
    if (!handler) throw refusal('bad-request', `the recording knows no ${method}`);
    return handler(params as never);
  });
  connection.rpc.listen();
  await connection.rpc.sendNotification('hello', {
    protocolVersion: TRACER_PROTOCOL_VERSION,
    token,
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    kernelRelease: 'recorded',
    libbpfVersion: 'recorded',
    nodeVersion: process.versions.node,
    mappedRings: false,
  });
}

void main();
