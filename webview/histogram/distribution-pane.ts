/** The selected distribution: its name, percentiles, range of the time line, and bars. */
import type { Bucket } from '../../src/shared/decode/model';
import { element, setText } from '../common/dom';
import { formatCount, formatQuantity } from '../common/quantity';
import { button } from '../common/toolkit';
import { BarChart } from './bar-chart';
import type { BarChartData } from './bar-drawing';
import { PERCENTILE_METHOD, percentile } from './percentiles';
import type { Series } from './series';
import { SlotChoice } from './slot-choice';

export class DistributionPane {
  private readonly heading = element('h2');
  private readonly stats = element('dl', { class: 'stats', title: `Percentiles: ${PERCENTILE_METHOD}` });
  private readonly rangeText = element('span');
  private readonly rangeChip: HTMLElement;
  private readonly legendA = element('span', { class: 'a' });
  private readonly legend = element(
    'span',
    { class: 'legend', hidden: true },
    element('span', { class: 'b' }, 'now'),
    this.legendA,
  );
  private readonly bars = new BarChart();
  readonly chart = this.bars.chart;
  private readonly slots: SlotChoice;
  readonly element: HTMLElement;

  constructor(onWholeTimeLine: () => void, onSlots: (map: string, convention: string) => void) {
    this.slots = new SlotChoice(onSlots);
    this.rangeChip = element(
      'span',
      { class: 'chip', hidden: true },
      this.rangeText,
      button({
        label: 'Show the whole time line',
        icon: 'close',
        iconOnly: true,
        onClick: onWholeTimeLine,
      }),
    );
    const method = element('span', { class: 'muted method' }, PERCENTILE_METHOD);
    this.element = element(
      'section',
      { class: 'pane bars', 'aria-label': 'Distribution' },
      element(
        'div',
        { class: 'pane-head' },
        this.heading,
        this.rangeChip,
        this.legend,
        this.stats,
        method,
        this.slots.element,
      ),
      this.bars.element,
    );
  }

  /** Shows the selected range of the time line as text; null for all of it. */
  showRange(text: string | null): void {
    this.rangeChip.hidden = text === null;
    if (text !== null) setText(this.rangeText, text);
  }

  /** `frozen`: the series' buckets saved for comparison as `frozenLabel`; null if there are none. */
  draw(data: BarChartData, series: Series, frozen: readonly Bucket[] | null, frozenLabel: string): void {
    setText(this.heading, data.name);
    const items = [
      ['values', formatCount(series.total)],
      ...data.marks.map(mark => {
        const value = `${mark.atLeast ? '≥ ' : ''}${formatQuantity(mark.value, series.unit)}`;
        return [mark.name, value + changeSince(frozen, mark, series.unit)];
      }),
    ];
    this.slots.draw(series);
    this.stats.replaceChildren(
      ...items.map(([name = '', value = '']) =>
        element('div', { 'data-stat': name }, element('dt', {}, name), element('dd', {}, value)),
      ),
    );
    this.legend.hidden = data.frozen === null;
    setText(this.legendA, frozenLabel);
    this.bars.draw(data);
  }
}

function changeSince(
  frozen: readonly Bucket[] | null,
  { name, value }: BarChartData['marks'][number],
  unit: string,
): string {
  const was = frozen && name !== 'max' ? percentile(frozen, Number(name.slice(1)) / 100) : null;
  if (!was || was.value <= 0) return '';
  const change = (value / was.value - 1) * 100;
  return ` (A ${formatQuantity(was.value, unit)}, ${change > 0 ? '+' : ''}${change.toFixed(0)} %)`;
}
