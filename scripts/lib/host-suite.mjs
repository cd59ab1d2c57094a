/** The Mocha suite of test/host, run by a real VS Code: its server and a browser here, or a desktop one. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { launchChromium } from './chromium.mjs';
import { deadlineMs } from './pace.mjs';
import { servePanelPages } from './panel-pages.mjs';
import { root, workFolder } from './paths.mjs';
import { CannotRun } from './run.mjs';
import { fillSampleWorkspace } from './sample-workspace.mjs';
import {
  addExtension,
  ensureVscodeServer,
  quietSettings,
  startVscodeServer,
  writeSettings,
} from './vscode-server.mjs';

const bundleFolder = path.join(root, 'dist/test/host');
/**
 * Windows of the suite, each with the test files of a folder of its own: `trusted` all that is in no other's. In
 * `package` the extension is the installed VSIX; VS Code wants an extension under development to run tests, so it gets
 * one that does nothing. `templates` asks what the panel's pages show, which only a browser can tell; `hostile` what the window makes of names that an attacker chose.
 */
const windows = {
  server: ['trusted', 'restricted', 'package', 'templates', 'hostile'],
  desktop: ['trusted', 'restricted'],
};
const emptyExtension = path.join(root, 'test/host/package/empty-extension');

/**
 * From opening the page to the suite's end; a window takes 10 to 30 s of it to open on a busy machine, and another run's
 * guest may have to end first.
 */
const suiteTimeoutMs = deadlineMs(20 * 60_000);

/** Prefix of the lines of Mocha's report (test/host/index.ts); all others are VS Code's own log. */
const suiteMark = 'suite│ ';
const vscodeLogLines = 30;

/** Test files on disk, as paths under test/host. */
export async function hostTestFiles() {
  const files = await readdir(path.join(root, 'test/host'), { recursive: true });
  return files.filter(file => file.endsWith('.test.ts')).sort();
}

/** Bundles index.ts and each test file separately, so that Mocha finds the files. */
async function bundle() {
  const { build } = await import('esbuild');
  await rm(bundleFolder, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['index.ts', ...(await hostTestFiles())].map(file => path.join('test/host', file)),
    outbase: 'test/host',
    outdir: bundleFolder,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
}

/**
 * Runs the whole suite, window after window, and resolves with the counts and the files
 * that ran. A window that dies or hangs counts as one failed test, with the reason printed. Throws CannotRun.
 *
 * @param {'server' | 'desktop'} kind
 * @returns {Promise<import('./run.mjs').Counts>}
 */
export async function runHostSuite(kind = 'server') {
  const executable = kind === 'desktop' ? await desktopVscode() : undefined;
  await bundle();
  await mkdir(workFolder, { recursive: true });
  const total = { passed: 0, failed: 0, skipped: 0, files: [], failures: [] };
  for (const suite of process.env.BPFW_HOST_WINDOWS?.split(',') ?? windows[kind]) {
    const scratch = await mkdtemp(path.join(workFolder, `host-${suite}-`));
    const resultsFile = path.join(scratch, 'results.json');
    try {
      console.log(`\n  ${suite} window`);
      const workspace = path.join(scratch, 'workspace');
      await fillSampleWorkspace(workspace);
      const env = { BPFW_HOST_SUITE: suite, BPFW_HOST_RESULTS: resultsFile };
      const window = { suite, scratch, workspace, env, executable };
      const problem = await (executable ? inDesktop(window) : inServer(window));
      const results = existsSync(resultsFile) ? JSON.parse(await readFile(resultsFile, 'utf8')) : undefined;
      total.passed += results?.passed ?? 0;
      total.failed += results?.failed ?? 0;
      total.skipped += results?.skipped ?? 0;
      total.files.push(...(results?.files ?? []));
      total.failures.push(...(results?.failures ?? []));
      if (!results?.failed && (problem || !results)) {
        total.failed += 1;
        total.failures.push(`${suite} window: ${problem ?? 'it ended without results'}`);
        console.log(`  ${total.failures.at(-1)}`);
      }
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  return total;
}

/** A new VSIX of the current sources. */
async function packageOfThisMachine(scratch) {
  const { buildPackage } = await import('../package/build.mjs');
  const { vsix } = await buildPackage(`linux-${process.arch}`, scratch);
  return vsix;
}

/** Resolves with the error, or undefined. */
async function inServer({ suite, scratch, workspace, env }) {
  const vscode = await ensureVscodeServer();
  const dataFolder = path.join(scratch, 'data');
  await writeSettings(dataFolder, { user: quietSettings });
  if (suite === 'package') await addExtension(vscode, dataFolder, await packageOfThisMachine(scratch));
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const panelPages = await servePanelPages(page);
  const server = await startVscodeServer(vscode, {
    dataFolder,
    trusted: suite !== 'restricted',
    testDriver: true,
    readyTimeoutMs: deadlineMs(60_000),
    env: { ...env, BPFW_HOST_PANELS: panelPages.address },
  });
  const vscodeLog = [];
  try {
    const exited = new Promise(resolve => {
      const timer = setTimeout(
        () => resolve(`no result after ${suiteTimeoutMs / 60_000} minutes`),
        suiteTimeoutMs,
      );
      const end = problem => {
        clearTimeout(timer);
        resolve(problem);
      };
      page.once('crash', () => end('the page crashed'));
      server.closed.then(({ code, signal }) => end(`VS Code's server ended (${signal ?? code})`));
      page.exposeFunction('codeAutomationExit', code => end(code === 0 ? undefined : `exit code ${code}`));
      page.exposeFunction('codeAutomationLog', (type, args) => {
        const line = args.join(' ');
        if (line.startsWith(suiteMark)) console.log(`  ${line.slice(suiteMark.length)}`);
        else vscodeLog.push(`${type}: ${line.split('\n', 1)[0]}`); // stack traces of VS Code's own code do not help here
      });
    });
    const authority = `vscode-remote://127.0.0.1:${server.port}`;
    await page.goto(
      server.address(workspace, [
        ['extensionDevelopmentPath', `${authority}${suite === 'package' ? emptyExtension : root}`],
        ['extensionTestsPath', `${authority}${path.join(bundleFolder, 'index.js')}`],
      ]),
    );
    const problem = await exited;
    if (problem || !existsSync(env.BPFW_HOST_RESULTS))
      console.log(['  Last output of VS Code:', ...vscodeLog.slice(-vscodeLogLines)].join('\n    '));
    return problem;
  } finally {
    await browser.close();
    await panelPages.close();
    await server.close();
  }
}

/** A desktop VS Code for the suite, kept in .vscode-test. Throws CannotRun without internet. */
async function desktopVscode() {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    return await downloadAndUnzipVSCode({ version: 'stable', cachePath: path.join(root, '.vscode-test') });
  } catch (error) {
    throw new CannotRun(`desktop VS Code is downloaded for it, and that failed: ${error.message}`);
  }
}

/** The same in a desktop VS Code, which needs a display (or xvfb-run). */
async function inDesktop({ suite, scratch, workspace, env, executable }) {
  const { runTests } = await import('@vscode/test-electron');
  try {
    const code = await runTests({
      vscodeExecutablePath: executable,
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(bundleFolder, 'index.js'),
      extensionTestsEnv: env,
      launchArgs: [
        workspace,
        ...['--user-data-dir', path.join(scratch, 'data')],
        ...(suite === 'trusted' ? ['--disable-workspace-trust'] : []),
      ],
    });
    return code === 0 ? undefined : `exit code ${code}`;
  } catch (error) {
    return error.message;
  }
}
