/** Every way to the helper's rights, and every way it can fail, as an ordinary user with a real sudo and a real polkit. */
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import {
  buildDriver,
  drive,
  makePeople,
  type Person,
  startDriver,
  startPolkit,
  TRACER,
  VISITOR,
} from './people';

let guest: TestGuest;
beforeAll(async () => {
  await buildDriver();
  guest = await sharedGuest();
  await makePeople(guest);
});

/** Does the work while programs are where nobody finds them. */
async function without<T>(programs: readonly string[], work: () => Promise<T>): Promise<T> {
  for (const program of programs)
    await guest.sh(`if [ -e ${program} ]; then mv ${program} ${program}.away; fi`);
  try {
    return await work();
  } finally {
    for (const program of programs)
      await guest.sh(`if [ -e ${program}.away ]; then mv ${program}.away ${program}; fi`);
  }
}

describe('sudo', () => {
  it('starts the helper under the user’s own uid with the budget alone', async () => {
    const answer = await drive(guest, 'start');
    expect(answer).toMatchObject({ started: { way: 'sudo-askpass' } });
  });

  it('lets no other user to the socket the helper will dial', async () => {
    const { process, answers } = await startDriver(guest, 'start', { passwordsWait: true });
    const find = `find /tmp/bpfw-session-* -maxdepth 1 -name helper.sock -user ${TRACER.name} 2>/dev/null || true`;
    await expect.poll(() => guest.sh(find), { timeout: 20_000 }).toMatch(/^\/\S+\n$/);
    const socket = (await guest.sh(find)).trim();
    const connect = `require('node:net').connect(process.argv[1]).on('connect', () => console.log('connected')).on('error', e => console.log(e.code))`;
    const as = (person: Person) => ({ uid: person.uid, gid: person.uid });
    expect((await guest.run(['node', '-e', connect, socket], as(VISITOR))).stdout).toBe('EACCES\n');
    expect(await guest.run(['ls', path.dirname(socket)], as(VISITOR))).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('Permission denied'),
    });
    process.stdin.write('now\n');
    expect((await answers.next()).value).toMatchObject({ started: { way: 'sudo-askpass' } });
    expect(await guest.sh(find)).toBe('');
  });

  it('that has a wrong password three times: nothing starts', async () => {
    expect(await drive(guest, 'start', { passwords: ['a', 'b', 'c', TRACER.password] })).toMatchObject({
      error: { code: 'wrong-password', message: expect.stringContaining('three times') },
    });
  });

  it('that gets no password', async () => {
    expect(await drive(guest, 'start', { passwords: [null] })).toMatchObject({
      error: { code: 'elevation-cancelled', mend: expect.stringContaining('sandbox VM') },
    });
  });

  it('that the user may not use', async () => {
    expect(await drive(guest, 'start', { as: VISITOR })).toMatchObject({
      error: { code: 'elevation-refused', message: expect.stringContaining('not allowed to use sudo') },
    });
  });

  it('where nothing may gain privileges, as in a snap or a flatpak', async () => {
    expect(await drive(guest, 'start', { prefix: ['setpriv', '--no-new-privs'] })).toMatchObject({
      error: { code: 'no-new-privileges', mend: expect.stringContaining('.deb') },
    });
  });

  it('without setpriv', async () => {
    expect(await without(['/usr/bin/setpriv'], () => drive(guest, 'start'))).toMatchObject({
      error: { code: 'setpriv-missing', mend: 'sudo apt-get install util-linux' },
    });
  });

  it('that is not installed, nor pkexec', async () => {
    expect(await without(['/usr/bin/sudo', '/usr/bin/pkexec'], () => drive(guest, 'start'))).toMatchObject({
      error: { code: 'no-elevation', message: expect.stringContaining('neither sudo nor pkexec') },
    });
  });
});

describe('pkexec', () => {
  it('without an agent to ask the person', async () => {
    await startPolkit(guest);
    expect(await drive(guest, 'start', { elevation: 'pkexec' })).toMatchObject({
      error: { code: 'no-polkit-agent', mend: 'Set bpf.elevation to "sudo".' },
    });
  });

  it('that is not installed, though it was asked for', async () => {
    const answer = await without(['/usr/bin/pkexec'], () => drive(guest, 'start', { elevation: 'pkexec' }));
    expect(answer).toMatchObject({
      error: { code: 'no-elevation', message: expect.stringContaining('pkexec is not') },
    });
  });
});
