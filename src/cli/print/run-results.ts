/** Prints a session's maps: the command line's counterpart of the panels. */

import { readStacks } from '../../session/symbols/read-stacks';
import type { Symbolizer } from '../../session/symbols/symbolizer';
import type { TracingSession } from '../../session/tracing/tracing-session';
import { decodeEntries } from '../../shared/decode/entries';
import { decodeGlobals } from '../../shared/decode/globals';
import { decodeGlobalHistograms, decodeHistograms } from '../../shared/decode/histograms';
import { lostStacksText } from '../../shared/decode/lost-stacks';
import { listedGlobals } from '../../shared/object/panels';
import { stackTables } from '../../shared/object/stack-tables';
import type { RunOutput } from './run-output';

/** Reads and prints every histogram, table and global variable of the session. Resolves with sentences about stacks that were lost. */
export async function printMaps(
  session: TracingSession,
  output: RunOutput,
  symbolizer: Symbolizer,
): Promise<readonly string[]> {
  const missing: string[] = [];
  const stacks = stackTables(session.object);
  for (const map of session.object.maps) {
    if (map.view.kind === 'histogram') {
      const { keys, values, count, cpus } = await session.readMap(map);
      for (const histogram of decodeHistograms(map, keys, values, count, cpus))
        output.histogram(histogram, map.view.key);
    } else if (map.view.kind === 'table') {
      const table = stacks.find(candidate => candidate.map === map);
      if (table) {
        const { stacks: named, lost } = await readStacks(session, table, symbolizer);
        output.stacks(map, named, lost);
        missing.push(...lost.map(each => lostStacksText(map.name, each)));
        continue;
      }
      const { keys, values, count, cpus } = await session.readMap(map);
      output.map(map, decodeEntries(map, keys, values, count, cpus));
    }
  }
  const histograms = session.object.globals.filter(global => global.histogram !== undefined);
  const globals = listedGlobals(session.object).filter(global => global.drops === null);
  const values: ReturnType<typeof decodeGlobals> = [];
  for (const section of new Set([...histograms, ...globals].map(global => global.section))) {
    const bytes = await session.readSection(section);
    for (const histogram of decodeGlobalHistograms(session.object, section, bytes))
      output.histogram(histogram, null);
    values.push(...decodeGlobals({ globals }, section, bytes));
  }
  if (values.length > 0) output.globals(values);
  return missing;
}
