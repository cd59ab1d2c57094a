/** However a client or tracer dies: what they had attached is gone within a second, and nothing privileged lives on. */

import { beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { TestGuest } from '../bench/guest';
import { objectPath } from '../tracer/guest-tracer';
import { guestWithPeople, startDriver } from './people';

let guest: TestGuest;
beforeAll(async () => {
  guest = await guestWithPeople();
});

/** Kills in the guest, and looks there: how many milliseconds later the last look began, which found nothing any more. */
async function killAndWait(victim: number, tracer: number): Promise<number> {
  const elapsed = await guest.sh(
    `kill -KILL ${victim}
start=$(date +%s%N)
for look in $(seq 100); do
	now=$(date +%s%N)
	if [ ! -d /proc/${tracer} ] && ! bpftool -j prog show | grep -q '"fine"'; then
		echo $(((now - start) / 1000000))
		exit
	fi
done
echo 'still there'`,
  );
  return Number(elapsed);
}

async function attached() {
  const { process, answers } = await startDriver(guest, 'hold', { objectPath: objectPath('rejected') });
  const started = (await answers.next()).value;
  expect(started).toMatchObject({ started: { way: 'sudo-password' } });
  expect((await answers.next()).value).toEqual({ attached: ['fine'] });
  expect(await guest.sh('bpftool -j prog show')).toContain('"fine"');
  if (!('started' in started)) throw new Error('the driver did not start a tracer');
  return { client: process, tracer: started.started.pid };
}

describe('nothing stays attached', () => {
  it('when the client is killed, as VS Code’s extension host may be', async () => {
    const { client, tracer } = await attached();
    expect(await killAndWait(client.pid, tracer)).toBeLessThan(1000);
    await client.exited;
    // sudo ends after what it started.
    await expect
      .poll(() => guest.sh('pgrep -f "tracer[.]js --socket" || true'), { timeout: deadlineMs(10_000) })
      .toBe('');
  });

  it('when the tracer is killed; the client goes on', async () => {
    const { client, tracer } = await attached();
    expect(await killAndWait(tracer, tracer)).toBeLessThan(1000);
    expect(await client.exited).toMatchObject({ code: 0 });
  });
});
