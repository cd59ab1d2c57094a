/**
 * Sections that name files only root may read, against a tracer of an ordinary user that could read them: libbpf never
 * gets to open one. That a file was read shows in its access time.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedGuest, type TestGuest } from '../bench/guest';
import { root } from '../bench/paths';
import { workloadPath } from '../bench/workloads';
import { compileProgram, type GuestTracer, startGuestTracer } from './guest-tracer';

/** As in programs/files.bpf.c. */
const FOLDER = '/var/tmp/bpfw-files';
const CAPABILITIES = '+bpf,+perfmon,+sys_admin,+dac_read_search';
const PROGRAMS = ['newline', 'out_of_tracefs', 'multi', 'plain', 'observes'];

let guest: TestGuest;
let tracer: GuestTracer;
let object: Uint8Array;
beforeAll(async () => {
  object = compileProgram('files');
  guest = await sharedGuest();
  await guest.sh('chmod 666 /dev/vport*');
  // The checkout may lie in a folder only root may enter; in the guest's own layer that can be changed.
  await guest.sh(
    `folder='${root}'; while [ "$folder" != / ]; do chmod o+x "$folder"; folder=$(dirname "$folder"); done`,
  );
  await guest.sh(`
    mkdir -m 700 ${FOLDER}
    cp ${workloadPath('probe_target')} ${FOLDER}/binary
    cp ${workloadPath('probe_target')} "$(printf '${FOLDER}/bi\\nnary')"
    cat /sys/kernel/tracing/events/sched/sched_switch/id > ${FOLDER}/id`);
  tracer = await startGuestTracer(guest, {
    prefix: [
      ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'],
      ...[`--inh-caps=-all,${CAPABILITIES}`, `--ambient-caps=-all,${CAPABILITIES}`],
      `--bounding-set=-all,${CAPABILITIES}`,
    ],
  });
});
afterAll(async () => {
  await tracer?.[Symbol.asyncDispose]();
  await guest?.sh(`rm -rf ${FOLDER}`);
});

/** Access times an hour before the modification: the next read moves them (relatime, mount(8)). */
const forgetReads = () => guest.sh(`touch -a -d '1 hour ago' ${FOLDER}/*`);
const readFiles = async () => (await guest.sh(`find ${FOLDER} -type f -amin -30 -printf '%f '`)).trim();

async function attach(program: string, kind: 'auto' | 'tracepoint' | 'kprobe') {
  const { client } = tracer;
  const category = 'sched/../../../../../../../..';
  const override = {
    auto: { kind: 'auto' as const },
    tracepoint: { kind: 'tracepoint' as const, category, name: 'var/tmp/bpfw-files' },
    kprobe: { kind: 'kprobe' as const, function: 'vfs_read\np:x vfs_write', offset: 0, return: false },
  }[kind];
  const { sessionId } = await client.open(object, {
    programs: PROGRAMS.map(name => ({
      name,
      load: name === program,
      attach: name === program ? override : { kind: 'auto' },
    })),
  });
  try {
    return await client.failure('session/attach', { sessionId });
  } finally {
    await client.request('session/close', { sessionId });
  }
}

it('a read shows in the access time here', async () => {
  await forgetReads();
  expect(await readFiles()).toBe('');
  await guest.sh(`cat ${FOLDER}/id > /dev/null`);
  expect(await readFiles()).toBe('id');
});

it.each([
  ['a path with the end of a line', 'newline', 'auto', 'has control characters'],
  ['a way out of tracefs', 'out_of_tracefs', 'auto', 'names no tracepoint that can exist'],
  ['the same in what the client asks for', 'observes', 'tracepoint', "cannot attach to 'sched/.."],
  ['a second kprobe behind the end of a line', 'observes', 'kprobe', 'cannot attach to'],
] as const)('%s is refused before it is opened', async (_what, program, kind, words) => {
  await forgetReads();
  const failure = await attach(program, kind);
  expect(failure).toMatchObject({ code: 'attach-failed', program });
  expect(failure.message).toContain(words);
  expect(await readFiles()).toBe('');
});

it('a path as it should be is opened as the caller, who may not', async () => {
  await forgetReads();
  expect(await attach('plain', 'auto')).toMatchObject({ code: 'not-permitted', errnoName: 'EACCES' });
  expect(await readFiles()).toBe('');
});

it('many functions of a file at once are never attached', async () => {
  await forgetReads();
  const { client } = tracer;
  const programs = PROGRAMS.map(name => ({
    name,
    load: name === 'multi',
    attach: { kind: 'auto' as const },
  }));
  // Before libbpf 1.3 there is no such section, and nothing to load.
  const opened = await client.open(object, { programs }).catch(error => error as { data: { code: string } });
  if ('sessionId' in opened) {
    const failure = await client.failure('session/attach', { sessionId: opened.sessionId });
    expect(failure).toMatchObject({ code: 'attach-failed', program: 'multi' });
    expect(failure.message).toContain('with the rights of the tracer');
    await client.request('session/close', { sessionId: opened.sessionId });
  } else {
    expect(opened.data.code).toBe('object-rejected');
  }
  expect(await readFiles()).toBe('');
});
