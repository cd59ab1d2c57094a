/** The functions by their own weight. Always in the document (for screen readers), visible on request. */
import { DataTable } from '../common/data-table';
import { element } from '../common/dom';
import { formatShare } from '../common/quantity';
import { type FunctionTotals, frameLabel } from './stack-tree';

/** Maximum number of functions listed. */
const MOST_FUNCTIONS = 200;

export class FunctionTable {
  private readonly table = new DataTable(
    'data',
    [
      { heading: 'Own', kind: 'number' },
      { heading: 'Total', kind: 'number' },
      { heading: 'Function' },
      { heading: 'Module' },
    ],
    2,
  );
  readonly element = element(
    'section',
    { class: 'functions', 'aria-label': 'Functions', tabindex: 0 },
    this.table.element,
  );

  constructor() {
    this.table.caption('Functions by their own weight');
  }

  /** `total`: of all stacks. */
  draw(functions: readonly FunctionTotals[], total: number, format: (amount: number) => string): void {
    const withShare = (amount: number): string =>
      `${format(amount)} (${formatShare(amount / Math.max(1, total))})`;
    this.table.fill(functions.slice(0, MOST_FUNCTIONS), entry => {
      const label = frameLabel(entry);
      return {
        attributes: { 'data-function': label, 'data-self': entry.self, 'data-total': entry.total },
        cells: [withShare(entry.self), withShare(entry.total), label, entry.module],
      };
    });
  }
}
