/** The stages of `npm test`: their commands, deadlines and requirements. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { deadlineMs } from './pace.mjs';
import { root, workFolder } from './paths.mjs';
import { run } from './run.mjs';

const minute = 60_000;
const bin = name => path.join(root, 'node_modules/.bin', name);

/**
 * @typedef {{name: string, deadlineMs: number, folder?: string, only?: readonly string[], except?: readonly string[], run: (show: boolean) => Promise<import('./run.mjs').Counts>,
 *   lacking?: () => Promise<string | undefined>, isBeside?: true}} Stage
 *   `isBeside`: needs no guest, and runs beside the stages that wait for theirs; it prints when it is done. `lacking` says why the stage cannot run on this machine, with the fix; `folder`, `only` and `except` (paths of folders and files) say which test files are its own
 */

/** End-to-end tests with a kernel: the others need none, and run beside what waits for the guest. */
const E2E_WITH_GUEST = ['test/e2e/guest', 'test/e2e/kills', 'test/e2e/walkthrough.test.ts'];

/** @type {readonly Stage[]} in the order of `npm test`: what is quick and broken most often comes first */
export const stages = [
  {
    name: 'lint',
    deadlineMs: 10 * minute,
    run: () =>
      commands(
        [bin('biome'), 'check', '.'],
        [bin('tsc'), '-b'],
        [process.execPath, 'scripts/lint-words.mjs'],
      ),
  },
  { name: 'build', deadlineMs: 5 * minute, run: () => commands([process.execPath, 'esbuild.mjs']) },
  besideGuest(vitestStage('unit', 10 * minute)),
  besideGuest(vitestStage('golden', 10 * minute)),
  besideGuest({
    ...vitestStage('panels', 20 * minute, 'test/panels/vitest.config'),
    lacking: lackingChromium,
  }),
  besideGuest({
    ...vitestStage('e2e', 40 * minute, 'vitest.e2e.config', { except: E2E_WITH_GUEST }),
    lacking: lackingVscode,
  }),
  vitestStage('kernel', 60 * minute, 'vitest.kernel.config'),
  {
    name: 'host',
    folder: 'test/host',
    deadlineMs: 30 * minute,
    run: () => hostSuite('server'),
    lacking: lackingVscode,
  },
  {
    ...vitestStage('e2e-guest', 60 * minute, 'vitest.e2e.config', {
      folder: 'test/e2e',
      only: E2E_WITH_GUEST,
    }),
    lacking: lackingVscode,
  },
];

/** Stages by themselves only: they need what most machines lack, or very long. */
export const extraStages = [
  { name: 'desktop', deadlineMs: 60 * minute, run: () => hostSuite('desktop'), lacking: lackingDesktop },
  vitestStage('soak', 120 * minute, 'vitest.soak.config'),
];

/** Runs all commands one after the other; each that fails counts as one failure, a command that succeeds counts as no test. */
async function commands(...lines) {
  const counts = { passed: 0, failed: 0, skipped: 0, files: [], failures: [] };
  for (const [command, ...args] of lines) {
    const { code } = await run(command, args, {
      cwd: root,
      timeoutMs: deadlineMs(5 * minute),
      show: true,
      anyExit: true,
    });
    if (code !== 0) counts.failed += 1;
    if (code !== 0) counts.failures.push([path.basename(command), ...args].join(' '));
  }
  return counts;
}

/** @returns {Stage} */
function besideGuest(stage) {
  return { ...stage, isBeside: true };
}

/** `files`: which of the folder's. */
function vitestStage(name, deadlineMs, config = 'vitest.config', files = {}) {
  const stage = { name, deadlineMs, folder: `test/${name}`, ...files };
  return { ...stage, run: show => vitest(stage, config, show) };
}

/** Runs the test files of one folder. The report is printed as it arrives, the counts are read from a file. */
async function vitest({ name, folder, only, except = [], deadlineMs: timeoutMs }, config, show = true) {
  const configFile = ['.mts', '.ts'].map(end => config + end).find(file => existsSync(path.join(root, file)));
  if (!configFile) throw new Error(`${config}.mts is missing`);
  await mkdir(workFolder, { recursive: true });
  const report = path.join(workFolder, `${name}-report.json`);
  await rm(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { output } = await run(
    bin('vitest'),
    [
      ...['run', '--root', root, '--config', configFile, ...reporters],
      ...except.map(file => `--exclude=${file.endsWith('.ts') ? file : `${file}/**`}`),
      ...(only ?? [`${folder}/`]),
    ],
    {
      cwd: root,
      timeoutMs: deadlineMs(timeoutMs),
      show,
      anyExit: true,
    },
  );
  if (!show) console.log(`${heading(name)}\n${output}`);
  if (!existsSync(report)) throw new Error('Vitest wrote no report');
  const result = JSON.parse(await readFile(report, 'utf8'));
  // A file that could not even be loaded has no tests to count.
  const broken = result.testResults.filter(
    file => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const unexplained = !result.success && result.numFailedTests + broken.length === 0 ? 1 : 0;
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length + unexplained,
    skipped: result.numPendingTests + result.numTodoTests,
    files: result.testResults.map(file => path.relative(root, file.name)),
    failures: result.testResults.flatMap(failuresOf),
  };
}

/** Of a test file in Vitest's report. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = path.relative(root, name);
  const failed = assertionResults.filter(test => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [`${file}: ${firstLines(message)}`];
  return failed.map(test => `${file}: ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`);
}

/** Of an error: what it says, not where it was thrown. */
function firstLines(text) {
  return text
    .split('\n')
    .filter(line => !/^\s+at /.test(line))
    .slice(0, 12)
    .join('\n    ');
}

async function hostSuite(kind) {
  const { runHostSuite } = await import('./host-suite.mjs');
  const counts = await runHostSuite(kind);
  return { ...counts, files: counts.files.map(file => path.join('test/host', file)) };
}

async function lackingChromium() {
  const { findChromium } = await import('./chromium.mjs');
  if (await findChromium()) return undefined;
  return 'no Chromium found; install it with: sudo apt-get install -y chromium';
}

async function lackingVscode() {
  const lacking = await lackingChromium();
  if (lacking) return lacking;
  const { missingVscodePackages } = await import('./vscode-server.mjs');
  const missing = await missingVscodePackages();
  if (missing.length === 0) return undefined;
  return `VS Code's server cannot be built; install: sudo apt-get install -y ${missing.join(' ')}`;
}

async function lackingDesktop() {
  if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return undefined;
  return 'there is no display; run it as: xvfb-run npm run test:desktop (package xvfb)';
}

/** Over a stage's output. */
export function heading(name) {
  return `\n── ${name} ${'─'.repeat(60 - name.length)}`;
}

/** Test files of a stage on disk, relative to the checkout. */
export async function stageFiles(stage) {
  const folder = stage.folder && path.join(root, stage.folder);
  if (!folder || !existsSync(folder)) return [];
  const files = await readdir(folder, { recursive: true });
  const isIn = (file, places) => places.some(place => file === place || file.startsWith(`${place}/`));
  return files
    .filter(isTestFile)
    .map(file => path.join(stage.folder, file))
    .filter(file => (!stage.only || isIn(file, stage.only)) && !isIn(file, stage.except ?? []));
}

/** Every test file of the checkout, relative to it. */
export async function allTestFiles() {
  const found = [];
  for (const top of ['src', 'webview', 'test', 'scripts', 'bpf-templates']) {
    if (!existsSync(path.join(root, top))) continue;
    const entries = await readdir(path.join(root, top), { recursive: true });
    found.push(...entries.filter(isTestFile).map(file => path.join(top, file)));
  }
  return found.sort();
}

function isTestFile(file) {
  return /\.(test|spec)\.[cm]?tsx?$/.test(file) && !/(^|\/)(node_modules|\.work)\//.test(file);
}
