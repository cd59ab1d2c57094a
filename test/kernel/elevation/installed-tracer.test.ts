/** Root's copy of the tracer, installed and used by an ordinary user with a real sudo and a real polkit, and attacked by their other processes. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import {
  FORMER_POLICY_FILE,
  INSTALL_FOLDER,
  POLICY_FILE,
} from '../../../src/session/elevation/installed-tracer';
import type { TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { objectPath } from '../tracer/guest-tracer';
import { NOTHING_WON, startUnderAttack } from './attacks';
import {
  CHECKOUT,
  drive,
  guestWithPeople,
  startDriver,
  startPolkit,
  TRACER,
  VERSION,
  VISITOR,
} from './people';

const FOLDER = `${INSTALL_FOLDER}/${VERSION}`;
let guest: TestGuest;
beforeAll(async () => {
  guest = await guestWithPeople();
});
afterAll(async () => {
  await guest?.sh(`rm -rf ${INSTALL_FOLDER} ${POLICY_FILE}`);
});

const commandLine = async (options = {}) => {
  const answer = await drive(guest, 'start', options);
  if (!('started' in answer)) throw new Error(JSON.stringify(answer));
  return answer.started.commandLine.filter(word => !word.startsWith('--')).slice(0, 2);
};
/** Node is 100 MB: read, sent, written and hashed, which takes an emulated CPU its time. */
const OWN_NODE_MS = deadlineMs(300_000);
/** Node where its user can change it, so that it is copied. */
const OWN_NODE = `/home/${TRACER.name}/node`;
const makeOwnNode = () =>
  guest.sh(`rm -f ${OWN_NODE}; cp /usr/bin/node ${OWN_NODE}; chown ${TRACER.uid} ${OWN_NODE}`);
const installedNames = () => guest.sh(`ls -A ${INSTALL_FOLDER} | grep -v '^[.]lock$'`);
const refused = (what: string) => ({
  error: {
    code: 'installed-tracer',
    message: expect.stringContaining(what),
    fix: expect.stringContaining('BPF: Install Tracer'),
  },
});

describe('the installed tracer', () => {
  it('is not needed', async () => {
    expect((await commandLine())[1]).toBe(`${CHECKOUT}/dist/tracer.js`);
  });

  it('is installed for root alone, and used from then on', async () => {
    await guest.sh(
      `touch ${FORMER_POLICY_FILE}; mkdir -p ${INSTALL_FOLDER}/0.0.1; touch ${INSTALL_FOLDER}/0.0.1/helper.js`,
    );
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    expect(await guest.sh(`ls ${FORMER_POLICY_FILE} 2>/dev/null || true`)).toBe('');
    expect(
      (await guest.sh(`find ${INSTALL_FOLDER} ! -type l \\( ! -user root -o -perm /022 \\)`)).trim(),
    ).toBe('');
    expect(await installedNames()).toBe(`${VERSION}\n`);
    expect(await guest.sh(`readlink ${FOLDER}/node`)).toBe('/usr/bin/node\n');
    expect(await commandLine()).toEqual(['/usr/bin/node', `${FOLDER}/tracer.js`]);
  });

  it('starts as guarded as the extension’s own: an empty environment, no network, no debugger', async () => {
    const { process, answers } = await startDriver(guest, 'hold', { objectPath: objectPath('rejected') });
    const started = (await answers.next()).value;
    if (!started || !('started' in started)) throw new Error(JSON.stringify(started));
    expect(started.started.commandLine).toContain(`${FOLDER}/tracer.js`);
    const { pid } = started.started;
    expect(await guest.sh(`tr '\\0' '\\n' </proc/${pid}/environ`)).toBe('');
    expect(await guest.sh(`tail -n +3 /proc/${pid}/net/dev`)).toMatch(/^\s*lo:\s+0 .*\n$/);
    await process.kill('SIGKILL');
    await process.exited;
    const { starts, attack } = await startUnderAttack(guest, {
      attacker: TRACER,
      count: 4,
      seed: 4,
      maxDelayMs: 1500,
      timeoutMs: 100_000,
    });
    expect(attack).toMatchObject(NOTHING_WON);
    expect(attack.signals).toBeGreaterThan(0);
    expect(starts.greeted + Object.values(starts.failures).reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  it.each([
    ['its content changed', `echo '//' >>${FOLDER}/tracer.js`, 'differs from what was installed'],
    ['its start changed', `sed -i s/-all/+all/ ${FOLDER}/start-tracer`, 'differs from what was installed'],
    [
      'its content and its manifest changed',
      `cd ${FOLDER}; echo '//' >>tracer.js; sha256sum tracer.js native/*/koffi.node start-tracer >manifest`,
      'differs from this version’s file',
    ],
    ['others may write it', `chmod 666 ${FOLDER}/tracer.js`, 'has mode 666'],
    ['its folder is somebody else’s', `chown ${TRACER.uid} ${FOLDER}`, `belongs to uid ${TRACER.uid}`],
    ['it is a link', `mv ${FOLDER}/tracer.js /tmp/h; ln -s /tmp/h ${FOLDER}/tracer.js`, 'is not a file'],
    ['a part is missing', `rm -r ${FOLDER}/native`, 'is missing'],
    [
      'the way to it is a link',
      `mv ${INSTALL_FOLDER} /var/tmp/bpfw-away; ln -s /var/tmp/bpfw-away ${INSTALL_FOLDER}`,
      'is a symbolic link',
    ],
    ['others may write the folder above', `chmod 775 ${path.dirname(INSTALL_FOLDER)}`, 'has mode 775'],
    ['Node is where others can change it', `ln -sf /home/${TRACER.name} ${FOLDER}/node`, 'links to a file'],
    [
      'only another version is there',
      `mv ${FOLDER} ${INSTALL_FOLDER}/1.0.0`,
      `contains 1.0.0, and this is version ${VERSION}`,
    ],
  ])('is refused when %s', async (_what, change, said) => {
    await guest.sh(`cp -a ${INSTALL_FOLDER} /var/tmp/bpfw-installed; ${change}`);
    try {
      expect(await drive(guest, 'start')).toMatchObject(refused(said));
    } finally {
      await guest.sh(
        `chmod 755 ${path.dirname(INSTALL_FOLDER)}; rm -rf ${INSTALL_FOLDER} /var/tmp/bpfw-away; mv /var/tmp/bpfw-installed ${INSTALL_FOLDER}`,
      );
    }
  });

  it('is fixed by installing it again, which removes other versions and what was left half done', async () => {
    await guest.sh(
      `echo '//' >>${FOLDER}/tracer.js; cp -a ${FOLDER} ${INSTALL_FOLDER}/1.0.0; mkdir ${INSTALL_FOLDER}/.installing-x`,
    );
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    expect(await installedNames()).toBe(`${VERSION}\n`);
    expect((await commandLine())[1]).toBe(`${FOLDER}/tracer.js`);
  });

  it('does not start for a request of more than a tracer gets, and not as root', async () => {
    const start = async (argv: readonly string[], env: Record<string, string>) =>
      (await guest.run([`${FOLDER}/start-tracer`, ...argv], { env })).stderr;
    expect(await start(['bpf,setuid', '/tmp/s'], { SUDO_UID: String(TRACER.uid) })).toMatch(
      /capability not allowed: setuid/,
    );
    expect(await start(['bpf', '/tmp/s'], { SUDO_UID: '0' })).toMatch(/a user other than root/);
    expect(await start(['bpf', '/tmp/s'], {})).toMatch(/a user other than root/);
    expect(await start(['bpf'], { PKEXEC_UID: String(TRACER.uid) })).toMatch(/usage: start-tracer/);
  });

  it('is what polkit’s policy allows, and nothing else', async () => {
    // As polkit takes rules since 0.106, and as it did before.
    await guest.sh(`
mkdir -p /etc/polkit-1/rules.d /etc/polkit-1/localauthority/50-local.d
echo 'polkit.addRule(function (a) { if (a.id == "org.bpf-workbench.tracer.start") return "yes"; });' >/etc/polkit-1/rules.d/10-bpfw-test.rules
printf '[test]\\nIdentity=unix-user:*\\nAction=org.bpf-workbench.tracer.start\\nResultAny=yes\\n' >/etc/polkit-1/localauthority/50-local.d/bpfw-test.pkla
chmod 644 /etc/polkit-1/rules.d/10-bpfw-test.rules
`);
    await startPolkit(guest);
    const answer = await drive(guest, 'start', { elevation: 'pkexec' });
    expect(answer).toMatchObject({
      started: { way: 'pkexec', commandLine: expect.arrayContaining([`${FOLDER}/tracer.js`]) },
    });
    expect(await drive(guest, 'uninstall', { elevation: 'pkexec' })).toMatchObject({
      error: { code: 'no-polkit-agent' },
    });
  });

  it(
    'brings its own Node where others could change the one there is, and knows it again',
    async () => {
      await makeOwnNode();
      const prefix = ['sh', '-c', 'umask 0; exec "$@"', 'sh'];
      expect(await drive(guest, 'install', { nodePath: OWN_NODE, prefix })).toEqual({ installed: FOLDER });
      expect(await guest.sh(`stat -c '%F %u %a' ${FOLDER}/node`)).toBe('regular file 0 755\n');
      expect(await guest.sh(`find ${INSTALL_FOLDER} ! -user root -o -perm /022`)).toBe('');
      expect(await guest.sh(`cd ${FOLDER}; sha256sum --strict --quiet --check manifest`)).toBe('');
      expect((await commandLine({ nodePath: OWN_NODE }))[0]).toBe(`${FOLDER}/node`);
      await guest.sh(`echo x >>${FOLDER}/node`);
      expect(await drive(guest, 'start')).toMatchObject(
        refused(`${FOLDER}/node differs from what was installed`),
      );
    },
    OWN_NODE_MS,
  );

  it('starts no linked Node that others can change, whatever its client thinks', async () => {
    await makeOwnNode();
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    await guest.sh(`ln -sfn ${OWN_NODE} ${FOLDER}/node`);
    const start = await guest.run([`${FOLDER}/start-tracer`, 'bpf', '/tmp/s'], {
      env: { SUDO_UID: String(TRACER.uid) },
    });
    expect(start).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('can be changed by users other than root'),
    });
  });

  it('leaves nothing when it is uninstalled, nor where it was installed formerly', async () => {
    const former = '/usr/local/lib/bpf-workbench';
    await guest.sh(`mkdir -p ${former}/0.0.1`);
    expect(await drive(guest, 'uninstall')).toEqual({ uninstalled: true });
    expect(await guest.sh(`ls -d ${INSTALL_FOLDER} ${POLICY_FILE} ${former} 2>&1 || true`)).not.toMatch(
      /^\//m,
    );
    expect((await commandLine())[1]).toBe(`${CHECKOUT}/dist/tracer.js`);
  });

  it('comes and goes by bpfw, too', async () => {
    execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
    const bpfw = (command: string) =>
      guest.run(['node', `${CHECKOUT}/dist/cli.js`, command], { fresh: true });
    expect(await bpfw('install-tracer')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(INSTALL_FOLDER),
    });
    expect(await guest.sh(`ls ${INSTALL_FOLDER}/*/`)).toBe(
      'manifest\nnative\nnode\nstart-tracer\ntracer.js\n',
    );
    expect(await bpfw('uninstall-tracer')).toMatchObject({ code: 0 });
    expect(await guest.sh(`ls -d ${INSTALL_FOLDER} ${POLICY_FILE} 2>&1 || true`)).not.toMatch(/^\//m);
  });
});

describe('an installation while other processes of the user attack it', () => {
  const as = { uid: TRACER.uid, gid: TRACER.uid };
  const parent = path.dirname(INSTALL_FOLDER);
  const stagings = () => guest.sh(`ls -A ${INSTALL_FOLDER} 2>/dev/null | grep '^[.]installing' || true`);
  /** The client has read what it will send, and sudo asks for the password. */
  const installThatAsks = async () => {
    const driver = await startDriver(guest, 'install', { nodePath: OWN_NODE, passwordsWait: true });
    await expect
      .poll(() => guest.sh('pgrep -x sudo || true'), { timeout: deadlineMs(60_000) })
      .toMatch(/^\d+\n$/);
    return driver;
  };
  beforeAll(() => guest.sh(`rm -rf ${INSTALL_FOLDER} ${POLICY_FILE}`));

  it(
    'opens nothing that they can exchange: Node’s path leads to /etc/shadow when root runs',
    async () => {
      await makeOwnNode();
      const before = await guest.sh('stat -c "%a %U %G" /etc/shadow');
      const nodeHash = (await guest.sh(`sha256sum <${OWN_NODE}`)).slice(0, 64);
      const { process, answers } = await installThatAsks();
      expect((await guest.run(['ln', '-sf', '/etc/shadow', OWN_NODE], as)).code).toBe(0);
      process.stdin.write('now\n');
      expect((await answers.next()).value).toEqual({ installed: FOLDER });
      await process.exited;
      expect(await guest.sh(`grep -rl '^${TRACER.name}:' ${parent}/bpf-workbench || true`)).toBe('');
      expect(await guest.sh('stat -c "%a %U %G" /etc/shadow')).toBe(before);
      expect((await guest.sh(`sha256sum <${FOLDER}/node`)).slice(0, 64)).toBe(nodeHash);
    },
    OWN_NODE_MS,
  );

  it(
    'lets nobody look into it before it is complete',
    async () => {
      await guest.sh(`rm -rf ${INSTALL_FOLDER}`);
      await makeOwnNode();
      // Looks as often as it can until its stdin ends; says what it saw of anything that is not a complete version.
      const watch = `const fs = require('node:fs'), base = process.argv[1], seen = new Set();
let looks = 0, complete = false, ended = false;
const parts = ['tracer.js', 'start-tracer', 'node', 'native/linux-' + process.arch + '/koffi.node'];
const list = folder => { try { return fs.readdirSync(folder); } catch { return null; } };
const look = () => {
  looks++;
  for (const name of list(base) ?? []) {
    const inside = list(base + '/' + name);
    if (!name.startsWith('.')) {
      if (parts.every(part => fs.existsSync(base + '/' + name + '/' + part))) complete = true;
      else seen.add('incomplete ' + name);
    } else if (inside !== null) seen.add('entered ' + name.slice(0, 11) + ' ' + inside.join(' '));
    else try { fs.closeSync(fs.openSync(base + '/' + name)); seen.add('opened ' + name); } catch {}
  }
  if (ended && complete) { console.log(JSON.stringify({ looks, seen: [...seen] })); process.exit(); }
  setImmediate(look);
};
process.stdin.on('end', () => { ended = true; }).resume();
console.log('watching');
look();`;
      const { process, answers } = await installThatAsks();
      const watching = await guest.spawn(['node', '-e', watch, INSTALL_FOLDER], as);
      watching.stderr.resume();
      const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
      await lines.next();
      process.stdin.write('now\n');
      expect((await answers.next()).value).toEqual({ installed: FOLDER });
      watching.stdin.end();
      const { looks, seen } = JSON.parse((await lines.next()).value ?? '{}');
      expect(seen).toEqual([]);
      expect(looks).toBeGreaterThan(100);
    },
    OWN_NODE_MS,
  );

  it('waits for another one, whose lock no other process can take, and leaves nothing when its client dies', async () => {
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    const listing = `cd ${FOLDER}; sha256sum manifest tracer.js start-tracer`;
    const before = await guest.sh(listing);
    const take = ['flock', '--nonblock', `${INSTALL_FOLDER}/.lock`, 'true'];
    expect((await guest.run(take, as)).code).not.toBe(0);
    const holder = await guest.spawn(['flock', `${INSTALL_FOLDER}/.lock`, 'sh', '-c', 'echo locked; cat']);
    await createInterface({ input: holder.stdout })[Symbol.asyncIterator]().next();
    const { process } = await startDriver(guest, 'install');
    await expect
      .poll(() => guest.sh('pgrep -x flock || true'), { timeout: deadlineMs(30_000) })
      .toMatch(/^\d+\n\d+\n$/);
    // It was killed with part of what it had to say in the pipe.
    await process.kill('SIGKILL');
    await process.exited;
    holder.stdin.end();
    await holder.exited;
    await expect.poll(() => guest.sh('pgrep -x sudo || true'), { timeout: deadlineMs(30_000) }).toBe('');
    expect(await stagings()).toBe('');
    expect(await guest.sh(listing)).toBe(before);
  });

  it('refuses where others could exchange its folder, and uninstalls nothing there', async () => {
    const failed = (what: string) => ({
      error: { code: 'root-script-failed', message: expect.stringContaining(what) },
    });
    const notRoots = 'can be changed by users other than root';
    await guest.sh(`mkdir -p ${INSTALL_FOLDER}; chmod 775 ${parent}`);
    try {
      expect(await drive(guest, 'install')).toMatchObject(failed(`${parent} ${notRoots}`));
      expect(await drive(guest, 'uninstall')).toMatchObject(failed(`${parent} ${notRoots}`));
    } finally {
      await guest.sh(`chmod 755 ${parent}`);
    }
    await guest.sh(`rm -rf ${INSTALL_FOLDER}
mkdir -p /home/${TRACER.name}/trap/${VERSION}; chown -R ${TRACER.uid} /home/${TRACER.name}/trap
ln -s /home/${TRACER.name}/trap ${INSTALL_FOLDER}`);
    expect(await drive(guest, 'install')).toMatchObject(failed(`${INSTALL_FOLDER} ${notRoots}`));
    expect(await drive(guest, 'uninstall')).toEqual({ uninstalled: true });
    // The link went, not what it led to.
    expect(await guest.sh(`ls -A /home/${TRACER.name}/trap`)).toBe(`${VERSION}\n`);
    expect(await guest.sh(`ls -d ${INSTALL_FOLDER} 2>/dev/null || true`)).toBe('');
  });

  it('two at once both succeed', async () => {
    const both = await Promise.all([drive(guest, 'install'), drive(guest, 'install')]);
    expect(both).toEqual([{ installed: FOLDER }, { installed: FOLDER }]);
    expect(await installedNames()).toBe(`${VERSION}\n`);
    expect((await commandLine())[1]).toBe(`${FOLDER}/tracer.js`);
  });

  it('is not for everybody', async () => {
    expect(await drive(guest, 'install', { as: VISITOR })).toMatchObject({
      error: { code: 'elevation-refused' },
    });
  });
});
