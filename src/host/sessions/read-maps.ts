import type { TracingSession } from '../../session/tracing-session';
import { decodeGlobalHistograms, decodeHistograms } from '../../shared/decode/histograms';
import type { Histogram } from '../../shared/decode/model';

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
