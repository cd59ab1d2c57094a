/**
 * Consent on a real kernel: the tracer finds by itself what a program may change, in its type and in the instructions
 * that were loaded, and refuses by name what was not agreed to. bpfw's side of it, and what is only loaded.
 */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TracerPool } from '../../../src/session/targets/tracer-pool';
import type { ProgramConsentRequest } from '../../../src/session/tracing/program-consent';
import { startSession } from '../../../src/session/tracing/start-session';
import type { BpfObject } from '../../../src/shared/object/model';
import { readObject } from '../../../src/shared/object/object';
import type { OpenSession } from '../../../src/shared/protocol/tracer';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { traceBench } from '../bench/trace';
import { compileProgram, type GuestTracer, objectPath, startGuestTracer } from './guest-tracer';

let guest: TestGuest;
let bytes: Uint8Array;
let object: BpfObject;
beforeAll(async () => {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=cli'], { cwd: root, stdio: 'inherit' });
  bytes = compileProgram('consent');
  object = readObject(bytes, 'consent');
  compileProgram('writable');
  guest = await sharedGuest();
});

const loading = (...wanted: string[]): OpenSession['programs'] =>
  object.programs.map(({ name }) => ({ name, load: wanted.includes(name), attach: { kind: 'auto' } }));
const loaded = () => guest.sh('bpftool -j prog show');

describe('the tracer', () => {
  let tracer: GuestTracer;
  beforeAll(async () => {
    tracer = await startGuestTracer(guest);
  });
  afterAll(async () => {
    await tracer?.[Symbol.asyncDispose]();
  });

  const refusal = (programs: OpenSession['programs'], consented: OpenSession['consented'] = []) =>
    tracer.client.failure('session/open', tracer.client.openParams(bytes, { programs, consented }));
  const open = (programs: OpenSession['programs'], consented: OpenSession['consented'] = []) =>
    tracer.client.open(bytes, { programs, consented });
  const close = (sessionId: number) => tracer.client.request('session/close', { sessionId });

  it('refuses what consent to another program does not cover, by name, and does not name what is not loaded', async () => {
    const failure = await refusal(loading('kills', 'drops', 'picks', 'replaces'), [
      { program: 'drops', reasons: ['type:xdp'] },
    ]);
    expect(failure.code).toBe('needs-consent');
    // Before load: the signal hides in a function that libbpf has not appended yet.
    expect(failure.needsConsent).toEqual([
      { program: 'picks', section: 'sk_lookup', reasons: ['type:sk_lookup'] },
      { program: 'replaces', section: 'freplace/handler', reasons: ['type:ext'] },
    ]);
    expect(failure.message).toContain('picks (sk_lookup) chooses which socket receives');
    expect(failure.message).not.toMatch(/drops|calls_bpf|returns|observes/);

    const signal = await refusal(loading('kills', 'drops', 'observes'), [
      { program: 'drops', reasons: ['type:xdp'] },
    ]);
    expect(signal.needsConsent).toEqual([
      { program: 'kills', section: 'raw_tp/sys_enter', reasons: ['helper:bpf_send_signal'] },
    ]);
    expect(await loaded()).not.toMatch(/"(kills|drops|picks|observes)"/);
  });

  it('takes consent for the program and the reason it was given for, and no other', async () => {
    for (const consented of [
      [{ program: 'kills', reasons: ['type:xdp'] }],
      [{ program: 'observes', reasons: ['helper:bpf_send_signal'] }],
      [{ program: 'kills', reasons: ['helper:bpf_send_signal_thread'] }],
    ] satisfies OpenSession['consented'][])
      expect(await refusal(loading('kills'), consented)).toMatchObject({
        code: 'needs-consent',
        program: 'kills',
      });
    const { sessionId } = await open(loading('kills', 'writes', 'observes'), [
      { program: 'kills', reasons: ['helper:bpf_send_signal'] },
      { program: 'writes', reasons: ['type:raw_tracepoint_writable'] },
    ]);
    const { programs } = await tracer.client.request('session/attach', { sessionId });
    expect(programs.map(({ name }) => name).sort()).toEqual(['kills', 'observes', 'writes']);
    await close(sessionId);
  });

  it.each([
    ['drops', 'type:xdp'],
    ['picks', 'type:sk_lookup'],
    ['replaces', 'type:ext'],
    ['calls_bpf', 'type:syscall'],
    ['writes', 'type:raw_tracepoint_writable'],
    ['returns', 'type:modify_return'],
    ['kills', 'helper:bpf_send_signal'],
    ['crashes', 'kfunc:crash_kexec'],
  ])('finds what the object shows of %s: %s', async (program, reason) => {
    expect(await refusal(loading(program))).toMatchObject({
      code: 'needs-consent',
      needsConsent: [{ program, reasons: [reason] }],
    });
    expect(await loaded()).not.toContain(`"${program}"`);
  });

  it('takes consent to the type of a program for none to the kernel functions it calls', async () => {
    const lsm = { program: 'makes_keyring', reasons: ['type:lsm' as const] };
    const failure = await refusal(loading('makes_keyring'), [lsm]);
    expect(failure.needsConsent).toEqual([
      {
        program: 'makes_keyring',
        section: 'lsm.s/bprm_committed_creds',
        reasons: ['kfunc:bpf_lookup_user_key'],
      },
    ]);
    expect(failure.message).toContain(
      'may create keyrings (it calls the kernel function bpf_lookup_user_key)',
    );
    const { sessionId } = await open(loading('makes_keyring'), [
      lsm,
      { program: 'makes_keyring', reasons: ['kfunc:bpf_lookup_user_key'] },
    ]);
    await close(sessionId);
  });

  it('allows a program to call kernel functions that only observe', async () => {
    const { sessionId } = await open(loading('reads_keyring'));
    await tracer.client.request('session/attach', { sessionId });
    await close(sessionId);
  });

  it('loads whatever it is for a look by the verifier, and then attaches nothing', async () => {
    const opened = await tracer.client.open(bytes, { programs: loading('kills', 'drops'), loadOnly: true });
    expect(opened.programs.map(({ name }) => name).sort()).toEqual(['drops', 'kills']);
    expect(await tracer.client.failure('session/attach', { sessionId: opened.sessionId })).toMatchObject({
      code: 'bad-request',
    });
    expect(await guest.sh('bpftool -j link show')).not.toContain('raw_tracepoint');
    await close(opened.sessionId);
  });
});

describe('a session', () => {
  const start = (askConsent: (request: ProgramConsentRequest) => Promise<boolean>, of = object) => {
    const programs = of.programs.map(each => ({
      ...each,
      autoload: ['kills', 'writes'].includes(each.name),
    }));
    return traceBench().then(({ target }) =>
      startSession(
        {
          target,
          tracers: new TracerPool(),
          object: { ...of, programs },
          objectBytes: bytes,
          parameters: new Map(),
          pid: null,
          ui: { hasTerminal: false, consent: async () => true, password: async () => null },
          progress: () => undefined,
          askConsent,
        },
        () => undefined,
      ),
    );
  };

  it('asks once, for the programs it loads, and attaches with a yes', async () => {
    const asked: ProgramConsentRequest[] = [];
    const { session } = await start(async request => {
      asked.push(request);
      return true;
    });
    expect(session.attached.map(({ name }) => name).sort()).toEqual(['kills', 'writes']);
    await session.close();
    expect(asked).toMatchObject([
      {
        target: expect.stringContaining('sandbox VM'),
        programs: [
          { program: 'kills', reasons: ['helper:bpf_send_signal'] },
          { program: 'writes', reasons: ['type:raw_tracepoint_writable'] },
        ],
      },
    ]);
  });

  it('loads nothing with a no', async () => {
    await expect(start(async () => false)).rejects.toMatchObject({ code: 'cancelled' });
    expect(await loaded()).not.toMatch(/"(kills|writes)"/);
  });

  it('asks again for what the tracer finds and the object did not show', async () => {
    const blind = { ...object, programs: object.programs.map(each => ({ ...each, helperIds: [] })) };
    const asked: string[][] = [];
    const { session } = await start(async ({ programs }) => {
      asked.push(programs.map(({ program, reasons }) => `${program} ${reasons.join()}`));
      return true;
    }, blind);
    await session.close();
    expect(asked).toEqual([['writes type:raw_tracepoint_writable'], ['kills helper:bpf_send_signal']]);
  });
});

describe('bpfw', () => {
  const bpfw = (...args: string[]) =>
    guest.run(['node', path.join(root, 'dist/cli.js'), ...args], { fresh: true, timeoutMs: 60_000 });

  it('run names program, reason and option of an object with only such programs, and runs it with --allow', async () => {
    const file = objectPath('writable');
    const refused = await bpfw('run', file, '--json', '--', '/bin/true');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      'count_calls (raw_tp.w/sys_enter) may change arguments of a tracepoint, which the kernel then uses',
    );
    expect(refused.stderr).toMatch(/add --allow count_calls$/m);
    expect(refused.stdout).not.toContain('"attached"');
    expect(await loaded()).not.toContain('count_calls');

    const allowed = await bpfw('run', file, '--allow', 'count_calls', '--', '/bin/true');
    expect(allowed.stderr).not.toContain('--allow');
    expect(allowed.stdout).toMatch(/^calls: [1-9]/m);
    expect(allowed.code).toBe(0);
  });

  it('refuses consent to a program the object does not have', async () => {
    for (const command of ['run', 'verify'])
      expect(await bpfw(command, objectPath('writable'), '--allow', 'count_call')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          "--allow 'count_call': the object has no such program. Its programs: count_calls.",
        ),
      });
  });

  it('verify needs no consent, because it attaches nothing', async () => {
    const verified = await bpfw('verify', objectPath('writable'), '--json');
    expect(verified.stderr).not.toContain('--allow');
    expect(JSON.parse(verified.stdout)).toMatchObject({
      type: 'verified',
      programs: [{ name: 'count_calls' }],
    });
    expect(verified.code).toBe(0);
  });
});
