/** Nobody but its client turns the privileged process: not a process of the same user, not another user, at no moment. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { TestGuest } from '../bench/guest';
import { objectPath } from '../tracer/guest-tracer';
import { attackOnce, NOTHING_WON, startUnderAttack } from './attacks';
import { guestWithPeople, startDriver, TRACER, VISITOR } from './people';

let guest: TestGuest;
beforeAll(async () => {
  guest = await guestWithPeople();
});

const held = { objectPath: objectPath('rejected') };
const STARTS = 10;
/** About as long as a start takes in the guest. */
const MAX_DELAY_MS = 1500;

describe('from fork to greeting, and after', () => {
  it('a process of the same user signals it, looks into it and dials where a debugger would listen: nothing', async () => {
    const { starts, attack } = await startUnderAttack(guest, {
      attacker: TRACER,
      count: STARTS,
      seed: 1,
      maxDelayMs: MAX_DELAY_MS,
      timeoutMs: 100_000,
    });
    expect(attack).toMatchObject(NOTHING_WON);
    expect(attack.victims).toBeGreaterThanOrEqual(STARTS);
    expect(attack.signals).toBeGreaterThanOrEqual(STARTS);
    // A signal before Node handles it ends the process; that is all it does.
    const { 'tracer-failed': ended = 0, 'tracer-died': died = 0, ...others } = starts.failures;
    expect(others).toEqual({});
    expect(starts.greeted + ended + died).toBe(STARTS);
  });

  it('a process of the same user attacks it while it is attached: it goes on', async () => {
    const { process, answers } = await startDriver(guest, 'hold', held);
    const started = (await answers.next()).value;
    if (!started || !('started' in started)) throw new Error(JSON.stringify(started));
    expect((await answers.next()).value).toEqual({ attached: ['fine'] });
    const attack = await attackOnce(guest, TRACER);
    expect(attack).toMatchObject({ ...NOTHING_WON, victims: 1, signals: 3 });
    expect(await guest.sh(`ls -d /proc/${started.started.pid}`)).toBe(`/proc/${started.started.pid}\n`);
    await process.kill('SIGKILL');
    await process.exited;
  });

  it('another user: nothing', async () => {
    const { starts, attack } = await startUnderAttack(guest, {
      attacker: VISITOR,
      count: 4,
      seed: 2,
      maxDelayMs: MAX_DELAY_MS,
      timeoutMs: 100_000,
    });
    expect(attack).toMatchObject({ ...NOTHING_WON, signals: 0 });
    expect(attack.victims).toBeGreaterThanOrEqual(4);
    expect(starts).toEqual({ greeted: 4, failures: {} });
  });

  it('a process of the same user puts its own socket where it dials: it gets no greeting', async () => {
    const { starts, attack } = await startUnderAttack(guest, {
      attacker: TRACER,
      count: 4,
      seed: 3,
      maxDelayMs: MAX_DELAY_MS * 10,
      replaceSockets: true,
      timeoutMs: 100_000,
    });
    expect(attack.socketsReplaced).toBeGreaterThan(0);
    expect(attack).toMatchObject(NOTHING_WON);
    expect(starts.greeted).toBeLessThan(4);
  });
});

describe('its environment and its signals', () => {
  const hostile = {
    NODE_OPTIONS:
      '--report-on-signal --report-signal=SIGUSR2 --heapsnapshot-signal=SIGUSR2 --inspect=127.0.0.1:9229',
    NODE_V8_COVERAGE: '/tmp/bpfw-coverage',
    LD_DEBUG: 'files',
    OPENSSL_CONF: '/tmp/openssl.cnf',
    SUDO_EDITOR: 'x',
  };

  it('nothing of the caller’s environment reaches it, though sudo is configured to keep it', async () => {
    await guest.sh(
      `echo 'Defaults:${TRACER.name} env_keep += "${Object.keys(hostile).join(' ')}"' >/etc/sudoers.d/bpfw-env`,
    );
    try {
      // The driver's own Node must not take them, so they are set in between.
      const { process, answers } = await startDriver(guest, 'hold', { ...held, startEnv: hostile });
      const started = (await answers.next()).value;
      if (!started || !('started' in started)) throw new Error(JSON.stringify(started));
      const { pid } = started.started;
      expect(await guest.sh(`tr '\\0' '\\n' </proc/${pid}/environ`)).toBe('');
      expect(
        await guest.sh(`ls /proc/${pid}/net/ >/dev/null; cat /proc/${pid}/net/dev | tail -n +3`),
      ).toMatch(/^\s*lo:\s+0 /);
      await process.kill('SIGKILL');
    } finally {
      await guest.sh('rm -f /etc/sudoers.d/bpfw-env');
    }
  });

  it('no signal of the same user makes it write a file: no core, no report, no heap snapshot', async () => {
    await guest.sh('echo core.%p >/proc/sys/kernel/core_pattern');
    // Its own folders, where Node and the kernel put such files; /tmp is this machine's, where others write.
    const written = `find / /home/${TRACER.name} -maxdepth 1 | sort`;
    const before = await guest.sh(written);
    for (const signal of ['SIGUSR2', 'SIGQUIT', 'SIGSEGV', 'SIGTRAP']) {
      const { process, answers } = await startDriver(guest, 'hold', held);
      const started = (await answers.next()).value;
      if (!started || !('started' in started)) throw new Error(JSON.stringify(started));
      const { pid } = started.started;
      await guest.sh(`prlimit --pid ${pid} --core=unlimited; kill -${signal.slice(3)} ${pid}`);
      await expect
        .poll(() => guest.sh(`ls -d /proc/${pid} 2>/dev/null || true`), { timeout: 10_000 })
        .toBe('');
      await process.exited;
    }
    expect(await guest.sh(written)).toBe(before);
  });
});
