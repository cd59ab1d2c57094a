/** What a tracer sent for one program, kept in test/e2e/recordings: read by read and span by span, in the tracer's own bytes. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { DataContent } from '../../../src/shared/protocol/frames';
import type { OpenedSession, TracerParams, TracerResults } from '../../../src/shared/protocol/tracer';

/** A data frame. Bytes are base64. */
export interface RecordedFrame {
  readonly content: DataContent;
  readonly lost: number;
  /** Since attach, on the recorded machine. */
  readonly atMs: number;
  readonly bytes: string;
}

/** An answer to map/read with the frames before it, each the change since the read before. */
export interface RecordedRead {
  readonly entries: number;
  readonly truncated: boolean;
  readonly parts: readonly string[];
}

/** A phase is what happened between one reading of all maps and the next: frames of it belong before its reads. */
export interface Recording {
  readonly kernelRelease: string;
  /** What the session was opened with: other values would have given other data. */
  readonly constants: TracerParams<'session/open'>['constants'];
  readonly opened: OpenedSession;
  readonly attached: TracerResults['session/attach'];
  /** By map: ring and perf buffers. */
  readonly streams: Readonly<
    Record<
      string,
      { readonly content: 'ring' | 'perf'; readonly phases: readonly (readonly RecordedFrame[])[] }
    >
  >;
  /** By map, global data by its section: one per phase. */
  readonly maps: Readonly<Record<string, readonly RecordedRead[]>>;
  /** One per phase. */
  readonly statistics: readonly TracerResults['session/statistics'][];
  /** Of /proc/kallsyms, the symbols around every kernel address in what was sent. */
  readonly kallsyms: string;
}

/** What the recorded kernel and the workload said themselves, by other tools than ours: what pages are compared with. */
export interface Truth {
  readonly kernelRelease: string;
  /** Maps after each phase by `bpftool map dump`, as far as the workload alone changed them. u64s over 2^53 are text. */
  readonly phases: readonly Readonly<Record<string, readonly DumpedEntry[]>>[];
}

export interface DumpedEntry {
  readonly key: unknown;
  readonly value: unknown;
}

/** Beside the replaying tracer: how many phases of each recording it may play. */
export const HOLD_FILE = 'hold.json';

const folder = process.env.BPFW_RECORDINGS ?? path.join(__dirname, '../recordings');

export const recordingFile = (name: string): string => path.join(folder, `${name}.json.gz`);
const truthFile = (name: string): string => path.join(folder, `${name}.truth.json`);

export async function saveRecording(name: string, recording: Recording, truth: Truth): Promise<void> {
  await writeFile(recordingFile(name), gzipSync(JSON.stringify(recording), { level: 9 }));
  const phases = truth.phases.map(phase => JSON.stringify(phase)).join(',\n');
  const kernelRelease = JSON.stringify(truth.kernelRelease);
  await writeFile(truthFile(name), `{"kernelRelease":${kernelRelease},"phases":[\n${phases}\n]}\n`);
}

export function readRecording(file: string): Recording {
  return JSON.parse(gunzipSync(readFileSync(file)).toString());
}

export function readTruth(name: string): Truth {
  return JSON.parse(readFileSync(truthFile(name), 'utf8'));
}
