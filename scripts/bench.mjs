/**
 * `npm run bench -- [--only GROUP] [--beside nothing|busy] [--runs N] [--json FILE]`: sets up, builds, measures, prints
 * tables; exit code 1 when a limit is missed or a group could not be measured. Ratios are ours / peer, measured one after
 * the other. What a JSON file holds of other groups stays: `npm run docs` makes docs/performance.md from one.
 */
import { execFile, spawn } from 'node:child_process';
import { access, constants, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { bundleBench } from './lib/bench-bundle.mjs';
import { benchTable, besideText } from './lib/bench-table.mjs';
import { root, workFolder } from './lib/paths.mjs';
import { main, run } from './lib/run.mjs';
import { setUp } from './setup.mjs';

// As in the tests, programs are loaded only in the sandbox VM.
process.env.BPFW_TARGET = 'vm';

const minute = 60_000;
const anyway = ['nothing'];
const both = ['nothing', 'busy'];
/** Groups that run in one process: those in the guest share one boot. A figure must hold beside other work where it is a ratio of CPU times. */
const parts = [
  { groups: ['compile'], beside: anyway, deadlineMs: 10 * minute },
  { groups: ['editing'], beside: anyway, deadlineMs: 5 * minute },
  { groups: ['panels'], beside: anyway, deadlineMs: 5 * minute },
  { groups: ['frames'], beside: both, deadlineMs: 20 * minute },
  { groups: ['stream', 'start', 'maps'], beside: both, deadlineMs: 60 * minute },
];
const known = parts.flatMap(part => part.groups);

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    beside: { type: 'string', multiple: true },
    runs: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});
const runs = Number(values.runs);
const only = values.only ?? known;
const wanted = values.beside ?? both;
const unknown = [
  ...only.filter(group => !known.includes(group)),
  ...wanted.filter(beside => !both.includes(beside)),
];
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
  console.error(
    unknown.length > 0
      ? `No ${unknown.join(', ')}. Groups: ${known.join(', ')}; beside: ${both.join(', ')}`
      : '--runs takes a number from 1 on',
  );
  process.exit(2);
}

/** A shell that computes until it is ended. */
function busyLoop() {
  const loop = spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  return () => loop.kill('SIGKILL');
}

async function machine() {
  const [cpu] = os.cpus();
  const { stdout: qemu } = await promisify(execFile)('qemu-system-x86_64', ['--version']);
  const version = /version (\S+)/.exec(qemu)?.[1] ?? 'unknown';
  // As src/session/vm/qemu.ts decides.
  const kvm = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  return {
    machine:
      `${os.cpus().length} x ${cpu?.model.trim() ?? process.arch}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ` +
      `Linux ${os.release()}, Node ${process.version}`,
    guest: `QEMU ${version}, ${kvm ? 'KVM' : 'its CPUs emulated (TCG)'}`,
  };
}

/** A line for what was measured, and one for each row. */
function lines({ rows, ...head }) {
  const each = rows.map(row => `\n  ${JSON.stringify(row)}`);
  return `\n${JSON.stringify(head).slice(0, -1)},"rows":[${each.join(',')}\n]}`;
}

await main(async () => {
  await setUp('bench');
  const folder = path.join(workFolder, 'bench');
  await mkdir(folder, { recursive: true });
  await bundleBench(folder);
  // What is measured is what a package contains.
  const build = ['esbuild.mjs', '--production', `--outdir=${path.join(folder, 'dist')}`];
  await run(process.execPath, build, { cwd: root, timeoutMs: minute });
  const failures = [];
  const measured = [];
  const where = await machine();
  for (const part of parts) {
    const groups = part.groups.filter(group => only.includes(group));
    if (groups.length === 0) continue;
    for (const beside of part.beside.filter(each => wanted.includes(each))) {
      console.error(`bench: ${groups.join(', ')}, ${besideText(beside)}`);
      const out = path.join(folder, `${groups[0]}-rows.json`);
      await rm(out, { force: true });
      const args = [path.join(folder, 'main.mjs'), ...groups, '--runs', String(runs), '--out', out];
      const at = new Date().toISOString().slice(0, 10);
      const [loadBefore] = os.loadavg();
      const end = beside === 'busy' ? busyLoop() : () => undefined;
      try {
        await run(process.execPath, args, { timeoutMs: part.deadlineMs, show: true });
      } catch (error) {
        failures.push(`${groups.join(', ')}, ${besideText(beside)}: ${error.message}`);
      } finally {
        end();
      }
      const rows = JSON.parse(await readFile(out, 'utf8').catch(() => '[]'));
      for (const group of groups) {
        const own = rows.filter(row => row.group === group);
        if (own.length === 0) continue;
        const load = Number(loadBefore.toFixed(1));
        measured.push({ group, beside, at, runs, load, ...where, rows: own });
      }
    }
  }
  for (const each of measured) console.log(`\n${benchTable(each)}`);
  for (const failure of failures) console.log(`\nnot measured: ${failure}`);
  if (values.json) {
    const before = JSON.parse(await readFile(values.json, 'utf8').catch(() => '[]'));
    const isNew = each =>
      measured.some(({ group, beside }) => group === each.group && beside === each.beside);
    const all = [...before.filter(each => !isNew(each)), ...measured];
    all.sort(
      (a, b) =>
        known.indexOf(a.group) - known.indexOf(b.group) || both.indexOf(a.beside) - both.indexOf(b.beside),
    );
    await writeFile(values.json, `[${all.map(lines).join(',')}\n]\n`);
  }
  const isMissed = measured.some(({ rows }) => rows.some(row => !row.ok));
  process.exitCode = failures.length > 0 || isMissed ? 1 : 0;
});
