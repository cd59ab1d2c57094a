import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadlineMs } from '../../../scripts/lib/pace.mjs';
import type { TracerParams } from '../../../src/shared/protocol/tracer';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { workloadPath } from '../bench/workloads';
import { compileProgram, type GuestTracer, startGuestTracer } from './guest-tracer';

let guest: TestGuest;
let tracer: GuestTracer;
let object: Uint8Array;
const PROGRAMS = ['unchecked_lookup', 'sends_signal', 'drops_packets', 'no_function', 'no_symbol', 'fine'];
beforeAll(async () => {
  object = compileProgram('rejected');
  guest = await sharedGuest();
  tracer = await startGuestTracer(guest);
});
afterAll(async () => {
  await tracer?.[Symbol.asyncDispose]();
});

const only = (wanted: string): TracerParams<'session/open'>['programs'] =>
  PROGRAMS.map(name => ({ name, load: name === wanted, attach: { kind: 'auto' as const } }));

describe('session/open', () => {
  it('returns the whole verifier log of a rejected program', async () => {
    const { client } = tracer;
    const failure = await client.failure(
      'session/open',
      client.openParams(object, { programs: only('unchecked_lookup') }),
    );
    expect(failure).toMatchObject({
      code: 'verifier-rejected',
      program: 'unchecked_lookup',
      errnoName: 'EACCES',
    });
    const log = Buffer.from(client.connection.takeBlob(failure.verifierLogBlobId ?? 0)).toString();
    expect(log).toContain("R0 invalid mem access 'map_value_or_null'");
    expect(log).toContain('return *value;');
    expect(log).toMatch(/processed \d+ insns/);
  });

  it('reports libbpf’s message when a function does not exist', async () => {
    const { client } = tracer;
    const failure = await client.failure(
      'session/open',
      client.openParams(object, { programs: only('no_function') }),
    );
    expect(failure).toMatchObject({ code: 'object-rejected', program: 'no_function' });
    expect(failure.message).toContain('no_such_function_here');
  });

  it('requires consent for a helper call that changes the system, even in a static function', async () => {
    const { client } = tracer;
    const params = { programs: only('sends_signal') };
    const failure = await client.failure('session/open', client.openParams(object, params));
    expect(failure).toMatchObject({ code: 'needs-consent', program: 'sends_signal' });
    expect(failure.message).toContain('bpf_send_signal');
    expect(await guest.sh('bpftool -j prog show')).not.toContain('sends_signal');
    const consented = [{ program: 'sends_signal', reasons: ['helper:bpf_send_signal' as const] }];
    const opened = await client.open(object, { ...params, consented });
    await client.request('session/close', { sessionId: opened.sessionId });
  });

  it('requires consent for a program type that changes the system', async () => {
    const { client } = tracer;
    const failure = await client.failure(
      'session/open',
      client.openParams(object, { programs: only('drops_packets') }),
    );
    expect(failure).toMatchObject({ code: 'needs-consent', program: 'drops_packets' });
    expect(failure.message).toContain('may drop, change and redirect packets');
  });

  it('pins nothing, whatever the object requests', async () => {
    const { client } = tracer;
    const { sessionId } = await client.open(object, {
      programs: only('sends_signal'),
      consented: [{ program: 'sends_signal', reasons: ['helper:bpf_send_signal'] }],
    });
    expect((await guest.sh('ls /sys/fs/bpf')).trim()).toBe('');
    await client.request('session/close', { sessionId });
  });

  it('returns the log of a program that loads, on request', async () => {
    const { client } = tracer;
    const opened = await client.open(object, { programs: only('fine'), verifierLog: 'statistics' });
    const [program] = opened.programs;
    expect(program?.verifiedInstructions).toBeGreaterThan(0);
    const log = Buffer.from(client.connection.takeBlob(program?.verifierLogBlobId ?? 0)).toString();
    expect(log).toMatch(/processed \d+ insns .* total_states \d+/);
    await client.request('session/close', { sessionId: opened.sessionId });
  });
});

describe('session/attach', () => {
  it('leaves nothing attached when one program cannot be', async () => {
    const { client } = tracer;
    const { sessionId } = await client.open(object, {
      programs: PROGRAMS.map(name => ({
        name,
        load: name === 'fine' || name === 'no_symbol',
        attach: { kind: 'auto' as const },
      })),
    });
    const failure = await client.failure('session/attach', { sessionId });
    expect(failure).toMatchObject({ code: 'attach-failed', program: 'no_symbol', errnoName: 'ENOENT' });
    expect(failure.message).toContain('no_such_function_here');
    expect(await guest.sh('bpftool -j link show')).not.toContain('raw_tracepoint');
    await client.request('session/close', { sessionId });
  });
});

describe('a tracer with a set of capabilities', () => {
  const USER = '65534';
  const prefix = (capabilities: string) => [
    'setpriv',
    `--reuid=${USER}`,
    `--regid=${USER}`,
    '--clear-groups',
    `--inh-caps=-all,${capabilities}`,
    `--ambient-caps=-all,${capabilities}`,
    `--bounding-set=-all,${capabilities}`,
    '--no-new-privs',
  ];

  it('holds just its capabilities, shows no token, and refuses files its user cannot read', async () => {
    await tracer[Symbol.asyncDispose]();
    await guest.sh('chmod 666 /dev/vport*');
    // The checkout may lie in a folder only root may enter; in the guest's own layer that can be changed.
    await guest.sh(
      `folder='${root}'; while [ "$folder" != / ]; do chmod o+x "$folder"; folder=$(dirname "$folder"); done`,
    );
    const uprobes = compileProgram('kinds');
    const limited = await startGuestTracer(guest, {
      prefix: prefix('+bpf,+perfmon,+sys_admin,+dac_read_search'),
    });
    try {
      const { client } = limited;
      const hello = await client.hello;
      expect(hello).toMatchObject({ uid: 65534 });
      // CAP_BPF 39, CAP_PERFMON 38, CAP_SYS_ADMIN 21, CAP_DAC_READ_SEARCH 2
      const capabilities = (1n << 39n) | (1n << 38n) | (1n << 21n) | (1n << 2n);
      const { pid } = limited.process;
      const status = await guest.sh(`cat /proc/${pid}/status`);
      for (const set of ['CapEff', 'CapBnd'])
        expect(status).toMatch(
          new RegExp(`^${set}:\\s+${capabilities.toString(16).padStart(16, '0')}$`, 'm'),
        );
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      const exposed = await guest.sh(`cat /proc/${pid}/cmdline /proc/${pid}/environ | tr '\\0' '\\n'`);
      expect(exposed).not.toContain(hello.token);

      const secret = '/var/tmp/bpfw-secret/binary';
      await guest.sh(
        `mkdir -p /var/tmp/bpfw-secret; chmod 700 /var/tmp/bpfw-secret; cp ${workloadPath('probe_target')} ${secret}; chmod 755 ${secret}`,
      );
      const open = (path: string) =>
        client.open(uprobes, {
          programs: [
            {
              name: 'on_uprobe',
              load: true,
              attach: { kind: 'uprobe', path, offset: '4432', return: false, pid: 0, semaphoreOffset: '0' },
            },
            ...[
              'on_kprobe',
              'on_kretprobe',
              'on_ksyscall',
              'on_tracepoint',
              'on_raw_tp',
              'on_tp_btf',
              'on_fentry',
            ].map(name => ({ name, load: false, attach: { kind: 'auto' as const } })),
            ...['on_fexit', 'on_uretprobe', 'on_usdt', 'on_perf_event', 'on_uprobe_section'].map(name => ({
              name,
              load: false,
              attach: { kind: 'auto' as const },
            })),
          ],
        });
      const refused = await open(secret);
      expect(await client.failure('session/attach', { sessionId: refused.sessionId })).toMatchObject({
        code: 'not-permitted',
        errnoName: 'EACCES',
      });
      await guest.sh('mkfifo -m 666 /var/tmp/bpfw-fifo && ln -s /dev/zero /var/tmp/bpfw-zero');
      for (const path of ['/var/tmp/bpfw-fifo', '/dev/zero', '/var/tmp/bpfw-zero', '/usr']) {
        const { sessionId } = await open(path);
        expect(await client.failure('session/attach', { sessionId }), path).toMatchObject({
          code: 'not-found',
          message: expect.stringContaining('not a regular file'),
        });
        await client.request('session/close', { sessionId });
      }
      const allowed = await open(workloadPath('probe_target'));
      const { programs } = await client.request('session/attach', { sessionId: allowed.sessionId });
      expect(programs).toHaveLength(1);
      // The capability is back after the check.
      expect(
        await client.request('target/tracepoints', { names: [{ category: 'sched', name: 'sched_switch' }] }),
      ).toEqual({
        present: [true],
      });
    } finally {
      await limited[Symbol.asyncDispose]();
      tracer = await startGuestTracer(guest);
    }
  });

  it('reports which capability is missing', async () => {
    await tracer[Symbol.asyncDispose]();
    const limited = await startGuestTracer(guest, { prefix: prefix('+perfmon') });
    try {
      const { client } = limited;
      const failure = await client.failure(
        'session/open',
        client.openParams(object, { programs: only('fine') }),
      );
      expect(failure).toMatchObject({ code: 'not-permitted', errnoName: 'EPERM' });
      expect(failure.message).toContain('capability');
      expect(await client.failure('target/read', { what: 'tracepoint-list' })).toMatchObject({
        code: 'not-permitted',
      });
    } finally {
      await limited[Symbol.asyncDispose]();
      tracer = await startGuestTracer(guest);
    }
  });
});

describe('the end of a tracer', () => {
  const attachedTracer = async () => {
    const started = await startGuestTracer(guest);
    const { sessionId } = await started.client.open(object, { programs: only('fine') });
    await started.client.request('session/attach', { sessionId });
    expect(await guest.sh('bpftool -j prog show')).toContain('"fine"');
    return started;
  };
  const gone = () =>
    expect
      .poll(() => guest.sh('bpftool -j prog show; bpftool -j link show'), {
        timeout: deadlineMs(5000),
        interval: 100,
      })
      .not.toContain('"fine"');

  beforeAll(async () => {
    await tracer[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    tracer = await startGuestTracer(guest);
  });

  it('by SIGKILL leaves no program', async () => {
    const started = await attachedTracer();
    await started.process.kill('SIGKILL');
    expect(await started.process.exited).toMatchObject({ signal: 'SIGKILL' });
    await gone();
  });

  it('comes with the end of its stdin', async () => {
    const started = await attachedTracer();
    started.process.stdin.end();
    expect(await started.process.exited).toMatchObject({ code: 0 });
    await gone();
  });

  it('comes with the end of the connection', async () => {
    const started = await attachedTracer();
    started.client.connection.close();
    expect(await started.process.exited).toMatchObject({ code: 0 });
    await gone();
  });
});

describe('the target', () => {
  it('answers which functions and tracepoints it has', async () => {
    const { client } = tracer;
    const names = ['vfs_read', 'no_such_function_here', 'copy_from_kernel_nofault'];
    const { functions } = await client.request('target/functions', { names });
    expect(functions[0]).toEqual({ name: 'vfs_read', traceable: true, symbol: true });
    expect(functions[1]).toEqual({ name: 'no_such_function_here', traceable: false, symbol: false });
    expect(functions[2]?.symbol).toBe(true);
    expect(
      await client.request('target/tracepoints', {
        names: [
          { category: 'sched', name: 'sched_switch' },
          { category: 'sched', name: 'nothing' },
          { category: '..', name: 'events' },
        ],
      }),
    ).toEqual({ present: [true, false, false] });
  });

  it('describes itself', async () => {
    const { client } = tracer;
    const read = async (params: TracerParams<'target/read'>) => {
      const { blobId, bytes } = await client.request('target/read', params);
      const blob = client.connection.takeBlob(blobId);
      expect(blob.byteLength).toBe(bytes);
      return Buffer.from(blob);
    };
    expect((await read({ what: 'btf' })).readUInt16LE(0)).toBe(0xeb9f);
    expect((await read({ what: 'kallsyms' })).toString()).toMatch(/ T vfs_read$/m);
    expect((await read({ what: 'tracepoint-format', of: 'sched/sched_switch' })).toString()).toContain(
      'prev_comm',
    );
    expect((await read({ what: 'modules' })).toString()).toContain('overlay');
    expect((await read({ what: 'kernel-config' })).toString()).toContain('CONFIG_BPF=y');
    expect(await client.failure('target/read', { what: 'module-btf', of: '../vmlinux' })).toMatchObject({
      code: 'bad-request',
    });
    expect(await client.failure('target/read', { what: 'tracepoint-format', of: 'no/thing' })).toMatchObject({
      code: 'not-found',
    });
  });
});
