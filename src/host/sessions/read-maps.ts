import { nameStacks, readStackSnapshot, type StackSnapshot } from '../../session/read-stacks';
import type { Symbolizer } from '../../session/symbols/symbolizer';
import type { TracingSession } from '../../session/tracing-session';
import { decodeEntries } from '../../shared/decode/entries';
import { decodeGlobals } from '../../shared/decode/globals';
import { decodeGlobalHistograms, decodeHistograms } from '../../shared/decode/histograms';
import type { Histogram, MapEntry } from '../../shared/decode/model';
import { stackTables } from '../../shared/decode/stack-tables';
import type { GlobalValue } from '../../shared/protocol/webview';
import { type StackTableContent, stackSamples } from './stack-samples';

/** Every histogram of the session as of now; null when its object has none. */
export async function readHistograms(session: TracingSession): Promise<readonly Histogram[] | null> {
  const maps = session.object.maps.filter(map => map.view.kind === 'histogram');
  const globals = session.object.globals.filter(global => global.histogram !== undefined);
  if (maps.length + globals.length === 0) return null;
  const histograms: Histogram[] = [];
  for (const map of maps) {
    const { keys, values, count, cpus } = await session.readMap(map);
    histograms.push(...decodeHistograms(map, keys, values, count, cpus));
  }
  for (const section of new Set(globals.map(global => global.section))) {
    histograms.push(...decodeGlobalHistograms(session.object, section, await session.readSection(section)));
  }
  return histograms;
}

export interface TableContent {
  readonly map: string;
  readonly entries: readonly MapEntry[];
}

/** Every table of the session as of now. */
export async function readTables(session: TracingSession): Promise<readonly TableContent[]> {
  const tables: TableContent[] = [];
  for (const map of session.object.maps) {
    if (map.view.kind !== 'table') continue;
    const { keys, values, count, cpus } = await session.readMap(map);
    tables.push({ map: map.name, entries: decodeEntries(map, keys, values, count, cpus) });
  }
  return tables;
}

/** The program's global variables that are neither hidden nor histograms, as of now. */
export async function readGlobals(session: TracingSession): Promise<readonly GlobalValue[]> {
  const shown = session.object.globals.filter(global => !global.hidden && global.histogram === undefined);
  const values: GlobalValue[] = [];
  for (const section of new Set(shown.map(global => global.section))) {
    for (const { global, value } of decodeGlobals(
      { globals: shown },
      section,
      await session.readSection(section),
    )) {
      values.push({ name: global.name, section, layout: global.layout, value });
    }
  }
  return values;
}

/** Every table of stacks as of now; what naming them needs of the helper is asked, too. */
export async function readStackSnapshots(
  session: TracingSession,
  symbolizer: Symbolizer,
): Promise<readonly StackSnapshot[]> {
  const snapshots: StackSnapshot[] = [];
  for (const table of stackTables(session.object)) {
    snapshots.push(await readStackSnapshot(session, table));
    if (table.stacks.some(stack => stack.space === 'kernel')) await symbolizer.loadKernelSymbols();
  }
  return snapshots;
}

export async function nameStackTables(
  snapshots: readonly StackSnapshot[],
  symbolizer: Symbolizer,
): Promise<readonly StackTableContent[]> {
  const tables: StackTableContent[] = [];
  for (const snapshot of snapshots)
    tables.push(stackSamples(snapshot.table, await nameStacks(snapshot, symbolizer)));
  return tables;
}
