/**
 * The whole product once, from the VSIX, on a real kernel, as a user without root uses it: ▶ is pressed, the password is given, a
 * workload runs, and the bars on the page are what the kernel counted.
 */
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Frame } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { workFolder } from '../../../scripts/lib/paths.mjs';
import { takePicture } from '../../../scripts/lib/pictures.mjs';
import { finished, type TestGuest } from '../../kernel/bench/guest';
import { inGuest } from '../../kernel/elevation/people';
import type { Leftovers } from '../../kernel/kills/kills';
import { bundle } from '../../kernel/kills/random-kills';
import { type GuestVscode, openGuestVscode, USER } from './guest-vscode';

const READS = 1000;
const minute = deadlineMs(60_000);
const startedAt = performance.now();

function progress(step: string): void {
  console.error(`e2e in the guest: ${step} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`);
}

/** Counts by lower bound, empty bars left out, as the table behind the chart has them. */
async function barsOnPage(page: Frame): Promise<Record<string, number>> {
  const rows = await page.$$eval('table[data-map="latency"] tbody tr', found =>
    found.map(row => [row.getAttribute('data-min') ?? '', Number(row.getAttribute('data-count'))] as const),
  );
  return Object.fromEntries(rows.filter(([, count]) => count > 0));
}

/** The same from the kernel itself: slot 0 holds 0, slot n holds 2^(n-1) to 2^n - 1 (bpfw.h). */
async function barsInKernel(vscode: GuestVscode): Promise<Record<string, number>> {
  const dump: { formatted: { key: number; value: number } }[] = JSON.parse(
    await vscode.guest.sh('bpftool --json map dump name latency'),
  );
  return Object.fromEntries(
    dump
      .filter(({ formatted }) => formatted.value > 0)
      .map(({ formatted: { key, value } }) => [String(key === 0 ? 0 : 2 ** (key - 1)), value]),
  );
}

/** What a user would look at when it went wrong: the window, the messages in it, the logs. */
async function tellWhatIsThere(vscode: GuestVscode): Promise<void> {
  await tellLogs(vscode);
  const { workbench } = vscode;
  const picture = path.join(workFolder, 'first-histogram-failed.png');
  await workbench.screenshot(picture);
  console.error(
    [
      `picture: ${picture}`,
      `in front: ${await workbench.inFront()}`,
      'notifications:',
      ...(await workbench.notifications()),
    ].join('\n'),
  );
}

async function tellLogs({ guest, serverLog }: GuestVscode): Promise<void> {
  const logs = await guest.sh(
    `find /home/${USER.name}/vscode-data -name '*.log' -exec sh -c 'for f; do echo "== $f"; tail -n 40 "$f"; done' sh {} +`,
  );
  const busy = await guest.sh('ps -eo pid,etimes,time,pcpu,args --sort=-time | head -15');
  console.error([busy, logs, ...serverLog.slice(-40)].join('\n'));
}

/** Resolves, while nothing is attached, with what kills the extension host and tells what that left in the kernel. */
async function extensionHostKiller(guest: TestGuest): Promise<() => Promise<Leftovers>> {
  const script = inGuest(await bundle('kill-extension-host'));
  const killer = await guest.spawn(['node', script], { fresh: true });
  const lines = createInterface({ input: killer.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(Buffer.concat(await killer.stderr.toArray()).toString());
    return String(value);
  };
  await line();
  return async () => {
    killer.stdin.write('now\n');
    return JSON.parse(await line());
  };
}

async function attachedPrograms(vscode: GuestVscode): Promise<string[]> {
  const programs: { name?: string }[] = JSON.parse(await vscode.guest.sh('bpftool --json prog list'));
  return programs.flatMap(({ name }) => (name?.startsWith('vfs_read') ? [name] : []));
}

describe('▶ as a user with a sudo password', () => {
  let vscode: GuestVscode;
  beforeAll(async () => {
    vscode = await openGuestVscode(progress);
  }, 30 * minute);
  afterAll(() => vscode?.close(), minute);

  it(
    'shows exactly what the kernel counted for one process, and leaves nothing behind',
    async () => {
      const { guest, workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      const { quickInput } = workbench;
      const workload = await guest.spawn(
        ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', `count=${READS}`, 'status=none'],
        { stopped: true, uid: USER.uid, gid: USER.uid },
      );

      // A user edits their copy of the program: this process, and the reads of /dev/zero only.
      await guest.sh(
        `sed -i 's/\\(target_pid .*\\) = 0;/\\1 = ${workload.pid};/; s/= any_file;/= character_file;/' vfsreadlat.bpf.c`,
        { cwd: vscode.workspace },
      );

      progress('waiting for the extension');
      await workbench.openFile('vfsreadlat.bpf.c');
      await workbench.extensionAnswers();
      progress('▶');
      await workbench.clickTitleButton('Compile and Attach');
      const consent = workbench.dialog('needs capabilities that you do not have');
      await Promise.race([consent.waitFor(), workbench.failed()]);
      progress('agreeing, with a wrong password first');
      await consent.getByRole('button', { name: 'Continue' }).click();
      await quickInput.waitFor('BPF: Your Password for sudo');
      expect(await quickInput.isPassword()).toBe(true);
      await quickInput.answer('not it');
      await quickInput.waitFor(/Wrong password/);
      await quickInput.answer(USER.password);

      const page = await Promise.race([workbench.webview('Histogram'), workbench.failed()]);
      await expect
        .poll(() => attachedPrograms(vscode), { timeout: 2 * minute, interval: 2000 })
        .toHaveLength(2);
      // Nothing of the checkout has a part in it: the tracer that holds the programs is the installed one.
      expect(await vscode.guest.sh('pgrep --full --list-full dist/tracer.js')).toContain(
        `${vscode.extension}/dist/tracer.js`,
      );
      progress('attached; running the workload');
      await workload.resume();
      expect(await finished(workload, minute)).toMatchObject({ code: 0, stderr: '' });

      const counted = await barsInKernel(vscode);
      expect(Object.values(counted).reduce((sum, count) => sum + count, 0)).toBe(READS);
      await expect.poll(() => barsOnPage(page), { timeout: minute }).toEqual(counted);
      progress('the page shows what the kernel counted');
      await page.evaluate(() => document.fonts.ready);
      await takePicture(workbench.page, 'first-histogram');

      await workbench.clickTitleButton('Detach');
      await expect.poll(() => attachedPrograms(vscode), { timeout: minute, interval: 1000 }).toEqual([]);
      expect(await barsOnPage(page)).toEqual(counted);
    },
    30 * minute,
  );

  /** Gives sudo the password if it asks before `work` is done: it remembers one for a while. */
  async function withPassword<T>(work: () => Promise<T>): Promise<T> {
    const { quickInput } = vscode.workbench;
    let done = false;
    const asked = quickInput
      .waitFor('BPF: Your Password for sudo')
      .then(() => (done ? undefined : quickInput.answer(USER.password)));
    asked.catch(() => undefined);
    try {
      return await work();
    } finally {
      done = true;
    }
  }

  /** Attached in the kernel, and the window has taken note of it: what it opens then would take the focus from a palette. */
  const attachedAgain = () =>
    withPassword(async () => {
      await expect
        .poll(() => attachedPrograms(vscode), { timeout: 3 * minute, interval: 2000 })
        .toHaveLength(2);
      await vscode.workbench.titleButton('Detach').first().waitFor();
    });

  /** What a window says whose extension host was there before, and went without a word. */
  async function attachAgainByNotice(): Promise<void> {
    const { workbench } = vscode;
    const notice = workbench.notification(/vfsreadlat was attached when this window was closed or reloaded/);
    await notice.getByRole('button', { name: 'Attach Again' }).click();
    const consent = workbench.dialog('needs capabilities that you do not have');
    await consent.getByRole('button', { name: 'Continue' }).click();
    await attachedAgain();
  }

  it(
    'reports what is missing and what fixes it where libbpf is not installed',
    async () => {
      const { guest, workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      const library = await guest.sh(
        'realpath "$(ldconfig -p | sed -n \'s/.*libbpf\\.so\\.1 .*=> //p\' | head -n 1)"',
      );
      // The tracer of before may still wait for another session.
      await guest.sh('pkill -KILL -f "tracer[.]js --socket" || true');
      await guest.sh(`mount --bind /dev/null ${library}`);
      try {
        progress('▶ without libbpf');
        await workbench.clickTitleButton('Compile and Attach');
        const notice = workbench.notification(
          /libbpf, which loads programs into the kernel, is not installed/,
        );
        await withPassword(() => notice.waitFor());
        expect(await notice.textContent()).toContain('To fix it: sudo apt-get install libbpf1');
        await notice.getByRole('button', { name: 'Copy Command' }).waitFor();
        await workbench.screenshot(path.join(workFolder, 'libbpf-missing.png'));
        await notice.getByRole('button', { name: 'Check Environment' }).waitFor();
        expect(await attachedPrograms(vscode)).toEqual([]);
      } finally {
        await guest.sh(`umount ${library}`);
      }
    },
    30 * minute,
  );

  it(
    'reports it when the tracer is killed, and attaches again with one click',
    async () => {
      const { guest, workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      progress('▶ again');
      await workbench.clickTitleButton('Compile and Attach');
      await attachedAgain();
      await workbench.showView('Sessions');
      const failed = workbench.treeRow(/vfsreadlat.*failed/);
      await workbench.treeRow('vfsreadlat').first().waitFor();
      const before = await failed.count();
      progress('killing the tracer');
      await guest.sh('pkill -KILL -f "tracer[.]js --socket"');
      await expect.poll(() => attachedPrograms(vscode), { timeout: minute, interval: 500 }).toEqual([]);
      // The newest comes first; one that failed before must not be taken for it.
      await expect.poll(() => failed.count(), { timeout: minute }).toBe(before + 1);
      const row = failed.first();
      await workbench.treeRow('The tracer is gone').first().waitFor();
      await row.hover();
      await row.getByRole('button', { name: 'Attach Again' }).click();
      await attachedAgain();
    },
    30 * minute,
  );

  it(
    'installs a tracer that only root can change',
    async () => {
      const { guest, workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      progress('installing the tracer');
      await workbench.runCommand('BPF: Install Tracer');
      const confirm = workbench.dialog('Install the BPF tracer in /opt/bpf-workbench?');
      await confirm.getByRole('button', { name: 'Install' }).click();
      await withPassword(() => workbench.notification('will be used from now on').waitFor());
      expect(await guest.sh('find /opt/bpf-workbench ! -user root')).toBe('');
    },
    30 * minute,
  );

  it(
    'reports it when the window was reloaded, and attaches again with one click',
    async () => {
      const { guest, workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      expect(await attachedPrograms(vscode)).toHaveLength(2);
      progress('reloading the window');
      const reloaded = workbench.reload();
      await expect.poll(() => attachedPrograms(vscode), { timeout: minute, interval: 500 }).toEqual([]);
      progress('nothing stayed attached');
      await reloaded;
      await attachAgainByNotice();
      await workbench
        .treeRow(/vfsreadlat.*failed/)
        .first()
        .waitFor();
      await workbench
        .treeRow(/The window was closed, reloaded/)
        .first()
        .waitFor();
      const tracer = await guest.sh('pgrep -a -f "tracer[.]js --socket"');
      expect(tracer).toMatch(/ \/opt\/bpf-workbench\/[^/]+\/tracer\.js --socket/);
    },
    30 * minute,
  );

  it(
    'leaves nothing loaded 1 s after its extension host was killed, and attaches again with one click',
    async () => {
      const { workbench } = vscode;
      onTestFailed(() => tellWhatIsThere(vscode), minute);
      await workbench.clickTitleButton('Detach');
      await expect.poll(() => attachedPrograms(vscode), { timeout: minute, interval: 1000 }).toEqual([]);
      const killer = await extensionHostKiller(vscode.guest);
      await workbench.clickTitleButton('Compile and Attach');
      await attachedAgain();
      progress('killing the extension host');
      const kill = await killer();
      progress(JSON.stringify(kill));
      expect(kill.loaded).toBeGreaterThan(0);
      expect(kill.unloadedMs ?? Number.POSITIVE_INFINITY).toBeLessThan(deadlineMs(1000));
      expect(kill.endedMs).not.toBeNull();
      await attachAgainByNotice();
    },
    30 * minute,
  );

  it(
    'leaves nothing attached when the window is closed',
    async () => {
      onTestFailed(() => tellLogs(vscode), minute);
      expect(await attachedPrograms(vscode)).toHaveLength(2);
      progress('closing the window');
      await vscode.workbench.close();
      await expect.poll(() => attachedPrograms(vscode), { timeout: minute, interval: 500 }).toEqual([]);
    },
    5 * minute,
  );
});
