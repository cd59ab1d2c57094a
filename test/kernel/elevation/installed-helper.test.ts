/** Root's copy of the helper, installed and used by an ordinary user with a real sudo and a real polkit. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INSTALL_FOLDER, POLICY_FILE } from '../../../src/session/installed-helper';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { buildDriver, CHECKOUT, drive, makePeople, startPolkit, TRACER, VERSION } from './people';

const FOLDER = `${INSTALL_FOLDER}/${VERSION}`;
let guest: TestGuest;
beforeAll(async () => {
  await buildDriver();
  guest = await sharedGuest();
  await makePeople(guest);
});
afterAll(async () => {
  await guest?.sh(`rm -rf ${INSTALL_FOLDER} ${POLICY_FILE}`);
});

const commandLine = async (options = {}) => {
  const answer = await drive(guest, 'start', options);
  if (!('started' in answer)) throw new Error(JSON.stringify(answer));
  return answer.started.commandLine.slice(0, 2);
};
const refused = (what: string) => ({
  error: {
    code: 'installed-helper',
    message: expect.stringContaining(what),
    mend: expect.stringContaining('BPF: Install Helper'),
  },
});

describe('the installed helper', () => {
  it('is not needed', async () => {
    expect((await commandLine())[1]).toBe(`${CHECKOUT}/dist/helper.js`);
  });

  it('is installed for root alone, and used from then on', async () => {
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    expect(
      (await guest.sh(`find ${INSTALL_FOLDER} ! -type l \\( ! -user root -o -perm /022 \\)`)).trim(),
    ).toBe('');
    expect(await guest.sh(`ls -A ${INSTALL_FOLDER}`)).toBe(`${VERSION}\n`);
    expect(await guest.sh(`readlink ${FOLDER}/node`)).toBe('/usr/bin/node\n');
    expect(await commandLine()).toEqual([`${FOLDER}/node`, `${FOLDER}/helper.js`]);
  });

  it.each([
    ['its content changed', `echo '//' >>${FOLDER}/helper.js`, 'is not what this version brings'],
    ['its start changed', `sed -i s/-all/+all/ ${FOLDER}/start-helper`, 'is not what this version brings'],
    ['others may write it', `chmod 666 ${FOLDER}/helper.js`, 'has mode 666'],
    ['its folder is somebody else’s', `chown ${TRACER.uid} ${FOLDER}`, `belongs to uid ${TRACER.uid}`],
    ['it is a link', `mv ${FOLDER}/helper.js /tmp/h; ln -s /tmp/h ${FOLDER}/helper.js`, 'is no file'],
    ['a part is missing', `rm -r ${FOLDER}/native`, 'is missing'],
    ['Node is where others can change it', `ln -sf /home/${TRACER.name} ${FOLDER}/node`, 'leads to a file'],
    [
      'only another version is there',
      `mv ${FOLDER} ${INSTALL_FOLDER}/1.0.0`,
      `holds 1.0.0, and this is version ${VERSION}`,
    ],
  ])('is refused when %s', async (_what, change, said) => {
    await guest.sh(`cp -a ${INSTALL_FOLDER} /var/tmp/bpfw-installed; ${change}`);
    try {
      expect(await drive(guest, 'start')).toMatchObject(refused(said));
    } finally {
      await guest.sh(`rm -rf ${INSTALL_FOLDER}; mv /var/tmp/bpfw-installed ${INSTALL_FOLDER}`);
    }
  });

  it('is mended by installing it again, which removes other versions and what was left half done', async () => {
    await guest.sh(
      `echo '//' >>${FOLDER}/helper.js; cp -a ${FOLDER} ${INSTALL_FOLDER}/1.0.0; mkdir ${INSTALL_FOLDER}/.installing-x`,
    );
    expect(await drive(guest, 'install')).toEqual({ installed: FOLDER });
    expect(await guest.sh(`ls -A ${INSTALL_FOLDER}`)).toBe(`${VERSION}\n`);
    expect((await commandLine())[1]).toBe(`${FOLDER}/helper.js`);
  });

  it('starts for nobody who asks for more than a helper gets, and not as root', async () => {
    const start = async (argv: readonly string[], env: Record<string, string>) =>
      (await guest.run([`${FOLDER}/start-helper`, ...argv], { env })).stderr;
    expect(await start(['bpf,setuid', '/tmp/s'], { SUDO_UID: String(TRACER.uid) })).toMatch(
      /never gets setuid/,
    );
    expect(await start(['bpf', '/tmp/s'], { SUDO_UID: '0' })).toMatch(/another user than root/);
    expect(await start(['bpf', '/tmp/s'], {})).toMatch(/another user than root/);
    expect(await start(['bpf'], { PKEXEC_UID: String(TRACER.uid) })).toMatch(/and a socket/);
  });

  it('is what polkit’s policy allows, and nothing else', async () => {
    // As polkit takes rules since 0.106, and as it did before.
    await guest.sh(`
mkdir -p /etc/polkit-1/rules.d /etc/polkit-1/localauthority/50-local.d
echo 'polkit.addRule(function (a) { if (a.id == "org.bpf-workbench.helper.start") return "yes"; });' >/etc/polkit-1/rules.d/10-bpfw-test.rules
printf '[test]\\nIdentity=unix-user:*\\nAction=org.bpf-workbench.helper.start\\nResultAny=yes\\n' >/etc/polkit-1/localauthority/50-local.d/bpfw-test.pkla
chmod 644 /etc/polkit-1/rules.d/10-bpfw-test.rules
`);
    await startPolkit(guest);
    const answer = await drive(guest, 'start', { elevation: 'pkexec' });
    expect(answer).toMatchObject({
      started: { way: 'pkexec', commandLine: expect.arrayContaining([`${FOLDER}/helper.js`]) },
    });
    expect(await drive(guest, 'uninstall', { elevation: 'pkexec' })).toMatchObject({
      error: { code: 'no-polkit-agent' },
    });
  });

  it('brings its own Node where others could change the one there is', async () => {
    const own = `/home/${TRACER.name}/node`;
    await guest.sh(`cp /usr/bin/node ${own}; chown ${TRACER.uid} ${own}`);
    expect(await drive(guest, 'install', { nodePath: own })).toEqual({ installed: FOLDER });
    expect(await guest.sh(`stat -c '%F %u %a' ${FOLDER}/node`)).toBe('regular file 0 755\n');
    expect((await commandLine({ nodePath: own }))[0]).toBe(`${FOLDER}/node`);
    await guest.sh(`rm ${own}`);
  });

  it('leaves nothing when it is uninstalled', async () => {
    expect(await drive(guest, 'uninstall')).toEqual({ uninstalled: true });
    expect(await guest.sh(`ls -d ${INSTALL_FOLDER} ${POLICY_FILE} 2>&1 || true`)).not.toMatch(/^\//m);
    expect((await commandLine())[1]).toBe(`${CHECKOUT}/dist/helper.js`);
  });

  it('comes and goes by bpfw, too', async () => {
    execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
    const bpfw = (command: string) =>
      guest.run(['node', `${CHECKOUT}/dist/cli.js`, command], { fresh: true });
    expect(await bpfw('install-helper')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(INSTALL_FOLDER),
    });
    expect(await guest.sh(`ls ${INSTALL_FOLDER}/*/`)).toBe('helper.js\nnative\nnode\nstart-helper\n');
    expect(await bpfw('uninstall-helper')).toMatchObject({ code: 0 });
    expect(await guest.sh(`ls -d ${INSTALL_FOLDER} ${POLICY_FILE} 2>&1 || true`)).not.toMatch(/^\//m);
  });
});
