/** From a session's raw frames and maps to what is printed: the command line's counterpart of the panels. */

import { readStacks } from '../session/read-stacks';
import type { Symbolizer } from '../session/symbols/symbolizer';
import type { SessionStream, TracingSession } from '../session/tracing-session';
import { decodeEntries } from '../shared/decode/entries';
import { decodeRecord, recordFits } from '../shared/decode/field';
import { decodeGlobalHistograms, decodeHistograms } from '../shared/decode/histograms';
import type { FieldValue } from '../shared/decode/model';
import { indexPerfRecords } from '../shared/decode/perf-records';
import { indexRingSpan } from '../shared/decode/ring-span';
import { stackTables } from '../shared/decode/stack-tables';
import type { RecordLayout } from '../shared/object/model';
import type { DataFrame } from '../shared/protocol/frames';
import type { RunOutput } from './run-output';

/** Prints the records of one frame. */
export function printFrame(stream: SessionStream, frame: DataFrame, output: RunOutput): void {
  if (stream.content === 'printk') {
    for (const line of new TextDecoder().decode(frame.bytes).split('\n'))
      if (line !== '') output.printk(line);
    return;
  }
  const layout = stream.map?.view.kind === 'events' ? stream.map.view.record : null;
  const index = stream.content === 'ring' ? indexRingSpan(frame.bytes) : indexPerfRecords(frame.bytes);
  const view = new DataView(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
  for (let record = 0; record < index.count; record++) {
    const offset = index.offsets[record] ?? 0;
    const length = index.lengths[record] ?? 0;
    output.event(stream.name, layout, recordData(view, offset, length, layout));
  }
}

function recordData(
  view: DataView,
  offset: number,
  length: number,
  layout: RecordLayout | null,
): Record<string, FieldValue> {
  // A record shorter than its type (or of unknown type) is shown as bytes: nothing is made up.
  if (!layout || !recordFits(layout, length))
    return { bytes: new Uint8Array(view.buffer, view.byteOffset + offset, length).slice() };
  return decodeRecord(view, offset, layout, offset + length);
}

/** Prints every histogram and table of the session, read now. */
export async function printMaps(
  session: TracingSession,
  output: RunOutput,
  symbolizer: Symbolizer,
): Promise<void> {
  const stacks = stackTables(session.object);
  for (const map of session.object.maps) {
    if (map.view.kind === 'histogram') {
      const { keys, values, count, cpus } = await session.readMap(map);
      for (const histogram of decodeHistograms(map, keys, values, count, cpus)) output.histogram(histogram);
    } else if (map.view.kind === 'table') {
      const table = stacks.find(candidate => candidate.map === map);
      if (table) {
        output.stacks(map.name, await readStacks(session, table, symbolizer));
        continue;
      }
      const { keys, values, count, cpus } = await session.readMap(map);
      output.map(map, decodeEntries(map, keys, values, count, cpus));
    }
  }
  const globals = session.object.globals.filter(global => global.histogram !== undefined);
  for (const section of new Set(globals.map(global => global.section))) {
    const bytes = await session.readSection(section);
    for (const histogram of decodeGlobalHistograms(session.object, section, bytes))
      output.histogram(histogram);
  }
}
