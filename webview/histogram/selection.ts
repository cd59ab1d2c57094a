/** The series the page shows, with their names and bounds. */
import { formatValue } from '../../src/shared/decode/format';
import { jsonRecord } from '../../src/shared/decode/json-value';
import type { Bucket } from '../../src/shared/decode/model';
import type { MapDefinition } from '../../src/shared/object/model';
import { type Bin, commonBins } from './bins';
import { sumBuckets, totalOf } from './buckets';
import { type Series, sortSeries } from './series';
import type { FrozenRun, ViewState } from './state';
import type { Tile } from './tiles';

export interface Selected extends Tile {
  /** Ids of the series it sums; only its own if it is not a sum. */
  readonly memberIds: ReadonlySet<string>;
}

export interface PageLayout {
  readonly tiles: readonly Tile[];
  readonly selected: Selected | null;
  /** Series that match but are not among the top ones. */
  readonly hiddenKeys: number;
  readonly seriesCount: number;
}

/** Marks the id of the sum over a map's keys; no map name contains it. */
const SUM = '\u0000sum';

export function seriesName(series: Series, maps: readonly MapDefinition[]): string {
  if (series.id.endsWith(SUM)) return 'All keys';
  if (series.key === null) return series.label;
  const layout = keyLayoutOf(series, maps);
  return Object.entries(series.key)
    .map(([name, value]) => {
      const field = layout?.fields.find(candidate => candidate.name === name);
      const text = formatValue(
        value,
        field ?? { meaning: 'plain', unit: '', valueNames: null, storage: 'text' },
      );
      return layout && layout.fields.filter(candidate => !candidate.hidden).length > 1
        ? `${field?.label ?? name} ${text}`
        : text;
    })
    .join(', ');
}

/** The key as JSON contains it. */
export function seriesKey(series: Series, maps: readonly MapDefinition[]) {
  return series.key && jsonRecord(series.key, keyLayoutOf(series, maps));
}

function keyLayoutOf(series: Series, maps: readonly MapDefinition[]) {
  const view = maps.find(map => map.name === series.map)?.view;
  return view?.kind === 'histogram' ? view.key : null;
}

/** Selects tiles (sums first, then the top series), the selected one and its bins. */
export function layoutOf(
  all: readonly Series[],
  state: ViewState,
  maps: readonly MapDefinition[],
): PageLayout {
  const severalMaps = new Set(all.map(series => series.map)).size > 1;
  const nameOf = (series: Series): string => {
    const name = seriesName(series, maps);
    return severalMaps && series.key !== null
      ? `${series.label}: ${name}`
      : severalMaps && series.id.endsWith(SUM)
        ? `${series.label}: all keys`
        : name;
  };
  const wanted = state.search.trim().toLowerCase();
  const matching = wanted === '' ? all : all.filter(series => nameOf(series).toLowerCase().includes(wanted));
  const { frozen } = state;
  const frozenOf = (series: Series): readonly Bucket[] | null =>
    frozen && frozenBuckets(frozen, membersOf(series, all));
  const sorted = sortSeries(matching, state.sort, nameOf, frozenOf);
  const kept = sorted.slice(0, state.top);
  const sums = wanted === '' ? sumsOf(all) : [];
  const chosen = [...sums, ...kept];
  const binsOf = new Map<string, readonly Bin[]>();
  for (const { map, kind } of chosen) {
    if (binsOf.has(map)) continue;
    const members = chosen.filter(series => series.map === map);
    const lists = members.flatMap(series => [series.buckets, frozenOf(series) ?? []]);
    binsOf.set(map, commonBins(kind, lists));
  }
  const tiles = chosen.map(series => ({
    series,
    name: nameOf(series),
    bins: binsOf.get(series.map) ?? [],
    frozen: frozenOf(series),
  }));
  const tile = tiles.find(candidate => candidate.series.id === state.selectedId) ?? tiles[0];
  const selected = tile ? { ...tile, memberIds: membersOf(tile.series, all) } : null;
  return { tiles, selected, hiddenKeys: matching.length - kept.length, seriesCount: all.length };
}

function membersOf(series: Series, all: readonly Series[]): ReadonlySet<string> {
  return series.id.endsWith(SUM)
    ? new Set(all.filter(member => member.map === series.map).map(member => member.id))
    : new Set([series.id]);
}

/** The sum over all keys, for every map with several. */
function sumsOf(all: readonly Series[]): Series[] {
  const byMap = new Map<string, Series[]>();
  for (const series of all) {
    if (series.key === null) continue;
    const members = byMap.get(series.map);
    if (members) members.push(series);
    else byMap.set(series.map, [series]);
  }
  return [...byMap.values()].flatMap(members => {
    const first = members[0];
    if (!first || members.length < 2) return [];
    const buckets = sumBuckets(members.map(member => member.buckets));
    return [{ ...first, id: `${first.map}${SUM}`, key: null, buckets, total: totalOf(buckets) }];
  });
}

/** The saved buckets of some series, summed; null if there are none. */
function frozenBuckets(frozen: FrozenRun, memberIds: ReadonlySet<string>): readonly Bucket[] | null {
  const lists = [...memberIds].flatMap(id => {
    const buckets = frozen.series.get(id);
    return buckets ? [buckets] : [];
  });
  return lists.length > 0 ? sumBuckets(lists) : null;
}
