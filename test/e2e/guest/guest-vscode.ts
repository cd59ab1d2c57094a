/**
 * A whole machine of its own for a test: guest kernel, a user with a password and the right to sudo, VS Code's server
 * running as that user with the VSIX installed, and a browser outside that looks in through a forwarded port.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { launchChromium } from '../../../scripts/lib/chromium.mjs';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { root, workFolder } from '../../../scripts/lib/paths.mjs';
import { ensureVscodeServer, workbenchAddress } from '../../../scripts/lib/vscode-server.mjs';
import { buildPackage } from '../../../scripts/package/build.mjs';
import { bootGuest, type TestGuest } from '../../kernel/bench/guest';
import { Workbench } from '../driver/workbench';

export const USER = { name: 'dev', password: 'correct horse 42', uid: 4242 } as const;
const GUEST_PORT = 8710;
/** Where the guest sees the checkout and VS Code: at home they may lie in a folder only root may enter. */
const CHECKOUT = '/opt/bpfw-checkout';
const VSCODE = '/opt/vscode';
const VSIX = `/home/${USER.name}/bpf-workbench.vsix`;
/**
 * Of one wait for something on the page. Measured under emulation: workbench after 35 to 120 s, extensions after as
 * long again, compiling 70 to 140 s, all of it three times slower on a machine that is busy.
 */
const PAGE_TIMEOUT_MS = deadlineMs(600_000);

export interface GuestVscode {
  readonly guest: TestGuest;
  readonly workbench: Workbench;
  /** The folder that is open, in the guest. */
  readonly workspace: string;
  /** Where VS Code put what was in the VSIX, in the guest. */
  readonly extension: string;
  /** What the server and the page's console printed, newest last. */
  readonly serverLog: readonly string[];
  close(): Promise<void>;
}

/** Boots, prepares and opens all of it. `progress` is told each step. */
export async function openGuestVscode(progress: (step: string) => void): Promise<GuestVscode> {
  const vscode = await ensureVscodeServer(progress);
  const undo: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of undo.reverse()) await step();
  };
  try {
    progress('packaging');
    await mkdir(workFolder, { recursive: true });
    const scratch = await mkdtemp(path.join(workFolder, 'vsix-'));
    undo.push(() => rm(scratch, { recursive: true, force: true }));
    const { vsix } = await buildPackage(`linux-${process.arch}`, scratch);
    const hostPort = await freePort();
    const guest = await bootGuest({
      forwardedPorts: [{ hostPort, guestPort: GUEST_PORT }],
      bootDeadlineMs: deadlineMs(300_000),
    });
    undo.push(() => guest.dispose());
    progress('making a user who may use sudo with a password');
    await guest.sh(prepare(vscode.folder, vsix), { timeoutMs: 120_000 });
    progress('installing the VSIX and starting VS Code in the guest');
    const serverLog: string[] = [];
    const { token, folder, extension } = await serve(guest, serverLog);
    const browser = await launchChromium();
    undo.push(() => browser.close());
    progress('opening its window');
    const address = workbenchAddress({ port: hostPort, token, folder });
    const workbench = await Workbench.open(browser, address, {
      timeoutMs: PAGE_TIMEOUT_MS,
      patient: true,
      // The chart is seen whole in the picture the test takes.
      width: 1500,
      height: 1150,
      onConsole: line => serverLog.push(line),
    });
    return { guest, workbench, workspace: folder, extension, serverLog, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Paths may hold anything but a quote here: they are the checkout's and the cache folder's. */
function prepare(vscodeFolder: string, vsix: string): string {
  return `
useradd --create-home --shell /bin/bash --uid ${USER.uid} --groups sudo ${USER.name}
echo '${USER.name}:${USER.password}' | chpasswd
mkdir -p ${CHECKOUT} ${VSCODE}
mount --bind '${root}' ${CHECKOUT}
mount --bind '${vscodeFolder}' ${VSCODE}
install --owner=${USER.name} --mode=0600 '${vsix}' ${VSIX}
`;
}

interface Served {
  readonly token: string;
  readonly folder: string;
  readonly extension: string;
}

/** Starts serve.mjs as the user, with the groups of a login (sudo looks at them); resolves when it is ready. */
async function serve(guest: TestGuest, log: string[]): Promise<Served> {
  const { name } = USER;
  const asUser = ['setpriv', `--reuid=${name}`, `--regid=${name}`, '--init-groups', '--'];
  const script = `${CHECKOUT}/test/e2e/guest/serve.mjs`;
  const args = [VSCODE, VSIX, String(GUEST_PORT)];
  const server = await guest.spawn([...asUser, 'node', script, ...args], {
    cwd: `/home/${name}`,
    env: {
      HOME: `/home/${name}`,
      USER: name,
      LOGNAME: name,
      SHELL: '/bin/bash',
      BPFW_TARGET: '',
      BPFW_TEST_SLOWNESS: process.env.BPFW_TEST_SLOWNESS ?? '',
    },
  });
  createInterface({ input: server.stderr }).on('line', line => log.push(line));
  return new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).on('line', line => {
      log.push(line);
      if (line.startsWith('{')) resolve(JSON.parse(line));
    });
    server.exited.then(({ code, signal }) => {
      reject(new Error(`VS Code in the guest ended (${signal ?? code})\n${log.slice(-20).join('\n')}`));
    }, reject);
  });
}

/** A port nothing listens on; QEMU takes no 0. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise(resolve => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
