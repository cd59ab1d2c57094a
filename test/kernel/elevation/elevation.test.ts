/** Every way to the tracer's rights, and every way it can fail, as an ordinary user with a real sudo and a real polkit. */

import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import { finished, type TestGuest } from '../bench/guest';
import { objectPath } from '../tracer/guest-tracer';
import {
  type DriveOptions,
  drive,
  guestWithPeople,
  type Person,
  startDriver,
  startPolkit,
  TRACER,
  VISITOR,
} from './people';

let guest: TestGuest;
beforeAll(async () => {
  guest = await guestWithPeople();
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
  it('starts the tracer under the user’s own uid with the capabilities alone', async () => {
    const answer = await drive(guest, 'start');
    expect(answer).toMatchObject({ started: { way: 'sudo-password' } });
  });

  it('comes from the system’s folders only, as setpriv does, whatever PATH contains', async () => {
    const bin = `/home/${TRACER.name}/bin`;
    await guest.sh(`mkdir -p ${bin}
for program in sudo setpriv unshare env; do
	printf '#!/bin/sh\\ntouch ${bin}/taken\\nexec /usr/bin/%s "$@"\\n' $program >${bin}/$program
	chmod 755 ${bin}/$program
done
chown -R ${TRACER.uid} ${bin}`);
    const prefix = ['/usr/bin/env', `PATH=${bin}:/usr/local/bin:/usr/bin:/bin`];
    expect(await drive(guest, 'start', { prefix })).toMatchObject({ started: { way: 'sudo-password' } });
    expect(await guest.sh(`ls ${bin}`)).not.toContain('taken');
  });

  it.each([
    ['more', 's/+bpf/+bpf,+sys_admin/g'],
    ['less', 's/,+perfmon//g'],
  ])('turns away a process that holds %s than was agreed', async (_what, change) => {
    await guest.sh(`mv /usr/bin/setpriv /usr/bin/setpriv.away
cat >/usr/bin/setpriv <<'END'
#!/bin/sh
exec /usr/bin/setpriv.away $(printf '%s\\n' "$@" | sed '${change}')
END
chmod 755 /usr/bin/setpriv`);
    try {
      expect(await drive(guest, 'start')).toMatchObject({
        error: { code: 'protocol', message: expect.stringContaining('capabilities are 0x') },
      });
    } finally {
      await guest.sh('mv /usr/bin/setpriv.away /usr/bin/setpriv');
    }
  });

  it('admits no other user to the socket the tracer connects to', async () => {
    const { process, answers } = await startDriver(guest, 'start', { passwordsWait: true });
    const find = `find /tmp/bpfw-session-* -maxdepth 1 -name tracer.sock -user ${TRACER.name} 2>/dev/null || true`;
    await expect.poll(() => guest.sh(find), { timeout: deadlineMs(20_000) }).toMatch(/^\/\S+\n$/);
    const socket = (await guest.sh(find)).trim();
    const connect = `require('node:net').connect(process.argv[1]).on('connect', () => console.log('connected')).on('error', e => console.log(e.code))`;
    const as = (person: Person) => ({ uid: person.uid, gid: person.uid });
    expect((await guest.run(['node', '-e', connect, socket], as(VISITOR))).stdout).toBe('EACCES\n');
    expect(await guest.run(['ls', path.dirname(socket)], as(VISITOR))).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('Permission denied'),
    });
    process.stdin.write('now\n');
    expect((await answers.next()).value).toMatchObject({ started: { way: 'sudo-password' } });
    expect(await guest.sh(find)).toBe('');
  });

  it('passes the password to no other process of the user: there is nothing to connect to, read or replace', async () => {
    const { process, answers } = await startDriver(guest, 'start', { passwordsWait: true });
    const list = `find /tmp/bpfw-session-* -mindepth 1 -user ${TRACER.name} -printf '%f %y\\n' 2>/dev/null | sort`;
    await expect
      .poll(() => guest.sh('pgrep -x sudo || true'), { timeout: deadlineMs(20_000) })
      .toMatch(/^\d+\n$/);
    const found = await guest.sh(list);
    // Asks every socket in the folder as sudo's own program would have, and prints what comes back until it is closed.
    const thief = await guest.spawn(
      [
        'node',
        '-e',
        `const { readdirSync, statSync } = require('node:fs'), net = require('node:net'), path = require('node:path');
const folders = readdirSync('/tmp').filter(name => name.startsWith('bpfw-session-')).map(name => path.join('/tmp', name))
  .filter(folder => statSync(folder).uid === process.getuid());
for (const folder of folders) for (const name of readdirSync(folder).filter(each => each.endsWith('.sock'))) {
  const socket = net.connect({ path: path.join(folder, name), allowHalfOpen: true });
  socket.on('connect', () => { console.log('dialed'); socket.end('Password:\\n'); });
  socket.on('data', data => console.log('got ' + data)).on('error', () => undefined);
}`,
      ],
      { uid: TRACER.uid, gid: TRACER.uid },
    );
    const stolen = finished(thief, 30_000);
    process.stdin.write('now\n');
    const answer = (await answers.next()).value;
    expect((await stolen).stdout).not.toContain('got');
    expect((await stolen).stdout).toContain('dialed');
    expect(found).toBe('owner f\ntracer.sock s\n');
    // Whoever dials first is turned away, and the session with it.
    expect(answer).toMatchObject({ error: { code: expect.stringMatching(/tracer-died|protocol/) } });
  });

  it('puts the password in no argument, no environment and no file', async () => {
    const { process, answers } = await startDriver(guest, 'hold', { objectPath: objectPath('rejected') });
    expect((await answers.next()).value).toMatchObject({ started: { way: 'sudo-password' } });
    expect((await answers.next()).value).toEqual({ attached: ['fine'] });
    // The driver was told the password in its arguments; nobody else was.
    try {
      // A pattern that does not match itself in the arguments of what looks.
      const pattern = `${TRACER.password.slice(0, -1)}[${TRACER.password.slice(-1)}]`;
      const holders = await guest.sh(
        `cd /proc; grep -ls '${pattern}' [0-9]*/cmdline [0-9]*/environ || true
find /tmp/bpfw-session-* /run/user /run/sudo /var/tmp /home/${TRACER.name} -type f -exec grep -ls '${pattern}' {} + || true`,
      );
      expect(holders).toBe(`${process.pid}/cmdline\n`);
    } finally {
      await process.kill('SIGKILL');
      await process.exited;
    }
  });

  it.each([
    ['nothing to ask', `${TRACER.name} ALL=(ALL) NOPASSWD: ALL`, {}],
    ['a lecture before the question', 'Defaults lecture=always', {}],
    ['a terminal of its own for what it runs', 'Defaults use_pty', {}],
    ['a terminal of its own, and one of the user’s', 'Defaults use_pty', { terminal: true }],
    ['what it runs logged', 'Defaults use_pty, log_input, log_output', { terminal: true }],
    ['a prompt of the administrator’s', 'Defaults passprompt="sudo: password for %u@%h:"', {}],
  ] satisfies [string, string, DriveOptions][])('that has %s', async (_what, sudoers, options) => {
    await guest.sh(
      `printf '%s\\n' '${sudoers}' >/etc/sudoers.d/bpfw-variant; chmod 440 /etc/sudoers.d/bpfw-variant; visudo -cq`,
    );
    try {
      expect(await drive(guest, 'start', options)).toMatchObject({ started: { way: 'sudo-password' } });
    } finally {
      await guest.sh('rm -rf /etc/sudoers.d/bpfw-variant /var/lib/sudo/lectured /var/log/sudo-io');
    }
  });

  it('that remembers the password', async () => {
    await guest.sh("echo 'Defaults timestamp_type=global' >/etc/sudoers.d/bpfw-variant");
    try {
      expect(await drive(guest, 'start')).toMatchObject({ started: { way: 'sudo-password' } });
      expect(await drive(guest, 'start', { passwords: [] })).toMatchObject({
        started: { way: 'sudo-password' },
      });
    } finally {
      await guest.sh('rm -rf /etc/sudoers.d/bpfw-variant /run/sudo/ts');
    }
  });

  it('that gets the right password after a wrong one', async () => {
    expect(await drive(guest, 'start', { passwords: ['a', TRACER.password] })).toMatchObject({
      started: { way: 'sudo-password' },
    });
  });

  it('that has a wrong password three times: nothing starts', async () => {
    expect(await drive(guest, 'start', { passwords: ['a', 'b', 'c', TRACER.password] })).toMatchObject({
      error: { code: 'wrong-password', message: expect.stringContaining('three times') },
    });
  });

  it('that gets no password', async () => {
    expect(await drive(guest, 'start', { passwords: [null] })).toMatchObject({
      error: { code: 'elevation-cancelled', fix: expect.stringContaining('sandbox VM') },
    });
  });

  it('that the user may not use', async () => {
    expect(await drive(guest, 'start', { as: VISITOR })).toMatchObject({
      error: { code: 'elevation-refused', message: expect.stringContaining('not allowed to use sudo') },
    });
  });

  it('where nothing may gain privileges, as in a snap or a flatpak', async () => {
    expect(await drive(guest, 'start', { prefix: ['setpriv', '--no-new-privs'] })).toMatchObject({
      error: { code: 'no-new-privileges', fix: expect.stringContaining('.deb') },
    });
  });

  it('without setpriv', async () => {
    expect(await without(['/usr/bin/setpriv'], () => drive(guest, 'start'))).toMatchObject({
      error: { code: 'setpriv-missing', fix: 'sudo apt-get install util-linux' },
    });
  });

  it('that is not installed, nor pkexec', async () => {
    expect(await without(['/usr/bin/sudo', '/usr/bin/pkexec'], () => drive(guest, 'start'))).toMatchObject({
      error: { code: 'no-elevation', message: expect.stringContaining('neither sudo nor pkexec') },
    });
  });
});

describe('a client that holds the capabilities already', () => {
  it('starts it with the capabilities alone and no way to gain more', async () => {
    const caps = '--inh-caps=-all,+bpf,+perfmon,+sys_admin --ambient-caps=-all,+bpf,+perfmon,+sys_admin';
    const prefix = [
      'setpriv',
      `--reuid=${TRACER.uid}`,
      `--regid=${TRACER.uid}`,
      '--init-groups',
      ...caps.split(' '),
    ];
    const { process, answers } = await startDriver(guest, 'hold', {
      // Root first: only root can hand out capabilities.
      as: { ...TRACER, uid: 0 },
      prefix,
      objectPath: objectPath('rejected'),
    });
    const started = (await answers.next()).value;
    if (!started || !('started' in started)) throw new Error(JSON.stringify(started));
    expect(started.started.way).toBe('already');
    const status = await guest.sh(`cat /proc/${started.started.pid}/status`);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    // CAP_BPF 39, CAP_PERFMON 38
    for (const set of ['Eff', 'Prm', 'Inh', 'Amb'])
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s+000000c000000000$`, 'm'));
    await process.kill('SIGKILL');
    await process.exited;
  });
});

describe('pkexec', () => {
  it('without an agent to ask the person', async () => {
    await startPolkit(guest);
    expect(await drive(guest, 'start', { elevation: 'pkexec' })).toMatchObject({
      error: { code: 'no-polkit-agent', fix: 'Set bpf.elevation to "sudo".' },
    });
  });

  it('that is not installed, though it was asked for', async () => {
    const answer = await without(['/usr/bin/pkexec'], () => drive(guest, 'start', { elevation: 'pkexec' }));
    expect(answer).toMatchObject({
      error: { code: 'no-elevation', message: expect.stringContaining('pkexec is not') },
    });
  });
});
