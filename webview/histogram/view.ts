/** The Histogram page: keys, the selected distribution, its history, and their numbers. */
import type { MapDefinition } from '../../src/shared/object/model';
import type { SessionSummary } from '../../src/shared/protocol/webview';
import type { Chart } from '../common/chart';
import { element } from '../common/dom';
import { createPanelFrame, type ExportedFile, type PanelFrame } from '../common/panel-frame';
import type { ViewHost } from '../common/panel-page';
import { BarTable } from './bar-table';
import { barsOf } from './bins';
import { DistributionPane } from './distribution-pane';
import { everythingFile, histogramsCsv, histogramsNdjson, timelineFile } from './export';
import { Heatmap } from './heatmap';
import type { HistogramHistory } from './history';
import { KeysPane } from './keys-pane';
import { summary } from './percentiles';
import { layoutOf, type PageLayout, type Selected, seriesKey, seriesName } from './selection';
import type { Series } from './series';
import { ShownSpan } from './shown-span';
import { type SavedState, toSaved, type ViewState } from './state';
import { createToolbar, type Toolbar } from './toolbar';

const HEATMAP_HELP = 'shade: values · line: p99 · select a range: drag, or Shift and arrow keys';

export class HistogramView {
  private readonly shownSpan: ShownSpan;
  private readonly keys: KeysPane;
  private readonly distribution: DistributionPane;
  private readonly heatmap = new Heatmap(range => this.chooseRange(range));
  private readonly heatPane = element(
    'section',
    { class: 'pane heat', 'aria-label': 'Distribution over time' },
    element(
      'div',
      { class: 'pane-head' },
      element('h2', {}, 'Over time'),
      element('span', { class: 'muted' }, HEATMAP_HELP),
    ),
    this.heatmap.element,
  );
  private readonly bars = new BarTable();
  private readonly numbers = element(
    'section',
    { class: 'pane numbers', 'aria-label': 'Numbers', tabindex: 0 },
    this.bars.element,
    this.heatmap.table,
  );
  private readonly panes: HTMLElement;
  private readonly toolbar: Toolbar;
  readonly frame: PanelFrame;
  private maps: readonly MapDefinition[] = [];
  private shown: PageLayout | null = null;

  constructor(
    root: HTMLElement,
    private readonly history: HistogramHistory,
    private readonly state: ViewState,
    private readonly host: ViewHost<SavedState>,
  ) {
    this.shownSpan = new ShownSpan(history, state);
    this.distribution = new DistributionPane(
      () => this.chooseRange(null),
      (map, convention) => {
        // Its bounds would be those of other slots.
        state.frozen = null;
        host.save(toSaved(state));
        host.post({ type: 'showAs', of: `slots ${map}`, value: convention });
      },
    );
    this.keys = new KeysPane(state, () => this.changed());
    this.panes = element(
      'div',
      { class: 'panes' },
      this.keys.element,
      this.distribution.element,
      this.heatPane,
      this.numbers,
    );
    this.toolbar = createToolbar(state, {
      changed: () => this.changed(),
      pause: paused => {
        host.pause(paused);
        this.changed();
      },
      compare: pressed => {
        state.frozen = pressed ? this.shownSpan.freeze() : null;
        this.changed();
      },
    });
    this.frame = createPanelFrame<'histogram'>(root, {
      label: 'Histogram',
      left: [],
      right: this.toolbar.elements,
      content: [this.panes],
      exporters: {
        csv: () => this.bucketsFile('csv', all => histogramsCsv(all, this.nameOf)),
        ndjson: () => this.bucketsFile('ndjson', all => histogramsNdjson(all, this.keyOf)),
        'timeline-csv': () => timelineFile(history, this.nameOf),
        json: () =>
          history.isEmpty
            ? null
            : everythingFile(
                history,
                history.series(this.shownSpan.span),
                this.nameOf,
                this.keyOf,
                this.shownSpan.text,
              ),
        svg: () => this.barsPicture('svg'),
        png: () => this.barsPicture('png'),
        'heatmap-svg': () => this.heatmapPicture('svg'),
        'heatmap-png': () => this.heatmapPicture('png'),
      },
      post: host.post,
    });
  }

  /** The session was removed and no other is shown. */
  clear(): void {
    this.shown = null;
  }

  session(session: SessionSummary, maps: readonly MapDefinition[]): void {
    this.maps = maps;
    const hasHistograms = maps.length === 0 || maps.some(map => map.view.kind === 'histogram');
    const words = {
      absent: hasHistograms
        ? null
        : 'This program has no histogram. A map tagged BPFW_LOG2("us") or an array of slots appears here.',
      waiting: 'Attached; no values yet. The chart appears with the first one.',
      ended: 'The session ended without a value.',
    };
    this.frame.session(session, this.history.isEmpty ? words : null);
  }

  redraw(): void {
    if (this.shown) this.draw();
  }

  draw(): void {
    const { history, state } = this;
    this.toolbar.pause.set(history.heldMs !== null);
    this.shownSpan.update();
    const all = history.series(this.shownSpan.span);
    if (all.length === 0) return;
    const layout = layoutOf(all, state, this.maps);
    this.shown = layout;
    this.frame.showContent();
    this.keys.draw(layout);
    this.panes.classList.toggle('keyed', !this.keys.element.hidden);
    this.panes.classList.toggle('with-table', state.table);
    this.numbers.classList.toggle('visually-hidden', !state.table);
    this.distribution.showRange(this.shownSpan.rangeText);
    this.distribution.element.hidden = layout.selected === null;
    this.heatPane.hidden = layout.selected === null;
    if (layout.selected) this.drawSelected(layout.selected);
  }

  private drawSelected({ series, name, bins, frozen, memberIds }: Selected): void {
    const { history, state, shownSpan } = this;
    const { unit } = series;
    const bars = barsOf(series.buckets, bins);
    const frozenBars = frozen && barsOf(frozen, bins);
    const marks = summary(series.buckets);
    this.distribution.draw(
      { name, unit, bars, frozen: frozenBars, marks, logCounts: state.logCounts },
      series,
      frozen,
      state.frozen?.label ?? '',
    );
    this.bars.update(`${name}, ${shownSpan.text}`, unit, bars, frozenBars);
    this.bars.element.dataset.map = series.map;
    this.bars.element.dataset.key = name;
    this.heatmap.draw({
      name,
      unit,
      bins,
      steps: history.timeline,
      additions: history.additions(series.id, memberIds),
      range: shownSpan.range,
    });
  }

  private changed(): void {
    this.host.save(toSaved(this.state));
    this.draw();
  }

  private chooseRange(range: ShownSpan['range']): void {
    this.shownSpan.choose(range);
    this.changed();
  }

  private readonly keyOf = (series: Series) => seriesKey(series, this.maps);
  private readonly nameOf = (series: Series): string => seriesName(series, this.maps);

  private bucketsFile(
    format: 'csv' | 'ndjson',
    textOf: (all: readonly Series[]) => string,
  ): ExportedFile | null {
    if (this.history.isEmpty) return null;
    return { format, name: 'histograms', content: textOf(this.history.series(this.shownSpan.span)) };
  }

  private barsPicture(format: 'svg' | 'png'): Promise<ExportedFile | null> {
    return this.pictureOf(this.distribution.chart, format, this.shownSpan.text, '');
  }

  private heatmapPicture(format: 'svg' | 'png'): Promise<ExportedFile | null> {
    return this.pictureOf(this.heatmap.chart, format, 'over time', '-over-time');
  }

  private async pictureOf(
    chart: Chart,
    format: 'svg' | 'png',
    what: string,
    suffix: string,
  ): Promise<ExportedFile | null> {
    const name = this.shown?.selected?.name;
    if (name === undefined) return null;
    const content = await chart.picture(format, [this.frame.title(), name, what].join(' · '));
    return { format, name: name + suffix, content };
  }
}
