/**
 * One group of the benchmark in a process of its own: `main.mjs GROUP... --runs N --out FILE` writes the rows as JSON.
 * Guest groups named together share one boot.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Row } from './measure';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string' }, out: { type: 'string' } },
});
const runs = Number(values.runs);
const rows: Row[] = [];
/** Kept after each row, so that a deadline leaves what was measured. */
const add = (row: Row): void => {
  rows.push(row);
  if (values.out) writeFileSync(values.out, JSON.stringify(rows));
};

const guestGroups = positionals.filter(name => ['stream', 'start', 'maps'].includes(name));
if (positionals.includes('compile')) await (await import('./compile')).benchCompile(runs, add);
if (positionals.includes('editing')) await (await import('./editing')).benchEditing(runs, add);
if (positionals.includes('panels')) await (await import('./panels')).benchPanels(runs, add);
if (positionals.includes('frames')) await (await import('./frames')).benchFrames(runs, add);
if (guestGroups.length > 0) await (await import('./guest')).benchGuest(guestGroups, runs, add);
process.exit(0);
