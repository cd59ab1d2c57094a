/**
 * Functions the kernel's BTF describes and its tracer refuses: chosen at first, because BTF is all that is asked, and
 * passed over once the kernel has said no.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGuest } from '../bench/guest';
import { type TraceRequest, trace, traceBench } from '../bench/trace';

let folder = '';
/** In BTF and in /proc/kallsyms as code, but not in available_filter_functions. */
let untraceable = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bpfw-refused-'));
  const guest = await sharedGuest();
  const { target } = await traceBench();
  const { btf } = await target.readBtf();
  const output = await guest.sh(
    'cat /sys/kernel/tracing/available_filter_functions; echo ---; cat /proc/kallsyms',
  );
  const [traceable = '', symbols = ''] = output.split('---\n');
  const traced = new Set(traceable.split('\n').map(line => line.split(' ')[0]));
  const code = [...symbols.matchAll(/^[0-9a-f]+ T (\w+)$/gm)].flatMap(match => match[1] ?? []);
  const found = code.find(name => !traced.has(name) && btf.find('func', name) !== null);
  if (found === undefined) throw new Error('every function of the BTF can be traced');
  untraceable = found;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(name: string, programs: string, command: TraceRequest['command'] = ['true']) {
  const program = path.join(folder, `${name}.bpf.c`);
  await writeFile(
    program,
    `#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n#include "bpfw.h"\n__u64 calls = 0;\n${programs}\nchar LICENSE[] SEC("license") = "GPL";\n`,
  );
  return trace({ program, command, wholeSystem: true });
}
const counting = (section: string, name: string, rank: number) =>
  `SEC("?${section}") BPFW_CHOICE("call", ${rank}) int ${name}(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }`;

describe('a function the kernel refuses to trace', () => {
  it('leaves its place to the next rank, which counts', async () => {
    const { choice, attached, counters } = await run(
      'fallback',
      `${counting(`fentry/${untraceable}`, 'first', 0)}\n${counting('fentry/vfs_read', 'second', 1)}`,
      ['cat', '/proc/self/status'],
    );
    expect(attached).toEqual(['fentry/vfs_read']);
    expect(choice.groups).toMatchObject([
      {
        group: 'call',
        rank: 1,
        programs: ['second'],
        passedOver: [{ program: `fentry/${untraceable}` }],
      },
    ]);
    expect(counters.calls).toBeGreaterThan(0);
  });

  it('is named when nothing else will do', async () => {
    const alone = run('alone', counting(`fentry/${untraceable}`, 'first', 0));
    await expect(alone).rejects.toMatchObject({ code: 'attach-point-missing' });
    await expect(alone).rejects.toThrow(`'${untraceable}' exists but cannot be traced`);
  });
});

describe('a program the verifier refuses for reasons of its own', () => {
  it("keeps the verifier's words", async () => {
    const wild = run(
      'wild',
      'SEC("fentry/vfs_read") int wild(__u64 *ctx) { __u64 *nowhere = (void *)ctx[0]; return nowhere[1 << 20] + ctx[512]; }',
    );
    await expect(wild).rejects.toMatchObject({ code: 'verifier-rejected' });
  });
});
