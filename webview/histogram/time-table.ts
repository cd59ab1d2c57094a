/** The numbers behind the heat map: a row per interval. */
import type { Bucket } from '../../src/shared/decode/model';
import { DataTable } from '../common/data-table';
import { formatClock, formatCount, formatQuantity } from '../common/quantity';
import { totalOf } from './buckets';
import type { HeatmapData } from './heatmap-data';
import { type Percentile, percentile } from './percentiles';

/** Rows carry data-step, data-values and data-lost; a row is filled once, since an interval never changes. */
export class TimeTable {
  private readonly table = new DataTable('data time-table', [
    { heading: 'Interval' },
    ...['Values', 'p50', 'p99', 'Lost'].map(heading => ({ heading, kind: 'number' as const })),
  ]);
  readonly element = this.table.element;
  private readonly filled = new WeakMap<HTMLTableRowElement, readonly Bucket[]>();

  update({ name, unit, steps, additions }: HeatmapData): void {
    const { body } = this.table;
    this.table.caption(`${name}, by interval`);
    const firstKept = steps[0]?.number ?? 0;
    while (body.rows[0] && Number(body.rows[0].dataset.step) < firstKept) body.deleteRow(0);
    if (Number(body.rows[0]?.dataset.step ?? firstKept) !== firstKept) body.replaceChildren();
    const quantity = (found: Percentile | null) => (found ? formatQuantity(found.value, unit) : '–');
    this.table.fill(steps, (step, index, row) => {
      const added = additions[index] ?? [];
      if (this.filled.get(row) === added && row.dataset.step === String(step.number)) return null;
      this.filled.set(row, added);
      const total = totalOf(added);
      return {
        attributes: { 'data-step': step.number, 'data-values': total, 'data-lost': step.lost },
        cells: [
          formatClock(step.toMs),
          formatCount(total),
          quantity(percentile(added, 0.5)),
          quantity(percentile(added, 0.99)),
          formatCount(step.lost),
        ],
      };
    });
  }
}
