import { TracerRequestError } from '../../session/targets/tracer-connection';
import type { MapBytes, TracingSession } from '../../session/tracing/tracing-session';
import { EntryDecoder } from '../../shared/decode/entries';
import { decodeGlobals } from '../../shared/decode/globals';
import { decodeGlobalHistograms, HistogramDecoder } from '../../shared/decode/histograms';
import { valueStride } from '../../shared/decode/map-values';
import type { Histogram, MapEntry } from '../../shared/decode/model';
import type { BpfObject, MapDefinition } from '../../shared/object/model';
import { listedGlobals } from '../../shared/object/panels';
import type { GlobalValue } from '../../shared/protocol/webview';

export interface TableContent {
  readonly map: string;
  readonly entries: readonly MapEntry[];
}

/** Size limit for maps that are not tables: up to it they are read too. A program's scratch space may take megabytes per CPU. */
const READ_ALONG_BYTES = 8 << 20;

/** The maps whose entries the Maps page lists: tables, and other maps that are not too large. */
export function mapsToList({ maps }: Pick<BpfObject, 'maps'>, cpus: number): readonly MapDefinition[] {
  return maps.filter(map => {
    if (map.entries === null) return false;
    const bytes = Math.max(1, map.maxEntries) * (map.keySize + valueStride(map, cpus));
    return map.view.kind === 'table' || bytes <= READ_ALONG_BYTES;
  });
}

/**
 * The maps of a session, read in rounds; maps that did not change since the last round are not decoded again. Within a
 * round a map is read once, so that a histogram and a table of the same map are from the same moment.
 */
export class SessionMaps {
  private readonly histogramDecoders = new Map<string, HistogramDecoder>();
  private readonly entryDecoders = new Map<string, EntryDecoder>();
  private readonly ofThisRound = new Map<string, MapBytes>();
  /** Maps that are not tables and cannot be read: not tried again. */
  private readonly refused = new Set<string>();

  constructor(
    private readonly session: Pick<TracingSession, 'object' | 'readMap' | 'readSection'> & {
      readonly opened: Pick<TracingSession['opened'], 'possibleCpus'>;
    },
  ) {}

  nextRound(): void {
    this.ofThisRound.clear();
  }

  /** Every histogram as of this round; null if the object has none. */
  async readHistograms(): Promise<readonly Histogram[] | null> {
    const { object } = this.session;
    const maps = object.maps.filter(map => map.view.kind === 'histogram');
    const globals = object.globals.filter(global => global.histogram !== undefined);
    if (maps.length + globals.length === 0) return null;
    const histograms: Histogram[] = [];
    for (const map of maps) {
      const content = await this.read(map);
      const decoder = this.histogramDecoders.get(map.name) ?? new HistogramDecoder(map, content.cpus);
      this.histogramDecoders.set(map.name, decoder);
      for (const histogram of decoder.decode(content)) histograms.push(histogram);
    }
    for (const section of new Set(globals.map(global => global.section)))
      histograms.push(...decodeGlobalHistograms(object, section, await this.session.readSection(section)));
    return histograms;
  }

  /** Every table as of this round, and the other maps from mapsToList() that can be read. */
  async readTables(): Promise<readonly TableContent[]> {
    const tables: TableContent[] = [];
    const { object, opened } = this.session;
    for (const map of mapsToList(object, opened.possibleCpus)) {
      if (this.refused.has(map.name)) continue;
      const content = await this.read(map).catch((error: unknown) => {
        if (map.view.kind === 'table' || !(error instanceof TracerRequestError)) throw error;
        this.refused.add(map.name);
      });
      if (!content) continue;
      const decoder = this.entryDecoders.get(map.name) ?? new EntryDecoder(map, content.cpus);
      this.entryDecoders.set(map.name, decoder);
      tables.push({ map: map.name, entries: decoder.decode(content) });
    }
    return tables;
  }

  private async read(map: MapDefinition): Promise<MapBytes> {
    const content = this.ofThisRound.get(map.name) ?? (await this.session.readMap(map));
    this.ofThisRound.set(map.name, content);
    return content;
  }

  /** The current values of global variables that are neither hidden nor histograms. */
  async readGlobals(): Promise<readonly GlobalValue[]> {
    const globals = listedGlobals(this.session.object);
    const values: GlobalValue[] = [];
    for (const section of new Set(globals.map(global => global.section))) {
      const bytes = await this.session.readSection(section);
      for (const { global, value } of decodeGlobals({ globals }, section, bytes))
        values.push({ name: global.name, section, layout: global.layout, value });
    }
    return values;
  }
}
