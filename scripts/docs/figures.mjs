/** The benchmark's figures on pages: between two comments, from test/bench/measured.json, as `npm run bench -- --json` wrote it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { benchMarkdown, besideText } from '../lib/bench-table.mjs';

const BEGIN = '<!-- measured: written by npm run docs -->';
const END = '<!-- /measured -->';

/** @returns {Promise<readonly import('../lib/bench-table.mjs').Measured[]>} */
async function measuredIn(root) {
  return JSON.parse(await readFile(path.join(root, 'test/bench/measured.json'), 'utf8'));
}

/** The page with its figures replaced. Throws without its comments. */
async function withFigures(root, file, figures) {
  const page = await readFile(path.join(root, file), 'utf8');
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${figures}${page.slice(end)}`;
}

export async function performancePage(root) {
  const measured = await measuredIn(root);
  return withFigures(root, 'docs/performance.md', `\n${measured.map(benchMarkdown).join('\n\n')}\n\n`);
}

/** What the README tells, in its order, of groups that were measured: a figure of a row, and how it is told. */
const TOLD = [
  {
    group: 'stream',
    row: 'CPU per event at saturation',
    figure: 'ratio',
    tell: ratio =>
      `A program that sends as fast as it can costs ${ratio} times the CPU time per event of a C program with libbpf that fills columns.`,
  },
  {
    group: 'stream',
    row: 'bpfw run --json, CPU per event',
    figure: 'ratio',
    tell: ratio => `\`bpfw run --json\` costs ${ratio} times \`bpftrace -f json\`.`,
  },
  {
    group: 'frames',
    row: 'kept and counted: CPU per event',
    figure: 'ours',
    tell: cpu => `Of an event of 72 bytes, the editor needs ${cpu} of CPU time to keep it.`,
  },
  {
    group: 'frames',
    row: 'bpfw run --json: CPU per event',
    figure: 'ours',
    tell: cpu => `\`bpfw run --json\` needs ${cpu} to print it.`,
  },
];

export async function readmePage(root) {
  const measured = await measuredIn(root);
  const told = TOLD.flatMap(({ group, row, figure, tell }) => {
    const told = measured
      .filter(each => each.group === group)
      .map(({ beside, rows }) => {
        const found = rows.find(({ name }) => name === row);
        const range = found?.[figure];
        if (!range) throw new Error(`test/bench/measured.json has no ${figure} of ${group}: ${row}`);
        const unit = figure === 'ours' ? ` ${found.unit}` : '';
        return `${Number(range.median.toPrecision(2))}${unit} (${besideText(beside)})`;
      });
    return told.length === 0 ? [] : [tell(told.join(' and '))];
  });
  if (told.length === 0) throw new Error('test/bench/measured.json has nothing that the README tells');
  return withFigures(root, 'README.md', `  ${told.join(' ')}\n  `);
}
