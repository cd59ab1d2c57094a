/** When consent is asked for while a session starts, and for what. */
import { describe, expect, it } from 'vitest';
import { TracerRequestError } from '../../../src/session/targets/tracer-connection';
import { ProgramConsent, programReasons } from '../../../src/session/tracing/program-consent';
import type { ProgramReasons } from '../../../src/shared/bpf/program-policy';
import { readObject } from '../../../src/shared/object/object';
import { clangs, compileFixture } from '../object/compile-fixture';

const object = readObject(compileFixture(clangs[0] ?? 'clang', 'kernel-functions'), 'kernel-functions');
const drops: ProgramReasons = { program: 'drops', section: 'xdp', reasons: ['type:xdp'] };
const kills: ProgramReasons = { program: 'kills', section: 'tp_btf/x', reasons: ['helper:bpf_send_signal'] };
const needs = (...needsConsent: ProgramReasons[]) =>
  new TracerRequestError(
    'session/open',
    'needs-consent',
    'no',
    { code: 'needs-consent', needsConsent },
    null,
  );

function consent(...answers: boolean[]) {
  const asked: string[] = [];
  const ask = async ({ programs }: { programs: readonly ProgramReasons[] }) => {
    asked.push(programs.map(({ program, reasons }) => `${program}: ${reasons.join()}`).join('; '));
    return answers.shift() ?? false;
  };
  return { asked, consent: new ProgramConsent(object, 'this kernel', ask) };
}

describe('what an object shows of a program', () => {
  it('are its section, the helpers and the kernel functions it calls, its own functions included', () => {
    expect(object.programs.map(program => [program.name, ...program.kfuncs].join(' '))).toEqual([
      'calls bpf_rcu_read_lock bpf_sock_destroy___v2',
      'observes bpf_rcu_read_lock',
    ]);
    expect(object.programs.map(programReasons)).toEqual([
      {
        program: 'calls',
        section: 'iter/tcp',
        // libbpf binds what goes by the name before "___".
        reasons: ['kfunc:bpf_sock_destroy'],
      },
      { program: 'observes', section: 'fentry/vfs_read', reasons: [] },
    ]);
  });
});

describe('consent while a session starts', () => {
  it('is not asked for programs that only observe', async () => {
    const { asked, consent: given } = consent();
    await given.require([{ program: 'observes', section: 'fentry/x', reasons: [] }]);
    expect(asked).toEqual([]);
    expect(given.consented).toEqual([]);
  });

  it('is asked once for a program, and again for another that a fallback brings', async () => {
    const { asked, consent: given } = consent(true, true);
    await given.require([drops]);
    await given.require([drops]);
    await given.require([drops, kills]);
    expect(asked).toEqual(['drops: type:xdp', 'kills: helper:bpf_send_signal']);
    expect(given.consented.map(({ program }) => program)).toEqual(['drops', 'kills']);
  });

  it('that is refused ends the start', async () => {
    const { consent: given } = consent(false);
    await expect(given.require([drops])).rejects.toMatchObject({ code: 'cancelled' });
    expect(given.consented).toEqual([]);
  });

  it('is asked for what the tracer found, and the same is tried again once only', async () => {
    const { asked, consent: given } = consent(true, true);
    expect(await given.gave(needs(kills))).toBe(true);
    expect(await given.gave(needs(kills))).toBe(false);
    expect(await given.gave(new Error('other'))).toBe(false);
    expect(asked).toEqual(['kills: helper:bpf_send_signal']);
  });
});
