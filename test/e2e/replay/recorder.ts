/** Listens in on the connection to a real tracer and keeps what it says about one session. */

import type { ConnectOptions } from '../../../src/session/targets/target';
import type { TracerConnection } from '../../../src/session/targets/tracer-connection';
import { VmTarget } from '../../../src/session/targets/vm-target';
import { DataContent, type DataFrame } from '../../../src/shared/protocol/frames';
import type {
  OpenedSession,
  TracerMethod,
  TracerParams,
  TracerResults,
} from '../../../src/shared/protocol/tracer';
import type { RecordedFrame, RecordedRead, Recording } from './recording';

/** Addresses from here on are the kernel's (x86-64 and arm64: the upper half). */
const KERNEL_SPACE = 0xffff_8000_0000_0000n;

/** The sandbox VM as a target, with a recorder on the tracer's connection. */
export class RecordingTarget extends VmTarget {
  private readonly recorders = new Map<TracerConnection, TracerConnection>();
  recorder = new Recorder();

  override async connect(options: ConnectOptions): Promise<TracerConnection> {
    const connection = await super.connect(options);
    const known = this.recorders.get(connection);
    if (known) return known;
    connection.onData(frame => this.recorder.frame(frame));
    const heard: TracerConnection = {
      hello: connection.hello,
      request: async (method, params) => {
        const result = await connection.request(method, params);
        this.recorder.answer(method, params, result);
        return result;
      },
      sendBlob: bytes => connection.sendBlob(bytes),
      takeBlob: id => connection.takeBlob(id),
      onData: listener => connection.onData(listener),
      closed: connection.closed,
      close: () => connection.close(),
    };
    this.recorders.set(connection, heard);
    return heard;
  }
}

export class Recorder {
  private phase = 0;
  private attachedAtMs = 0;
  private constants: Recording['constants'] = [];
  private opened: OpenedSession | null = null;
  private attached: Recording['attached'] | null = null;
  private readonly streams = new Map<
    number,
    { map: string; content: 'ring' | 'perf'; phases: RecordedFrame[][] }
  >();
  private readonly maps = new Map<string, RecordedRead[]>();
  /** Of map/read, by stream: the answer that names the map comes last. */
  private readonly parts = new Map<number, string[]>();
  private readonly statistics: TracerResults['session/statistics'][] = [];

  /** What comes from now on belongs to the next phase. */
  nextPhase(): void {
    this.phase++;
  }

  answer<M extends TracerMethod>(method: M, params: TracerParams<M>, result: TracerResults[M]): void {
    const said = { method, params, result } as Answer;
    if (said.method === 'session/open') {
      this.constants = said.params.constants;
      this.opened = said.result;
    } else if (said.method === 'session/attach') {
      this.attached = said.result;
      this.attachedAtMs = performance.now();
    } else if (said.method === 'stream/watch') {
      const { streamId, content } = said.result;
      this.streams.set(streamId, { map: said.params.map, content, phases: [] });
    } else if (said.method === 'map/read') {
      const { streamId, entries, truncated } = said.result;
      const reads = this.maps.get(said.params.map) ?? [];
      reads.push({ entries, truncated, parts: this.parts.get(streamId) ?? [] });
      this.maps.set(said.params.map, reads);
      this.parts.delete(streamId);
    } else if (said.method === 'session/statistics') this.statistics.push(said.result);
  }

  frame({ streamId, content, lost, bytes }: DataFrame): void {
    const base64 = Buffer.from(bytes).toString('base64');
    if (content === DataContent.mapChanges) {
      this.parts.set(streamId, [...(this.parts.get(streamId) ?? []), base64]);
      return;
    }
    const stream = this.streams.get(streamId);
    if (!stream) return;
    const atMs = Math.round(performance.now() - this.attachedAtMs);
    const frames = stream.phases[this.phase] ?? [];
    frames.push({ content, lost, atMs, bytes: base64 });
    for (let phase = stream.phases.length; phase <= this.phase; phase++) stream.phases.push([]);
    stream.phases[this.phase] = frames;
  }

  /** `kallsyms`: all of the kernel's. */
  recording(kernelRelease: string, kallsyms: string): Recording {
    if (!this.opened || !this.attached) throw new Error('no session was attached');
    const streams = [...this.streams.values()].map(
      ({ map, content, phases }) => [map, { content, phases }] as const,
    );
    const sent = [
      ...[...this.maps.values()].flatMap(reads => reads.flatMap(({ parts }) => parts)),
      ...streams.flatMap(([, { phases }]) => phases.flat().map(({ bytes }) => bytes)),
    ];
    return {
      kernelRelease,
      constants: this.constants,
      opened: this.opened,
      attached: this.attached,
      streams: Object.fromEntries(streams),
      maps: Object.fromEntries(this.maps),
      statistics: this.statistics,
      kallsyms: symbolsAround(sent, kallsyms),
    };
  }
}

type Answer = {
  [M in TracerMethod]: {
    readonly method: M;
    readonly params: TracerParams<M>;
    readonly result: TracerResults[M];
  };
}[TracerMethod];

/** The line of the last symbol at or below each kernel address that occurs, and of the one above it. */
function symbolsAround(sent: readonly string[], kallsyms: string): string {
  const addresses = new Set<bigint>();
  for (const base64 of sent) {
    const bytes = Buffer.from(base64, 'base64');
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const word = bytes.readBigUInt64LE(at);
      if (word >= KERNEL_SPACE) addresses.add(word);
    }
  }
  const symbols = kallsyms
    .split('\n')
    .filter(line => /^[0-9a-f]{16} [tTwW] /.test(line))
    .map(line => ({ address: BigInt(`0x${line.slice(0, 16)}`), line }))
    .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const kept = new Set<string>();
  for (const address of addresses) {
    const above = symbols.findIndex(symbol => symbol.address > address);
    if (above <= 0) continue;
    const own = symbols[above - 1]?.address;
    for (const symbol of symbols.slice(Math.max(0, above - 8), above + 1))
      if (symbol.address === own || symbol === symbols[above]) kept.add(symbol.line);
  }
  return symbols
    .filter(({ line }) => kept.has(line))
    .map(({ line }) => `${line}\n`)
    .join('');
}
