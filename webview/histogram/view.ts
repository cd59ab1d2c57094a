/** The Histogram page's elements and what the user can do with them. */

import type { Drops } from '../../src/shared/decode/model';
import type { MapDefinition } from '../../src/shared/object/model';
import type { FromWebview, SessionSummary } from '../../src/shared/protocol/webview';
import { element, setText } from '../common/dom';
import { createPanelFrame, type ExportedFile } from '../common/panel-frame';
import { formatClock, formatCount, formatQuantity } from '../common/quantity';
import { button, dropdown, textField, toggle } from '../common/toolkit';
import { createBarChart } from './bar-chart';
import { createBarTable } from './bar-table';
import { barsOf } from './bins';
import { everythingFile, histogramsCsv, histogramsNdjson, timelineFile } from './export';
import { createHeatmap } from './heatmap';
import type { HistogramHistory, Span } from './history';
import { PERCENTILE_METHOD, percentile, summary } from './percentiles';
import { layoutOf, type PageLayout, seriesName } from './selection';
import type { Series, SortOrder } from './series';
import { type SavedState, toSaved, type ViewState } from './state';
import { createTiles } from './tiles';

interface ViewHost {
  post(message: FromWebview): void;
  save(state: SavedState): void;
  /** Holds what is shown, or goes on; changes what the state says of it. */
  pause(paused: boolean): void;
}

export interface HistogramView {
  noSession(trusted: boolean): void;
  session(session: SessionSummary, maps: readonly MapDefinition[]): void;
  drops(drops: Drops): void;
  draw(): void;
  redraw(): void;
  export(kind: string): void;
}

const SORTS = [
  { value: 'count', label: 'Most values' },
  { value: 'p99', label: 'Highest p99' },
  { value: 'p99-change', label: 'p99 rose most' },
  { value: 'p50', label: 'Highest p50' },
  { value: 'max', label: 'Highest max' },
  { value: 'name', label: 'Name' },
] as const;
const TOPS = [6, 12, 24, 48, 96].map(count => ({ value: String(count), label: `Top ${count}` }));

export function createHistogramView(
  root: HTMLElement,
  history: HistogramHistory,
  state: ViewState,
  host: ViewHost,
): HistogramView {
  /** Numbers of state.range's intervals as of the last drawing; null while they are not there. */
  let range: { readonly first: number; readonly last: number } | null = null;
  let maps: readonly MapDefinition[] = [];
  let shown: PageLayout | null = null;

  const changed = (): void => {
    host.save(toSaved(state));
    draw();
  };
  const pause = toggle({
    label: 'Pause',
    icon: 'debug-pause',
    title: 'Hold the charts still; counting goes on',
    pressed: false,
    onChange: pressed => {
      host.pause(pressed);
      changed();
    },
  });
  const interval = toggle({
    label: 'Last Interval',
    title: 'Show only what the last interval added, instead of everything since attach',
    pressed: state.lastInterval,
    onChange: pressed => {
      state.lastInterval = pressed;
      state.range = null;
      changed();
    },
  });
  const log = toggle({
    label: 'Log Counts',
    title: 'Logarithmic count axis',
    pressed: state.logCounts,
    onChange: pressed => {
      state.logCounts = pressed;
      changed();
    },
  });
  const table = toggle({
    label: 'Table',
    icon: 'table',
    title: 'Show the numbers behind the charts',
    pressed: state.table,
    onChange: pressed => {
      state.table = pressed;
      changed();
    },
  });
  const freeze = toggle({
    label: 'Compare',
    title: 'Set the present counts aside as A and compare what is shown from now on with it',
    pressed: state.frozen !== null,
    onChange: pressed => {
      state.frozen = pressed ? freezeNow() : null;
      changed();
    },
  });
  const search = textField('Search keys', 'Search keys', text => {
    state.search = text;
    changed();
  });
  search.set(state.search);
  const sort = dropdown<SortOrder>('Sort', SORTS, state.sort, value => {
    state.sort = value;
    changed();
  });
  const top = dropdown<string>('Show', TOPS, String(state.top), value => {
    state.top = Number(value);
    changed();
  });
  const found = element('span', { class: 'muted', role: 'status' });
  const keyControls = element(
    'div',
    { class: 'key-controls' },
    search.element,
    sort.element,
    top.element,
    found,
  );
  const tiles = createTiles(id => {
    state.selectedId = id;
    changed();
  });
  const tilePane = element(
    'section',
    { class: 'pane keys', 'aria-label': 'Keys' },
    keyControls,
    tiles.element,
  );

  const heading = element('h2');
  const stats = element('dl', { class: 'stats', title: `Percentiles: ${PERCENTILE_METHOD}` });
  const method = element('span', { class: 'muted method' });
  const rangeText = element('span');
  const rangeChip = element(
    'span',
    { class: 'chip', hidden: true },
    rangeText,
    button({
      label: 'Show the whole time line',
      icon: 'close',
      iconOnly: true,
      onClick: () => {
        state.range = null;
        changed();
      },
    }),
  );
  const legendA = element('span', { class: 'a' });
  const legend = element(
    'span',
    { class: 'legend', hidden: true },
    element('span', { class: 'b' }, 'now'),
    legendA,
  );
  const chart = createBarChart();
  const bars = createBarTable();
  const barsPane = element(
    'section',
    { class: 'pane bars', 'aria-label': 'Distribution' },
    element('div', { class: 'pane-head' }, heading, rangeChip, legend, stats, method),
    chart.element,
  );
  const heatmap = createHeatmap(chosen => {
    const steps = chosen ? history.stepsOf({ kind: 'range', ...chosen }) : [];
    const [first] = steps;
    state.range = first ? { fromMs: first.toMs, toMs: steps.at(-1)?.toMs ?? first.toMs } : null;
    changed();
  });
  const heatHead = element('h2', {}, 'Over time');
  const heatPane = element(
    'section',
    { class: 'pane heat', 'aria-label': 'Distribution over time' },
    element(
      'div',
      { class: 'pane-head' },
      heatHead,
      element(
        'span',
        { class: 'muted' },
        'shade: values · line: p99 · select a range: drag, or Shift and arrow keys',
      ),
    ),
    heatmap.element,
  );
  const numbers = element(
    'section',
    { class: 'pane numbers', 'aria-label': 'Numbers', tabindex: 0 },
    bars.element,
    heatmap.table,
  );
  const panes = element('div', { class: 'panes' }, tilePane, barsPane, heatPane, numbers);
  const frame = createPanelFrame<'histogram'>(root, {
    label: 'Histogram',
    left: [],
    right: [interval.element, log.element, freeze.element, pause.element, table.element],
    content: [panes],
    exporters: {
      csv: () => bucketsFile('csv'),
      ndjson: () => bucketsFile('ndjson'),
      'timeline-csv': () => timelineFile(history, nameOf),
      json: () =>
        history.isEmpty ? null : everythingFile(history, history.series(span()), nameOf, describeSpan()),
      svg: () => pictureOf('svg'),
      png: () => pictureOf('png'),
      'heatmap-svg': () => heatmapPicture('svg'),
      'heatmap-png': () => heatmapPicture('png'),
    },
    post: host.post,
  });

  const span = (): Span =>
    range ? { kind: 'range', ...range } : state.lastInterval ? { kind: 'last' } : { kind: 'all' };

  function freezeNow(): ViewState['frozen'] {
    const at = history.timeline.at(-1)?.toMs ?? 0;
    return {
      label: range ? `A, ${rangeText.textContent}` : `A, until ${formatClock(at)}`,
      atMs: at,
      series: new Map(history.series(span()).map(series => [series.id, series.buckets])),
    };
  }

  function rangeNow(): typeof range {
    const { range: wanted } = state;
    const steps = wanted
      ? history.timeline.filter(step => step.toMs >= wanted.fromMs && step.toMs <= wanted.toMs)
      : [];
    const [first] = steps;
    return first ? { first: first.number, last: steps.at(-1)?.number ?? first.number } : null;
  }

  function draw(): void {
    pause.set(history.heldMs !== null);
    range = rangeNow();
    const all = history.series(span());
    if (all.length === 0) return;
    const layout = layoutOf(all, state, maps);
    shown = layout;
    frame.showContent();
    const several = layout.tiles.length + layout.hiddenKeys > 1 || state.search !== '';
    tilePane.hidden = !several;
    keyControls.hidden = layout.seriesCount < 5 && state.search === '';
    setText(found, notesOn(layout).join(' '));
    panes.classList.toggle('keyed', several);
    tiles.draw(layout.tiles, layout.selected?.series.id ?? null);
    const { selected } = layout;
    barsPane.hidden = selected === null;
    heatPane.hidden = selected === null;
    numbers.classList.toggle('visually-hidden', !state.table);
    panes.classList.toggle('with-table', state.table);
    setText(method, PERCENTILE_METHOD);
    rangeChip.hidden = range === null;
    if (range) {
      const steps = history.stepsOf({ kind: 'range', ...range });
      setText(rangeText, `${formatClock(steps[0]?.fromMs ?? 0)} – ${formatClock(steps.at(-1)?.toMs ?? 0)}`);
    }
    if (!selected) return;
    const { series, name, bins } = selected;
    const { frozen } = selected;
    const frozenBars = frozen && barsOf(frozen, bins);
    const now = barsOf(series.buckets, bins);
    setText(heading, name);
    drawStats(series, frozen);
    legend.hidden = frozenBars === null;
    setText(legendA, state.frozen?.label ?? '');
    chart.draw({
      name,
      unit: series.unit,
      bars: now,
      frozen: frozenBars,
      marks: summary(series.buckets),
      logCounts: state.logCounts,
    });
    bars.update(`${name}, ${describeSpan()}`, series.unit, now, frozenBars);
    bars.element.dataset.map = series.map;
    bars.element.dataset.key = name;
    heatmap.draw({
      name,
      unit: series.unit,
      bins: selected.timeBins,
      steps: history.timeline,
      additions: history.additions(series.id, selected.memberIds),
      range,
    });
  }

  function notesOn(layout: PageLayout): string[] {
    const notes = layout.hiddenKeys > 0 ? [`${formatCount(layout.hiddenKeys)} more`] : [];
    if (state.sort === 'p99-change' && state.frozen === null)
      notes.push('Press Compare on what it is to be compared with.');
    return notes;
  }

  function describeSpan(): string {
    return range ? rangeText.textContent : state.lastInterval ? 'last interval' : 'since attach';
  }

  function drawStats(series: Series, frozen: Series['buckets'] | null): void {
    const items: (readonly [string, string])[] = [['values', formatCount(series.total)]];
    for (const mark of summary(series.buckets)) {
      let text = `${mark.atLeast ? '≥ ' : ''}${formatQuantity(mark.value, series.unit)}`;
      const quantile = mark.name === 'max' ? null : Number(mark.name.slice(1)) / 100;
      const was = frozen && quantile !== null ? percentile(frozen, quantile) : null;
      if (was && was.value > 0) {
        const change = (mark.value / was.value - 1) * 100;
        text += ` (A ${formatQuantity(was.value, series.unit)}, ${change > 0 ? '+' : ''}${change.toFixed(0)} %)`;
      }
      items.push([mark.name, text]);
    }
    stats.replaceChildren(
      ...items.map(([name, value]) =>
        element('div', { 'data-stat': name }, element('dt', {}, name), element('dd', {}, value)),
      ),
    );
  }

  function nameOf(series: Series): string {
    return seriesName(series, maps);
  }

  function bucketsFile(format: 'csv' | 'ndjson'): ExportedFile | null {
    if (history.isEmpty) return null;
    const all = history.series(span());
    return {
      format,
      name: 'histograms',
      content: format === 'csv' ? histogramsCsv(all, nameOf) : histogramsNdjson(all),
    };
  }

  function captionOf(name: string, what: string): string {
    return [frame.title(), name, what].join(' · ');
  }

  async function pictureOf(format: 'svg' | 'png'): Promise<ExportedFile | null> {
    const name = shown?.selected?.name;
    if (name === undefined) return null;
    const content = await chart.chart().picture(format, captionOf(name, describeSpan()));
    return { format, name, content };
  }

  async function heatmapPicture(format: 'svg' | 'png'): Promise<ExportedFile | null> {
    const name = shown?.selected?.name;
    if (name === undefined) return null;
    const content = await heatmap.chart().picture(format, captionOf(name, 'over time'));
    return { format, name: `${name}-over-time`, content };
  }

  return {
    noSession: trusted => {
      shown = null;
      frame.noSession(trusted);
    },
    session: (session, definitions) => {
      maps = definitions;
      const known = maps.length === 0 || maps.some(map => map.view.kind === 'histogram');
      frame.session(
        session,
        !history.isEmpty
          ? null
          : {
              absent: known
                ? null
                : 'This program keeps no histogram. A map tagged BPFW_LOG2("us") or an array of slots shows up here.',
              waiting: 'Attached; no values yet. The chart appears with the first one.',
              ended: 'The session ended without a value.',
            },
      );
    },
    drops: frame.drops,
    draw,
    redraw: () => {
      if (shown) draw();
    },
    export: frame.export,
  };
}
