/**
 * `npm run bench -- [--only GROUP] [--runs N] [--json FILE]`: sets up, builds, measures, prints a table; exit code 1
 * when a limit is missed or a group could not be measured. Ratios are ours / peer, measured side by side.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundleBench } from './lib/bench-bundle.mjs';
import { benchTable } from './lib/bench-table.mjs';
import { workFolder } from './lib/paths.mjs';
import { main, run } from './lib/run.mjs';
import { setUp } from './setup.mjs';

// As in the tests, programs are loaded only in the sandbox VM.
process.env.BPFW_TARGET = 'vm';

const minute = 60_000;
/** Groups that run in one process: those in the guest share one boot. */
const parts = [
  { groups: ['compile'], deadlineMs: 10 * minute },
  { groups: ['editing'], deadlineMs: 5 * minute },
  { groups: ['panels'], deadlineMs: 5 * minute },
  { groups: ['stream', 'start', 'maps'], deadlineMs: 20 * minute },
];
const known = parts.flatMap(part => part.groups);

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    runs: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const runs = Number(values.runs);
const only = values.only ?? known;
const unknown = only.filter(group => !known.includes(group));
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
  console.error(
    unknown.length > 0
      ? `No group ${unknown.join(', ')}. Groups: ${known.join(', ')}`
      : '--runs takes a number from 1 on',
  );
  process.exit(2);
}

await main(async () => {
  await setUp('bench');
  const folder = path.join(workFolder, 'bench');
  await mkdir(folder, { recursive: true });
  await bundleBench(folder);
  const rows = [];
  const failures = [];
  for (const part of parts) {
    const groups = part.groups.filter(group => only.includes(group));
    if (groups.length === 0) continue;
    console.error(`bench: ${groups.join(', ')}`);
    const out = path.join(folder, `${groups[0]}-rows.json`);
    await rm(out, { force: true });
    const args = [path.join(folder, 'main.mjs'), ...groups, '--runs', String(runs), '--out', out];
    try {
      await run(process.execPath, args, { timeoutMs: part.deadlineMs, show: true });
    } catch (error) {
      failures.push(`${groups.join(', ')}: ${error.message}`);
    }
    rows.push(...JSON.parse(await readFile(out, 'utf8').catch(() => '[]')));
  }
  const [cpu] = os.cpus();
  console.log(
    `\n${os.hostname()}: ${os.cpus().length} x ${cpu?.model.trim() ?? process.arch}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ` +
      `Linux ${os.release()}, Node ${process.version}; load ${os
        .loadavg()
        .map(load => load.toFixed(1))
        .join(' ')}; medians of ${runs}\n`,
  );
  console.log(benchTable(rows));
  for (const failure of failures) console.log(`\nnot measured: ${failure}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  process.exitCode = failures.length > 0 || rows.some(row => !row.ok) ? 1 : 0;
});
