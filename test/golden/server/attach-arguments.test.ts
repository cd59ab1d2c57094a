/** Programs' arguments against the attach point, and maps of before libbpf 1.0, over the protocol on the small kernel. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleServer, CURSOR, ServerUnderTest, scratch, smallKernel } from './client';

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
long kept;
`;
const folder = scratch();
let server: ServerUnderTest;
let count = 0;

beforeAll(async () => {
  server = await ServerUnderTest.onSmallKernel(folder);
}, 60_000);
afterAll(async () => {
  await server.stopWell();
  rmSync(folder, { recursive: true, force: true });
});

const problemsOf = async (body: string) => {
  const name = `arguments${++count}.bpf.c`;
  const diagnostics = await server.diagnostics(name, HEAD + body);
  const document = server.document(server.uri(name));
  const list = diagnostics.map(one => `${one.code}: ${document.getText(one.range)}`);
  return { name, diagnostics, list, first: diagnostics[0] };
};
const program = (section: string, head: string, read: string) =>
  `SEC("${section}")\nint ${head}\n{\n\tkept = (long)${read};\n\treturn 0;\n}\n`;

describe('arguments of a program', () => {
  it.each([
    ['fentry/vfs_read', 'BPF_PROG(f, struct file *file, char *buf, size_t count, loff_t *pos)', 'pos'],
    [
      'fexit/vfs_read',
      'BPF_PROG(f, struct file *file, char *buf, size_t n, loff_t *pos, ssize_t ret)',
      'ret',
    ],
    // Nothing reads what is not there.
    ['fentry/vfs_read', 'BPF_PROG(f, struct file *file, char *buf, size_t n, loff_t *pos, int more)', 'file'],
    ['kprobe/__x64_sys_mkdirat', 'BPF_KPROBE(f, struct pt_regs *regs)', 'regs'],
    ['kprobe/__x64_sys_mkdirat', 'BPF_KPROBE(f, unsigned long regs)', 'regs'],
    ['kprobe/vfs_read+0x10', 'BPF_KPROBE(f, void *a, void *b, long c, void *d, long e)', 'e'],
    ['kretprobe/vfs_read', 'BPF_KRETPROBE(f, ssize_t ret)', 'ret'],
    ['ksyscall/mkdirat', 'BPF_KSYSCALL(f, int dirfd, const char *name, int flag)', 'flag'],
    ['?fentry/vfs_read', 'BPF_PROG(f, void *a, void *b, long c, void *d, long e)', 'e'],
    ['lsm/file_open', 'BPF_PROG(f, struct file *file, int ret)', 'ret'],
    ['tp_btf/sched_switch', 'BPF_PROG(f, bool preempt, void *prev, void *next, unsigned int state)', 'state'],
    ['fentry/vfs_read', 'BPF_PROG(f, unsigned long file)', 'file'],
  ])('SEC("%s") %s is as the kernel has it', async (section, head, read) => {
    expect((await problemsOf(program(section, head, read))).list).toEqual([]);
  });

  it.each([
    [
      'fentry/vfs_read',
      'BPF_PROG(f, struct file *file, char *buf, size_t n, loff_t *pos, int more)',
      'more',
      'more',
      /^vfs_read\(\) has 4 arguments, and this program reads 5\. What there is: struct file \*file, char \*buf, /,
    ],
    [
      'fexit/ksys_sync',
      'BPF_PROG(f, long ret)',
      'ret',
      'ret',
      /^ksys_sync\(\) has 0 arguments, .* What there is: none\.$/,
    ],
    [
      'kprobe/vfs_read',
      'BPF_KPROBE(f, void *a, void *b, long c, void *d, long e)',
      'e',
      'e',
      /^vfs_read\(\) has 4 arguments/,
    ],
    [
      'ksyscall/mkdirat',
      'BPF_KSYSCALL(f, int dirfd, const char *name, int flag, long ret)',
      'ret',
      'ret',
      /^the system call mkdirat has 3 arguments/,
    ],
    ['fentry/vfs_read', 'BPF_PROG(f, int fd)', 'fd', 'fd', /^fd keeps only the lower half of the pointer/],
    [
      'tp_btf/sched_switch',
      'BPF_PROG(f, void *rq, void *prev)',
      'rq',
      'rq',
      /^rq is a number in the tracepoint sched_switch, not a pointer/,
    ],
  ])('SEC("%s") %s: %s', async (section, head, read, marked, message) => {
    const { list, first } = await problemsOf(program(section, head, read));
    expect(list).toEqual([`program-arguments: ${marked}`]);
    expect(first?.message).toMatch(message);
  });

  it('of a system call’s wrapper are those of its registers: a kprobe becomes a ksyscall', async () => {
    const { name, list, first } = await problemsOf(
      program('kprobe/__x64_sys_mkdirat', 'BPF_KPROBE(on_unlink, int dirfd)', 'dirfd'),
    );
    expect(list).toEqual(['program-arguments: dirfd']);
    const fixed =
      first &&
      (await server.fixed(name, first, 'Attach to the system call: ksyscall/mkdirat and BPF_KSYSCALL'));
    expect(fixed).toContain('SEC("ksyscall/mkdirat")\nint BPF_KSYSCALL(on_unlink, int dirfd)');
    expect(await server.diagnostics(name, fixed ?? '')).toEqual([]);
  });

  it('before a result are made those that there are', async () => {
    const { name, list, first } = await problemsOf(
      program(
        'fexit/__x64_sys_mkdirat',
        'BPF_PROG(done, int dirfd, const char *name, int flags, long result)',
        'result',
      ),
    );
    expect(list).toEqual(['program-arguments: flags, long result']);
    expect(first?.message).toContain('What there is: const struct pt_regs *regs, its result.');
    const fixed = first && (await server.fixed(name, first, 'Write the arguments that there are'));
    expect(fixed).toContain('int BPF_PROG(done, const struct pt_regs *regs, long result)');
    expect(await server.diagnostics(name, fixed ?? '')).toEqual([]);
  });
});

describe('a function of a module', () => {
  it('of the sandbox VM’s kernel names the module and how to load it, and proposes no other function', async () => {
    const release = '5.19.0-test';
    const cache = path.join(folder, 'cache');
    const modules = path.join(cache, 'kernels', release, 'lib/modules', release);
    for (const each of [path.join(cache, 'btf'), modules]) mkdirSync(each, { recursive: true });
    const btfPath = path.join(cache, 'btf', `${release}-1-2.btf`);
    copyFileSync(await smallKernel(folder), btfPath);
    writeFileSync(
      path.join(modules, 'modules.symbols'),
      'alias symbol:vfs_reads vfs_extra\nalias symbol:br_forward bridge\n',
    );
    const own = await ServerUnderTest.start(await bundleServer(folder), { btfPath });
    try {
      for (const [section, module] of [
        ['fentry/br_forward', 'bridge'],
        ['kprobe/br_forward', 'bridge'],
        // One letter from vfs_read, which is another function.
        ['fexit/vfs_reads', 'vfs_extra'],
      ] as const) {
        const text = `${HEAD}${program(section, 'BPF_PROG(f, void *a)', '1')}`;
        const [found] = await own.diagnostics(`module${++count}.bpf.c`, text);
        expect(found?.message).toContain(
          `is in the kernel module ${module}, which has to be loaded before the program: sudo modprobe ${module}.`,
        );
        expect(found?.data).toMatchObject({ fixes: [] });
      }
      const missing = await own.diagnostics(
        `module${++count}.bpf.c`,
        `${HEAD}${program('fentry/vfs_raed', 'BPF_PROG(f)', '1')}`,
      );
      expect(missing[0]?.message).toContain('Nearest: vfs_read');
    } finally {
      await own.stopWell();
    }
  });
});

describe('a map of before libbpf 1.0', () => {
  const legacy = (head: string, fields: string) =>
    `struct bpf_map_def {\n\tunsigned int type, key_size, value_size, max_entries, map_flags;\n};\n\n${head} = {\n${fields}};\n`;
  const FIELDS =
    '\t.type = BPF_MAP_TYPE_HASH,\n\t.key_size = sizeof(__u32),\n\t.value_size = sizeof(struct file *),\n\t.max_entries = 1024,\n';
  const WRITTEN =
    'struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__type(key, __u32);\n\t__type(value, struct file *);\n\t__uint(max_entries, 1024);\n} opens SEC(".maps");\n';

  it.each(['struct bpf_map_def SEC("maps") opens', 'SEC("maps") struct bpf_map_def opens'])(
    '%s is written with BTF',
    async head => {
      const { name, list, first } = await problemsOf(legacy(head, FIELDS));
      expect(list).toEqual(['section-name: maps']);
      const fixed = first && (await server.fixed(name, first, 'Declare opens in SEC(".maps")'));
      expect(fixed).toContain(`\n${WRITTEN}`);
      expect(await server.diagnostics(name, fixed ?? '')).toEqual([]);
    },
  );

  it('with sizes in numbers keeps them', async () => {
    const { name, first } = await problemsOf(
      legacy(
        'struct bpf_map_def SEC("maps") slots',
        '\t.type = BPF_MAP_TYPE_ARRAY,\n\t.key_size = 4,\n\t.value_size = 8,\n\t.max_entries = 64,\n\t.map_flags = 0,\n',
      ),
    );
    expect(first && (await server.fixed(name, first, 'Declare slots in SEC(".maps")'))).toContain(
      'struct {\n\t__uint(type, BPF_MAP_TYPE_ARRAY);\n\t__uint(key_size, 4);\n\t__uint(value_size, 8);\n\t__uint(max_entries, 64);\n} slots SEC(".maps");',
    );
  });

  it('with a member that is not understood is left to its author', async () => {
    const { first } = await problemsOf(
      legacy('struct bpf_map_def SEC("maps") opens', `${FIELDS}\t.pinning = 2,\n`),
    );
    expect(first?.data).toMatchObject({ fixes: [] });
  });

  it('has a hover and a definition', async () => {
    const text = `${HEAD}${legacy('struct bpf_map_def SEC("maps") opens', FIELDS)}
SEC("kprobe/vfs_read")
int f(void *ctx)
{
	__u32 key = 0;

	kept = (long)bpf_map_lookup_elem(&ope${CURSOR}ns, &key);
	return 0;
}
`;
    const name = `arguments${++count}.bpf.c`;
    const hover = JSON.stringify(await server.at('textDocument/hover', name, text));
    expect(hover).toContain('map opens: hash');
    const found = await server.at('textDocument/definition', name, text);
    const line = text.split('\n').findIndex(each => each.includes('SEC("maps") opens'));
    expect(found).toMatchObject([{ range: { start: { line } } }]);
  });
});
