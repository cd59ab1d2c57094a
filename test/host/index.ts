/**
 * What VS Code starts in its extension host when it runs this extension's tests (`extensionTestsPath`): the Mocha suite
 * of test/host, bundled to dist/test/host. Files under restricted/ run in a window in Restricted Mode, those under
 * package/ in one where the VSIX is installed, those under templates/, hostile/ and all others in trusted ones with the checkout;
 * which of them this window is comes with $BPFW_HOST_SUITE, and the counts go to $BPFW_HOST_RESULTS.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import { deadlineMs } from '../../scripts/lib/pace.mjs';

/** Begins every line of Mocha's report; scripts/lib/host-suite.mjs knows it, too. */
const SUITE_MARK = 'suite│ ';

/** Windows with a folder of test files of their own. */
const FOLDERS = ['restricted', 'package', 'templates', 'hostile'] as const;

/** What scripts/lib/host-suite.mjs reads. */
interface Results {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Paths under test/host of the files that ran, as they are on disk (.test.ts). */
  readonly files: readonly string[];
  /** Title and message of each failed test. */
  readonly failures: readonly string[];
}

/** Runs the suite to its end; rejects when a test failed or nothing ran, which gives VS Code's exit code. */
export async function run(): Promise<void> {
  const suite = FOLDERS.find(folder => folder === process.env.BPFW_HOST_SUITE) ?? 'trusted';
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.js'))
    .filter(file => (FOLDERS.find(folder => file.startsWith(`${folder}/`)) ?? 'trusted') === suite)
    .sort();
  if (files.length === 0) throw new Error(`no ${suite} test files in ${__dirname}`);

  // Whoever shows the suite's output tells it from VS Code's own by the mark.
  Mocha.reporters.Base.consoleLog = (...words: unknown[]) => {
    for (const line of format(...words).split('\n')) console.log(`${SUITE_MARK}${line}`);
  };
  // A test in VS Code waits for other processes on a machine that may be slow and busy.
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: deadlineMs(60_000),
    reporter: 'spec',
    forbidOnly: true,
    color: false,
  });
  for (const file of files) mocha.addFile(path.join(__dirname, file));
  // A failed step ends its file: those after it would wait for what cannot come.
  const broken = new Set<string | undefined>();
  mocha.suite.beforeEach(function () {
    if (broken.has(this.currentTest?.file)) this.skip();
  });
  mocha.suite.afterEach(function () {
    if (this.currentTest?.state === 'failed') broken.add(this.currentTest.file);
  });

  const failures: string[] = [];
  const stats = await new Promise<Mocha.Stats>((resolve, reject) => {
    const runner = mocha.run(() => {
      if (runner.stats) resolve(runner.stats);
      else reject(new Error('Mocha gave no statistics'));
    });
    // At once, too: a window that hangs later never comes to the report's end.
    runner.on('fail', (test, error: Error) => {
      failures.push(`${test.fullTitle()}: ${error.message}`);
      Mocha.reporters.Base.consoleLog(failures.at(-1));
    });
  });
  const results: Results = {
    passed: stats.passes,
    failed: stats.failures,
    skipped: stats.pending,
    files: files.map(file => file.replace(/\.js$/, '.ts')),
    failures,
  };
  if (process.env.BPFW_HOST_RESULTS) writeFileSync(process.env.BPFW_HOST_RESULTS, JSON.stringify(results));
  if (stats.failures > 0) throw new Error(`${stats.failures} tests failed`);
  if (stats.passes === 0) throw new Error('no test ran');
}
