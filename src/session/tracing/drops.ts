/** Records the program itself could not deliver: its drop counters, in maps or in global variables. */
import { decodeField } from '../../shared/decode/field';
import type { Drops } from '../../shared/decode/model';
import type { GlobalVariable } from '../../shared/object/model';
import type { FrameLoss, TracingSession } from './tracing-session';

/** One reading of a counter. */
export interface DropCount {
  /** The map whose records it counts; null if the program does not name one. */
  readonly of: string | null;
  readonly count: number;
}

/** The current drop counters of the session; empty if the program has none. */
export async function readDropCounts(session: TracingSession): Promise<readonly DropCount[]> {
  const drops: DropCount[] = [];
  const counters = session.object.globals.filter(isDropCounter);
  for (const section of new Set(counters.map(global => global.section))) {
    const bytes = await session.readSection(section);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const global of counters.filter(candidate => candidate.section === section)) {
      const field = global.layout.fields[0];
      if (field)
        drops.push({ of: global.drops?.of ?? null, count: Number(decodeField(view, global.offset, field)) });
    }
  }
  for (const map of session.object.maps) {
    if (map.view.kind !== 'drops') continue;
    const { values, count, cpus } = await session.readMap(map);
    drops.push({
      of: map.view.of,
      count: sumCounters(values, map.valueSize, count * (map.perCpu ? cpus : 1)),
    });
  }
  return drops;
}

/** Streams as far as their losses can be distinguished. */
export type LossyStream = Pick<FrameLoss, 'stream' | 'content'>;

/** The stream whose records a counter counts: the one it names, else the only one there is; undefined: none. */
export function streamOf({ of }: DropCount, streams: readonly LossyStream[]): string | undefined {
  const [first, ...others] = streams;
  return of ?? (others.length === 0 ? first?.stream : undefined);
}

/**
 * All losses, each record counted once: for a perf buffer the program and the kernel count the same losses, so the
 * larger number is used. `client`: records this side had no room for.
 */
export function sumDrops(counts: readonly DropCount[], frames: readonly FrameLoss[], client: number): Drops {
  let kernel = counts.reduce((sum, { count }) => sum + count, 0);
  let tracer = 0;
  for (const { stream, content, lost } of frames) {
    if (content === 'ring') tracer += lost;
    else {
      const counted = counts
        .filter(count => streamOf(count, frames) === stream)
        .reduce((sum, { count }) => sum + count, 0);
      kernel += Math.max(0, lost - counted);
    }
  }
  return { kernel, tracer, client };
}

/** The session's losses so far; `client` as in sumDrops. */
export async function readDrops(session: TracingSession, client: number): Promise<Drops> {
  return sumDrops(await readDropCounts(session), session.frameLosses, client);
}

export function isDropCounter(global: GlobalVariable): boolean {
  return global.drops !== null;
}

function sumCounters(values: Uint8Array, valueSize: number, counters: number): number {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  // Per-CPU values are at multiples of 8 (round_up(value_size, 8), kernel/bpf/hashtab.c); others follow each other.
  const stride = counters > 0 ? values.byteLength / counters : 8;
  let sum = 0;
  for (let counter = 0; counter < counters; counter++) {
    const at = counter * stride;
    sum += valueSize === 8 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
  }
  return sum;
}
