/** What `npm run bench` measured, as an aligned table for the terminal and as a page's. */

/**
 * @typedef {{min: number, median: number, max: number}} Range
 * @typedef {{name: string, unit: string, ours: Range, peer: Range | null, peerName: string | null, ratio: Range | null, limit: number | null, ok: boolean}} Row
 * @typedef {{group: string, beside: 'nothing' | 'busy', at: string, runs: number, load: number, machine: string, guest: string, rows: Row[]}} Measured
 */

/** Groups whose programs run in the guest. */
const IN_GUEST = ['stream', 'start', 'maps'];

export const besideText = beside => (beside === 'busy' ? 'a busy loop beside it' : 'nothing beside it');

/** One line: when, how, on what. @param {Measured} measured */
export function benchCaption({ group, beside, at, runs, load, machine, guest }) {
  const where = IN_GUEST.includes(group) ? `${guest}; on ${machine}` : machine;
  return `${group}, ${at}, ${runs} ${runs === 1 ? 'run' : 'runs'}, ${besideText(beside)} (load ${load} before): ${where}`;
}

/** Median (min to max); the same three times is written once. @param {Range | null} range */
export function rangeText(range) {
  if (range === null) return '';
  return range.min === range.max ? String(range.median) : `${range.median} (${range.min} to ${range.max})`;
}

const HEAD = ['what', 'unit', 'ours', 'peer', '', 'ratio', 'limit', ''];

/** @param {Row} row @param {string} missed */
function cells(row, missed) {
  return [
    row.name,
    row.unit,
    rangeText(row.ours),
    rangeText(row.peer),
    row.peerName ?? '',
    rangeText(row.ratio),
    row.limit === null ? '' : `<= ${row.limit}`,
    row.limit === null ? '' : row.ok ? 'ok' : missed,
  ];
}

/** @param {Measured} measured */
export function benchTable(measured) {
  const { rows } = measured;
  const lines = [HEAD, ...rows.map(row => cells(row, 'MISSED'))];
  const widths = HEAD.map((_, at) => Math.max(...lines.map(line => line[at].length)));
  const table = lines.map(line =>
    line
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  );
  const missed = rows.filter(row => !row.ok).length;
  const limits = rows.filter(row => row.limit !== null).length;
  const verdict = missed === 0 ? 'every limit is kept' : `${missed} of ${limits} limits are missed`;
  return `${benchCaption(measured)}\n${table.join('\n')}\n${verdict}`;
}

/** @param {Measured} measured */
export function benchMarkdown(measured) {
  const lines = measured.rows.map(row => `| ${cells(row, '**missed**').join(' | ')} |`);
  return `${benchCaption(measured)}\n\n| ${HEAD.join(' | ')} |\n|---|---|---|---|---|---|---|---|\n${lines.join('\n')}`;
}
