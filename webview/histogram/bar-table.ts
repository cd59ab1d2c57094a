/** The numbers behind one chart. Always in the document (for screen readers), shown when asked for. */
import { element, setAttributes, setText } from '../common/dom';
import { formatCount, formatExactRange, formatShare } from '../common/quantity';
import type { Bar } from './bins';

export interface BarTable {
  readonly element: HTMLTableElement;
  /** `frozen` are the bars of run A in the same bins, or null. */
  update(caption: string, unit: string, bars: readonly Bar[], frozen: readonly Bar[] | null): void;
}

const HEADINGS = ['Range', 'Count', 'Share', 'Cumulative'];
const FROZEN_HEADINGS = ['A count', 'A share', 'Difference'];

/** A table whose rows carry data-min, data-max and data-count: exact integers, as counted. */
export function createBarTable(): BarTable {
  const caption = element('caption');
  const headings = element('tr');
  const body = element('tbody');
  const table = element('table', { class: 'data' }, caption, element('thead', {}, headings), body);
  let columns = 0;
  return {
    element: table,
    update: (text, unit, bars, frozen) => {
      setText(caption, text);
      const names = frozen ? [...HEADINGS, ...FROZEN_HEADINGS] : HEADINGS;
      if (names.length !== columns) {
        columns = names.length;
        headings.replaceChildren(
          ...names.map(name => element('th', { scope: 'col', class: 'number' }, name)),
        );
        body.replaceChildren();
      }
      while (body.rows.length > bars.length) body.deleteRow(-1);
      while (body.rows.length < bars.length) {
        const row = element('tr', {}, element('th', { scope: 'row', class: 'number' }));
        for (let column = 1; column < columns; column++) row.append(element('td', { class: 'number' }));
        body.append(row);
      }
      bars.forEach((bar, index) => {
        const row = body.rows[index];
        if (!row) return;
        setAttributes(row, {
          'data-min': String(bar.min),
          'data-max': String(bar.max),
          'data-count': bar.count,
        });
        const cells = [
          formatExactRange(bar.min, bar.max, unit),
          formatCount(bar.count),
          formatShare(bar.share),
          formatShare(bar.cumulativeShare),
        ];
        const was = frozen?.[index];
        if (frozen) {
          const difference = (bar.share - (was?.share ?? 0)) * 100;
          setAttributes(row, { 'data-a-count': was?.count ?? 0 });
          cells.push(
            formatCount(was?.count ?? 0),
            formatShare(was?.share ?? 0),
            `${difference > 0 ? '+' : ''}${difference.toFixed(1)} points`,
          );
        } else setAttributes(row, { 'data-a-count': null });
        cells.forEach((cell, column) => {
          const target = row.cells[column];
          if (target) setText(target, cell);
        });
      });
    },
  };
}
