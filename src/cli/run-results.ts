/** From a session's maps to what is printed: the command line's counterpart of the panels. */

import { readStacks } from '../session/read-stacks';
import type { Symbolizer } from '../session/symbols/symbolizer';
import type { TracingSession } from '../session/tracing-session';
import { decodeEntries } from '../shared/decode/entries';
import { decodeGlobalHistograms, decodeHistograms } from '../shared/decode/histograms';
import { stackTables } from '../shared/decode/stack-tables';
import type { RunOutput } from './run-output';

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
