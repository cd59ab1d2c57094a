/** The numbers of one chart. Always in the document (for screen readers), visible on request. */
import { type DataColumn, DataTable } from '../common/data-table';
import { formatCount, formatDifference, formatExactRange, formatShare } from '../common/quantity';
import type { Bar } from './bins';

const COLUMNS = ['Range', 'Count', 'Share', 'Cumulative'].map(numbers);
const COMPARED = ['A count', 'A share', 'Difference'].map(numbers);

function numbers(heading: string): DataColumn {
  return { heading, kind: 'number' };
}

/** A table whose rows carry data-min, data-max and data-count: exact integers, unformatted. */
export class BarTable {
  private readonly table = new DataTable('data', COLUMNS);
  readonly element = this.table.element;

  /** `frozen`: the bars of run A in the same bins, or null. */
  update(caption: string, unit: string, bars: readonly Bar[], frozen: readonly Bar[] | null): void {
    const { table } = this;
    table.caption(caption);
    table.setColumns(frozen ? [...COLUMNS, ...COMPARED] : COLUMNS);
    table.fill(bars, (bar, index) => {
      const was = frozen && (frozen[index] ?? { count: 0, share: 0 });
      return {
        attributes: { ...boundsOf(bar), 'data-a-count': was?.count },
        cells: [
          formatExactRange(bar.min, bar.max, unit),
          formatCount(bar.count),
          formatShare(bar.share),
          formatShare(bar.cumulativeShare),
          ...(was
            ? [formatCount(was.count), formatShare(was.share), formatDifference(bar.share - was.share)]
            : []),
        ],
      };
    });
  }
}

/** Attributes of a bar's row in tables. */
export function boundsOf(bar: Bar) {
  return { 'data-min': String(bar.min), 'data-max': String(bar.max), 'data-count': bar.count };
}
