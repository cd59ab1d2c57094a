/** The client's end: a whole tracing session with a privileged process that answers anything. */

import { SessionError } from '../../../src/session/errors';
import { greetTracer, TracerRequestError } from '../../../src/session/targets/tracer-connection';
import { tracerFacts } from '../../../src/session/targets/tracer-facts';
import { readDropCounts } from '../../../src/session/tracing/drops';
import { TracingSession } from '../../../src/session/tracing/tracing-session';
import { decodeEntries } from '../../../src/shared/decode/entries';
import { decodeHistograms } from '../../../src/shared/decode/histograms';
import { valueStride } from '../../../src/shared/decode/map-values';
import { indexRingSpan } from '../../../src/shared/decode/ring-span';
import { decodeStacks } from '../../../src/shared/decode/stacks';
import type { BpfObject } from '../../../src/shared/object/model';
import { FrameSplitter } from '../../../src/shared/protocol/frame-splitter';
import { DataContent, encodeBlob, FrameError, FrameKind } from '../../../src/shared/protocol/frames';
import { type Hello, TRACER_PROTOCOL_VERSION, TRACER_RPC_ERROR } from '../../../src/shared/protocol/tracer';
import type { Door } from './child';
import { mapChanges, perfRecords, ringSpan } from './decoder-doors';
import {
  blobFrame,
  damagedFrame,
  damagedJson,
  dataFrame,
  HeldChannel,
  rpcFrame,
  strangeJson,
  strayMessage,
} from './frames';
import { type Below, damagedBytes, pick } from './mutate';

const TOKEN = 'ab'.repeat(32);
const CPUS = 2;
const HELLO: Hello = {
  protocolVersion: TRACER_PROTOCOL_VERSION,
  token: TOKEN,
  pid: 1,
  uid: 0,
  kernelRelease: '6.1.0',
  libbpfVersion: '1.1',
  nodeVersion: 'v20',
  mappedRings: true,
};
/** A session that lived through so many frames ends; others end sooner. */
const FRAMES_OF_A_SESSION = 120;
const TURN = 8;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly map?: string; readonly names?: readonly unknown[]; readonly what?: string };
}

/** `objects`: read, and their bytes. */
export function clientDoors(objects: readonly { object: BpfObject; bytes: Uint8Array }[]): readonly Door[] {
  const failures: unknown[] = [];
  const withMaps = objects.filter(({ object }) => object.maps.length > 0);
  let peer: Peer | null = null;
  return [
    {
      name: 'client: frames from a hostile privileged process',
      errors: [],
      read: async below => {
        peer ??= new Peer(pick(withMaps, below), failures);
        await peer.step(below);
        if (peer.over) {
          await peer.end();
          peer = null;
        }
        const [failure] = failures;
        if (failure !== undefined) throw failure;
      },
    },
  ];
}

const isOurs = (error: unknown): boolean =>
  error instanceof SessionError || error instanceof TracerRequestError || error instanceof FrameError;

class Peer {
  private readonly held: HeldChannel;
  private readonly pending: Request[] = [];
  private readonly client: Promise<void>;
  private frames = 0;
  private blobs = 0;
  private lastStream = 0;
  private readonly streams = new Map<string, number>();
  private done = false;

  constructor(
    private readonly subject: { object: BpfObject; bytes: Uint8Array },
    failures: unknown[],
  ) {
    const splitter = new FrameSplitter(({ kind, bytes }) => {
      if (kind !== FrameKind.rpc) return;
      const message = JSON.parse(Buffer.from(bytes).toString());
      if (message.id !== undefined && message.method !== undefined) this.pending.push(message);
    });
    this.held = new HeldChannel(bytes => splitter.push(bytes));
    this.client = useTracer(this.held, subject)
      .catch(error => {
        if (!isOurs(error)) failures.push(error);
      })
      .finally(() => {
        this.done = true;
      });
  }

  get over(): boolean {
    return this.done || this.held.closed || this.frames > FRAMES_OF_A_SESSION;
  }

  /** One frame. */
  async step(below: Below): Promise<void> {
    this.frames++;
    this.held.send(this.frame(below), below);
    if (this.frames % TURN === 0 || this.pending.length === 0 || this.held.paused) await this.held.settled();
  }

  /** The client ends whatever it was promised. */
  async end(): Promise<void> {
    this.held.channel.close();
    await this.client;
  }

  private frame(below: Below): Uint8Array {
    if (this.frames === 1) {
      const hello = `{"jsonrpc":"2.0","method":"hello","params":${JSON.stringify(HELLO)}}`;
      return rpcFrame(below(8) === 0 ? damagedJson(hello, below) : hello);
    }
    const way = below(40);
    if (way === 0) return blobFrame(below);
    if (way === 1) return rpcFrame(strayMessage(below), below);
    if (way === 2 && below(4) === 0) return damagedFrame(this.answer(below), below);
    if (way < 14) return this.data(below);
    return this.answer(below);
  }

  private data(below: Below): Uint8Array {
    const maps = this.subject.object.maps;
    const map = pick(maps, below);
    const known = this.streams.get(map.name);
    // A part of a map that nobody reads ends the session: seldom.
    const streamId = known === undefined || below(60) === 0 ? below(8) : known;
    if (known === undefined && below(30) > 0)
      return rpcFrame(`{"jsonrpc":"2.0","method":"log","params":${strangeJson(below)}}`);
    const isMap = map.view.kind !== 'events';
    const bytes = isMap
      ? mapChanges(below, map.keySize, valueStride(map, CPUS))
      : pick([ringSpan, perfRecords], below)(below, 8 * below(12));
    const content = below(30) === 0 ? below(6) : isMap ? DataContent.mapChanges : below(2);
    return dataFrame(below, below(12) === 0 && bytes.byteLength > 0 ? damagedBytes(bytes, below) : bytes, {
      sessionId: below(8) === 0 ? below(3) : 1,
      streamId,
      content,
    });
  }

  private answer(below: Below): Uint8Array {
    const request = this.pending.shift();
    if (!request) return this.data(below);
    const { id } = request;
    if (below(12) === 0) {
      const data = {
        code: pick(['kernel', 'attach-failed', 'verifier-rejected'], below),
        verifierLogBlobId: below(6),
      };
      const error = JSON.stringify({ code: TRACER_RPC_ERROR, message: 'no', data });
      const text = `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
      return rpcFrame(below(2) === 0 ? text : damagedJson(text, below));
    }
    const text = `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(this.result(request, below))}}`;
    return rpcFrame(below(20) === 0 ? damagedJson(text, below) : text);
  }

  private result({ method, params }: Request, below: Below): unknown {
    const { object } = this.subject;
    switch (method) {
      case 'session/open':
        return {
          sessionId: 1,
          programs: object.programs.map(({ name, section }, id) => ({
            ...{ name, section, id, instructions: 1, verifiedInstructions: 1 },
          })),
          maps: [
            ...object.maps.map(map => ({
              ...{ name: map.name, id: 1, type: 1, flags: 0, keySize: map.keySize, valueSize: map.valueSize },
              ...{ valueStride: valueStride(map, CPUS), maxEntries: 1 + below(100) },
            })),
            ...['.bss', '.data', '.rodata'].map(name => ({
              ...{
                name,
                id: 1,
                type: 2,
                flags: 0,
                keySize: 4,
                valueSize: 64 * below(20),
                valueStride: 64 * below(20),
                maxEntries: 1,
              },
            })),
          ],
          possibleCpus: CPUS,
          openMs: 1,
          loadMs: 1,
        };
      case 'session/attach':
        return { programs: [], attachMs: 1 };
      case 'session/close':
        return { detachMs: 1 };
      case 'stream/watch':
      case 'map/read': {
        const streamId = this.streams.get(params.map ?? '') ?? ++this.lastStream;
        this.streams.set(params.map ?? '', streamId);
        if (method === 'stream/watch') return { streamId, content: pick(['ring', 'perf'], below) };
        return { streamId, entries: below(20), truncated: false };
      }
      case 'session/statistics':
        return { programs: [{ name: 'p', runCount: '1', runTimeNs: '2' }], tracerCpuNs: '3' };
      case 'process/watch':
      case 'printk/watch':
        return { streamId: ++this.lastStream };
      case 'session/drain':
        return { records: 1 };
      case 'target/functions':
        return { functions: (params.names ?? []).map(name => ({ name, traceable: null, symbol: true })) };
      case 'target/tracepoints':
        return { present: (params.names ?? []).map(() => true) };
      case 'target/perf-event':
        return { available: true };
      case 'target/read': {
        const text = Buffer.from('ffffffff81000000 T start\n'.repeat(below(40)));
        const blobId = 100 + ++this.blobs;
        this.held.send(encodeBlob(blobId, text), below);
        return { blobId, bytes: text.byteLength };
      }
      default:
        return null;
    }
  }
}

/** What a session does, again and again until its privileged process is gone. */
async function useTracer(
  held: HeldChannel,
  { object, bytes }: { object: BpfObject; bytes: Uint8Array },
): Promise<void> {
  const connection = await greetTracer(held.channel, TOKEN);
  const session = await TracingSession.open({
    connection,
    object,
    objectBytes: bytes,
    choice: { load: object.programs, groups: [], lacks: [] } as never,
    relocationBtf: null,
    parameters: new Map(),
    attach: new Map(),
    consented: [],
  });
  session.onFrame((_stream, frame) => void indexRingSpan(frame.bytes));
  const facts = tracerFacts(connection, object.btf as never, '/nonexistent');
  await orRefused(session.attach());
  await orRefused(session.watchMappings(1, () => undefined));
  await orRefused(facts.functions(['vfs_read']));
  await orRefused(facts.tracepoints([{ category: 'sched', name: 'sched_switch' }]));
  for (;;) {
    for (const map of object.maps.filter(each => each.view.kind !== 'events')) {
      const read = await orRefused(session.readMap(map));
      if (!read) continue;
      const { keys, values, count, cpus } = read;
      decodeEntries(map, keys, values, count, cpus);
      decodeHistograms(map, keys, values, count, cpus);
      decodeStacks(map, keys, values, count);
    }
    await orRefused(readDropCounts(session));
    await orRefused(session.statistics(true));
    await orRefused(session.drain());
    if (held.closed) break;
  }
  await session.close();
}

/** A request that is refused, or answered with nonsense, ends no session by itself. */
async function orRefused<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TracerRequestError) return null;
    throw error;
  }
}
