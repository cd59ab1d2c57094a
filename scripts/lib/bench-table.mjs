/** The benchmark's rows as an aligned table. */

const number = value => (value === null ? '' : String(value));

/** @param {readonly {group: string, name: string, unit: string, ours: number, peer: number | null, peerName: string | null, ratio: number | null, limit: number | null, ok: boolean}[]} rows */
export function benchTable(rows) {
  const head = ['group', 'what', 'unit', 'ours', 'peer', '', 'ratio', 'limit', ''];
  const right = [3, 4, 6, 7];
  const cells = rows.map(row => [
    row.group,
    row.name,
    row.unit,
    number(row.ours),
    number(row.peer),
    row.peerName ?? '',
    number(row.ratio),
    row.limit === null ? '' : `<= ${row.limit}`,
    row.limit === null ? '' : row.ok ? 'ok' : 'MISSED',
  ]);
  const widths = head.map((_, at) => Math.max(...[head, ...cells].map(line => line[at].length)));
  const lines = [head, ...cells].map(line =>
    line
      .map((cell, at) => (right.includes(at) ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd(),
  );
  const missed = rows.filter(row => !row.ok).length;
  return `${lines.join('\n')}\n\n${missed === 0 ? 'every limit is kept' : `${missed} of ${rows.filter(row => row.limit !== null).length} limits are missed`}`;
}
