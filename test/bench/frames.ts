/**
 * The client's side alone, on this machine and without the emulator: recorded disk requests, repeated to frames of the
 * size that a busy stream has, through a Unix socket to what the product does with them, and to C that does it by hand.
 */
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { indexRingSpan } from '../../src/shared/decode/ring-span';
import { DataContent, encodeDataHeader, encodeFrame, FrameKind } from '../../src/shared/protocol/frames';
import { readRecording, recordingFile } from '../e2e/replay/recording';
import type { Work } from './consumers';
import { type Row, row } from './measure';
import { root, workFolder } from './paths';
import { compileTemplate } from './template-object';

const folder = path.join(workFolder, 'frames');
/** As the tracer's chunks are when a program sends as fast as it can. */
const SPAN_BYTES = 250 << 10;
const FRAMES = 8;
const PEER = {
  kept: 'C, kept',
  columns: 'C, columns',
  text: 'C, printf',
  json: 'C, printf of JSON',
} as const;
/** How often the frames are sent: some seconds of work for each. */
const CASES: readonly {
  work: Work;
  name: string;
  peer: keyof typeof PEER;
  times: number;
  filter?: string;
}[] = [
  { work: 'host', name: 'kept and counted', peer: 'kept', times: 200 },
  { work: 'page', name: 'and indexed, rows in view decoded', peer: 'columns', times: 150 },
  { work: 'filter', name: 'and matched: latency > 1ms', peer: 'columns', times: 40, filter: 'latency > 1ms' },
  { work: 'text', name: 'bpfw run, text', peer: 'text', times: 20 },
  { work: 'json', name: 'bpfw run --json', peer: 'json', times: 40 },
];

interface Sent {
  readonly file: string;
  readonly times: number;
  readonly object: string;
}

interface Figures {
  readonly received: number;
  readonly ms: number;
  readonly cpuNsPerEvent: number;
}

export async function benchFrames(runs: number, add: (row: Row) => void): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const object = await compileTemplate('disksnoop', folder);
  for (const program of ['frame_sender', 'frame_consumer']) {
    const source = path.join(root, 'test/bench/peers', `${program}.c`);
    execFileSync('gcc', ['-O2', '-Wall', source, '-o', path.join(folder, program)], { stdio: 'inherit' });
  }
  const file = path.join(folder, 'frames');
  writeFileSync(file, Buffer.concat(Array.from({ length: FRAMES }, recordedFrame)));
  for (const { work, name, peer, times, filter = '' } of CASES) {
    const ours: Figures[] = [];
    const theirs: Figures[] = [];
    for (let run = 0; run < runs; run++) {
      theirs.push(await measure({ file, times, object }, null, peer));
      ours.push(await measure({ file, times, object }, { work, filter }, peer));
    }
    const cpu = (all: readonly Figures[]) => all.map(({ cpuNsPerEvent }) => cpuNsPerEvent / 1000);
    const rate = (all: readonly Figures[]) => all.map(({ received, ms }) => (received / ms) * 1000);
    const of = PEER[peer];
    add(
      row('frames', {
        name: `${name}: CPU per event`,
        unit: 'µs',
        ours: cpu(ours),
        peer: { name: of, values: cpu(theirs) },
      }),
    );
    add(
      row('frames', {
        name: `${name}: events`,
        unit: '1/s',
        ours: rate(ours),
        peer: { name: of, values: rate(theirs) },
      }),
    );
  }
}

/** A frame of the recorded requests, one after the other again and again. */
function recordedFrame(): Uint8Array {
  const spans = Object.values(readRecording(recordingFile('disksnoop')).streams).flatMap(({ phases }) =>
    phases.flat().map(({ bytes }) => Buffer.from(bytes, 'base64')),
  );
  const recorded = Buffer.concat(spans);
  const bytes = Buffer.concat(
    Array.from({ length: Math.floor(SPAN_BYTES / recorded.length) }, () => recorded),
  );
  const records = indexRingSpan(bytes).count;
  const header = { sessionId: 1, streamId: 1, content: DataContent.ringSpan, records, lost: 0, readAtNs: 0n };
  return encodeFrame(FrameKind.data, encodeDataHeader(header), bytes);
}

const DEADLINE_MS = 120_000;

/** `ours` null: the peer. */
async function measure(
  { file, times, object }: Sent,
  ours: { readonly work: Work; readonly filter: string } | null,
  peer: keyof typeof PEER,
): Promise<Figures> {
  const socket = path.join(folder, 'socket');
  rmSync(socket, { force: true });
  const discarded = openSync('/dev/null', 'w');
  const child = ours
    ? fork(path.join(folder, 'client.js'), [object, socket, ours.work, ours.filter], {
        stdio: ['ignore', discarded, 'inherit', 'ipc'],
      })
    : spawn(path.join(folder, 'frame_consumer'), [socket, peer], { stdio: ['ignore', discarded, 'pipe'] });
  closeSync(discarded);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const lines = child.stderr && createInterface({ input: child.stderr });
  const said = async (): Promise<unknown> => {
    const [first] = await (lines ? once(lines, 'line', { signal }) : once(child, 'message', { signal }));
    return first;
  };
  try {
    await said();
    const figures = said();
    const arguments_ = [socket, file, String(times)];
    await once(spawn(path.join(folder, 'frame_sender'), arguments_, { stdio: 'inherit' }), 'exit', {
      signal,
    });
    const told = await figures;
    return (typeof told === 'string' ? JSON.parse(told) : told) as Figures;
  } finally {
    child.kill('SIGKILL');
  }
}
