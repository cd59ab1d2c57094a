/**
 * `npm test`: sets the machine up, then runs every stage. `node scripts/test.mjs STAGE...` runs only those (with what
 * they need built). The last line is `N passed, N failed, N skipped` over all stages; exit code 1 when something
 * failed, 3 when nothing could run here.
 */
import { availableParallelism } from 'node:os';
import { deadlineMs, shareMachine } from './lib/pace.mjs';
import { root } from './lib/paths.mjs';
import { CannotRun, main, run } from './lib/run.mjs';
import { allTestFiles, extraStages, heading, stageFiles, stages } from './lib/stages.mjs';
import { setUp } from './setup.mjs';

// Programs are loaded in the sandbox VM only, never into the kernel of the machine that tests, whatever a test forgets.
process.env.BPFW_TARGET = 'vm';

const known = [...stages, ...extraStages];
const wished = process.argv.slice(2);
const unknown = wished.filter(name => !known.some(stage => stage.name === name));
if (unknown.length > 0) {
  console.error(`No stage ${unknown.join(', ')}. Stages: ${known.map(stage => stage.name).join(', ')}`);
  process.exit(2);
}
const full = wished.length === 0;
const needsBuild = wished.some(name => !['lint', 'build', 'unit', 'golden'].includes(name));
const chosen = full
  ? stages
  : known.filter(stage => wished.includes(stage.name) || (stage.name === 'build' && needsBuild));

const total = { passed: 0, failed: 0, skipped: 0 };
const ran = new Set();
const excused = new Set();
const summary = [];
const failures = [];

/** Adds a stage's counts and remembers its line of the summary. */
function count(stage, counts, startedAt, note = '') {
  for (const key of Object.keys(total)) total[key] += counts[key];
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  summary.push(
    `${stage.name.padEnd(9)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped  ${seconds} s${note && `  ${note}`}`,
  );
  if (counts.failed > 0 || note) console.log(`${stage.name}: ${note || 'failed'}`);
}

/** A stage that neither ends nor fails by itself fails at its deadline; what it started ends with this process. */
async function withinDeadline(stage, show) {
  let timer;
  const late = new Promise((_, reject) => {
    const withinMs = deadlineMs(stage.deadlineMs);
    const minutes = Math.round(withinMs / 60_000);
    timer = setTimeout(() => reject(new Error(`not done after ${minutes} minutes`)), withinMs);
  });
  try {
    return await Promise.race([stage.run(show), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runStage(stage, show = true) {
  const startedAt = performance.now();
  const files = await stageFiles(stage);
  if (show) console.log(heading(stage.name));
  if (stage.folder && files.length === 0) {
    count(stage, { passed: 0, failed: 0, skipped: 0 }, startedAt, `no test files in ${stage.folder}`);
    return true;
  }
  const skip = why => {
    for (const file of files) excused.add(file);
    const skipped = Math.max(1, files.length);
    count(stage, { passed: 0, failed: 0, skipped }, startedAt, `skipped: ${why}`);
    return true;
  };
  const lacking = await stage.lacking?.();
  if (lacking) return skip(lacking);
  try {
    const counts = await withinDeadline(stage, show);
    for (const file of counts.files) ran.add(file);
    failures.push(...(counts.failures ?? []).map(failure => `${stage.name}: ${failure}`));
    count(stage, counts, startedAt);
    return counts.failed === 0;
  } catch (error) {
    if (error instanceof CannotRun) return skip(error.message);
    count(stage, { passed: 0, failed: 1, skipped: 0 }, startedAt, error.message);
    return false;
  }
}

/** One after the other, all of them; false when the build failed. */
async function runInOrder(some, show = true) {
  let isBuilt = true;
  for (const stage of some) if (!(await runStage(stage, show)) && stage.name === 'build') isBuilt = false;
  return isBuilt;
}

/** An emulated guest keeps one processor busy, mostly: what needs none runs on another meanwhile. */
async function runTests() {
  const tests = chosen.filter(stage => stage.folder);
  const [beside, others] = [tests.filter(stage => stage.isBeside), tests.filter(stage => !stage.isBeside)];
  const isShared = beside.length > 0 && others.length > 0 && availableParallelism() > 1;
  if (isShared) shareMachine(2);
  const first = runInOrder(beside, !isShared);
  if (!isShared) await first;
  await Promise.all([first, runInOrder(others)]);
}

/** What git sees of the checkout: a run of all stages leaves it as it was. Empty where there is no git. */
async function checkout() {
  const lines = await Promise.all(
    [
      ['status', '--porcelain'],
      ['diff', '--stat'],
    ].map(args =>
      run('git', args, { cwd: root, timeoutMs: 60_000, anyExit: true }).catch(() => ({ output: '' })),
    ),
  );
  return lines.map(({ output }) => output).join('');
}

await main(async () => {
  const before = await checkout();
  console.log(`── set-up ${'─'.repeat(54)}`);
  await setUp('test', { build: false });
  // Everything after the build runs what it built: the old build would only give wrong answers.
  if (await runInOrder(chosen.filter(stage => !stage.folder))) await runTests();

  if (full) {
    const forgotten = (await allTestFiles()).filter(file => !ran.has(file) && !excused.has(file));
    const soak = forgotten.filter(file => file.startsWith('test/soak/'));
    const missed = forgotten.filter(file => !soak.includes(file));
    if (soak.length > 0) summary.push(`soak      ${soak.length} files run by \`npm run test:soak\` only`);
    total.failed += missed.length;
    for (const file of missed) summary.push(`${file}: on disk, but no stage ran it`);
    const after = await checkout();
    if (after !== before) {
      total.failed += 1;
      summary.push(`The checkout is not as it was before the run:\n${after}`);
    }
  }

  if (failures.length > 0) console.log(`${heading('failed')}\n${failures.join('\n')}`);
  console.log(`\n${'─'.repeat(64)}\n${summary.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  const nothingRan = total.passed === 0 && total.skipped > 0;
  process.exit(total.failed > 0 ? 1 : nothingRan ? 3 : 0);
});
