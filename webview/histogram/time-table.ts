/** The numbers behind the heat map: a row per interval. */
import type { Bucket } from '../../src/shared/decode/model';
import { element, setAttributes, setText } from '../common/dom';
import { formatClock, formatCount, formatQuantity } from '../common/quantity';
import { totalOf } from './buckets';
import type { HeatmapData } from './heatmap-data';
import { percentile } from './percentiles';

/** Rows carry data-step, data-values and data-lost; a row is filled once, since an interval never changes. */
export function createTimeTable(): { readonly element: HTMLTableElement; update(data: HeatmapData): void } {
  const caption = element('caption');
  const body = element('tbody');
  const headings = ['Interval', 'Values', 'p50', 'p99', 'Lost'].map(name =>
    element('th', { scope: 'col', class: name === 'Interval' ? '' : 'number' }, name),
  );
  const table = element(
    'table',
    { class: 'data time-table' },
    caption,
    element('thead', {}, element('tr', {}, ...headings)),
    body,
  );
  const filled = new WeakMap<HTMLTableRowElement, readonly Bucket[]>();
  return {
    element: table,
    update: data => {
      setText(caption, `${data.name}, by interval`);
      const firstKept = data.steps[0]?.number ?? 0;
      while (body.rows[0] && Number(body.rows[0].dataset.step) < firstKept) body.deleteRow(0);
      if (Number(body.rows[0]?.dataset.step ?? firstKept) !== firstKept) body.replaceChildren();
      data.steps.forEach((step, index) => {
        const added = data.additions[index] ?? [];
        let row = body.rows[index];
        if (!row) {
          row = element(
            'tr',
            {},
            element('th', { scope: 'row' }),
            ...Array.from({ length: 4 }, () => element('td', { class: 'number' })),
          );
          body.append(row);
        }
        if (filled.get(row) === added && row.dataset.step === String(step.number)) return;
        filled.set(row, added);
        const total = totalOf(added);
        setAttributes(row, { 'data-step': step.number, 'data-values': total, 'data-lost': step.lost });
        const middle = percentile(added, 0.5);
        const high = percentile(added, 0.99);
        const texts = [
          formatClock(step.toMs),
          formatCount(total),
          middle ? formatQuantity(middle.value, data.unit) : '–',
          high ? formatQuantity(high.value, data.unit) : '–',
          formatCount(step.lost),
        ];
        texts.forEach((text, column) => {
          const cell = row.cells[column];
          if (cell) setText(cell, text);
        });
      });
    },
  };
}
