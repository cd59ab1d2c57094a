/** A guest in the guest: the emulated CPU has AMD's virtualisation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { trace } from '../bench/trace';
import { workloadPath } from '../bench/workloads';

/** SVM_EXIT_VMMCALL, SVM_EXIT_HLT. */
const VMMCALL = 129;
const HLT = 120;

beforeAll(async () => {
  const guest = await sharedGuest();
  await guest.sh('modprobe kvm_amd && test -e /dev/kvm');
});

describe('kvm_hypercall', () => {
  it('shows exit, hypercall and entry of each call', async () => {
    const result = await trace({ program: 'kvm_hypercall', command: [workloadPath('w_kvm'), '10', '5'] });
    expect(result.commandOutput).toBe('');
    expect(result.commandExit).toBe(0);
    const [exit, hypercall, entry] = [0, 1, 2];
    expect(result.events.map(event => event.step)).toEqual(
      Array.from({ length: 10 }, () => [exit, hypercall, entry]).flat(),
    );
    for (const event of result.events)
      expect(event).toMatchObject({ pid: result.pid, vcpu: 0, reason: VMMCALL });
    for (const event of result.events.filter(({ step }) => step === hypercall))
      expect(Number(event.nr)).toBe(5);
    const exits = (reason: number) =>
      Number(
        result.entries.get('exits')?.find(({ key }) => key.isa === 2 && key.reason === reason)?.value.exits,
      );
    expect(exits(VMMCALL)).toBe(10);
    expect(exits(HLT)).toBe(1);
    expect(result.counters.exits_missed).toBe(0);
  });
});
