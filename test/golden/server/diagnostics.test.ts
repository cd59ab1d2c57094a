/** Problems and their fixes, over the protocol, against a kernel known by heart (kernel.c). */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnostic } from 'vscode-languageserver/node';
import { ServerUnderTest, scratch } from './client';

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
`;
const GPL = '\nchar LICENSE[] SEC("license") = "GPL";\n';

describe('diagnostics', () => {
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

  /** Problems of a body between the usual includes and a license. */
  const problemsOf = async (body: string, tail = GPL) => {
    const name = `case${++count}.bpf.c`;
    const text = HEAD + body + tail;
    const diagnostics = await server.diagnostics(name, text);
    const document = server.document(server.uri(name));
    const view = (one: Diagnostic) => `${one.code}: ${document.getText(one.range)}`;
    return { name, text, diagnostics, list: diagnostics.map(view) };
  };
  const program = (section: string, body: string, head = 'int BPF_PROG(p)') =>
    `SEC("${section}")\n${head}\n{\n${body}\treturn 0;\n}\n`;

  const sections: [section: string, problem: string | null, fix?: string][] = [
    ['fentry/vfs_read', null],
    ['fentri/vfs_read', 'section-name: fentri/vfs_read', 'SEC("fentry/vfs_read")'],
    ['kprob/vfs_read', 'section-name: kprob/vfs_read', 'SEC("kprobe/vfs_read")'],
    [
      'tracepoints/sched/sched_switch',
      'section-name: tracepoints/sched/sched_switch',
      'SEC("tracepoint/sched/sched_switch")',
    ],
    ['fentry/', 'section-name: fentry/'],
    ['fentry/vfs_raed', 'target-missing: vfs_raed', 'SEC("fentry/vfs_read")'],
    ['?fentry/vfs_raed', null],
    ['fentry', null],
    ['fentry/nf_tables:nft_do_chain', null],
    ['kprobe:vfs_read', 'section-name: kprobe:vfs_read', 'SEC("kprobe/vfs_read")'],
    [
      'tracepoint:sched:sched_switch',
      'section-name: tracepoint:sched:sched_switch',
      'SEC("tracepoint/sched/sched_switch")',
    ],
    ['kprobe/vfs_read+0x10', null],
    ['kprobe/vfs read', 'section-name: kprobe/vfs read'],
    ['kprobe.multi/vfs_*', null],
    // Of another kernel than the running one not all functions are known.
    ['kprobe.multi/xyz_*', null],
    ['tp/sched/sched_switch', null],
    ['tp/sched_switch', 'section-name: tp/sched_switch'],
    ['tp/sched:sched_switch', 'section-name: tp/sched:sched_switch', 'SEC("tp/sched/sched_switch")'],
    ['tp_btf/sched_switch', null],
    ['tp_btf/sched/sched_switch', 'section-name: tp_btf/sched/sched_switch', 'SEC("tp_btf/sched_switch")'],
    ['tp_btf/sched_swich', 'target-missing: sched_swich', 'SEC("tp_btf/sched_switch")'],
    ['tp_btf/sys_enter_openat', 'target-missing: sys_enter_openat'],
    ['ksyscall/openat', null],
    ['ksyscall/sys_openat', 'section-name: ksyscall/sys_openat', 'SEC("ksyscall/openat")'],
    ['ksyscall/opnat', 'target-missing: opnat', 'SEC("ksyscall/openat")'],
    ['tp/syscalls/sys_enter_openat', null],
    ['lsm/file_open', null],
    ['lsm/file_opne', 'target-missing: file_opne', 'SEC("lsm/file_open")'],
    ['iter/task', null],
    ['iter/tasks', 'target-missing: tasks', 'SEC("iter/task")'],
    ['iter/task__safe_trusted', 'target-missing: task__safe_trusted'],
    ['uprobe//usr/bin/bash:readline', null],
    ['uprobe/bash', 'section-name: uprobe/bash'],
    ['usdt/libc.so.6:libc:setjmp', null],
    ['usdt/libc.so.6:setjmp', 'section-name: usdt/libc.so.6:setjmp'],
    ['perf_event', null],
    ['xdp', null],
    ['xdp/eth0', 'section-name: xdp/eth0', 'SEC("xdp")'],
    ['tc/prog_b', 'section-name: tc/prog_b', 'SEC("tc")'],
    ['cgroup/connect4', null],
    ['struct_ops/init', null],
  ];
  it.each(sections)('SEC("%s")', async (...[section, problem, fix]) => {
    const { name, diagnostics, list } = await problemsOf(program(section, ''));
    expect(list).toEqual(problem === null ? [] : [problem]);
    const [first] = diagnostics;
    if (fix === undefined || !first) return;
    const data = first.data as { fixes: { title: string }[] };
    const after = await server.fixed(name, first, data.fixes[0]?.title ?? '');
    expect(after).toContain(`${fix}\n`);
    expect(await server.diagnostics(name, after)).toEqual([]);
  });

  it('reports nothing of targets in branches that only the build chooses', async () => {
    const old = `#ifdef OLD_KERNEL\n${program('fentry/vfs_raed', '')}#endif\n`;
    expect((await problemsOf(old)).list).toEqual([]);
    const both = await problemsOf(`${old}${program('fentry/vfs_wirte', '', 'int BPF_PROG(q)')}`);
    expect(both.list).toEqual(['target-missing: vfs_wirte']);
  });

  it('names the nearest functions, and knows which severity is deserved', async () => {
    const { diagnostics } = await problemsOf(program('fentry/vfs_wirte', ''));
    expect(diagnostics[0]).toMatchObject({ severity: 2, source: 'bpf' });
    expect(diagnostics[0]?.message).toBe(
      "The target kernel's BTF has no function vfs_wirte(). Nearest: vfs_write.",
    );
    expect((await problemsOf(program('fentry/nothing_like_it_at_all', ''))).diagnostics[0]?.message).toBe(
      "The target kernel's BTF has no function nothing_like_it_at_all(): it is inlined everywhere, in a module that is not loaded, not configured, or a function of another BPF program.",
    );
    const old = await problemsOf(program('kprobe/sys_openat', ''));
    expect(old.diagnostics[0]?.message).toContain('use SEC("ksyscall/openat")');
    expect(
      old.diagnostics[0] && (await server.fixed(old.name, old.diagnostics[0], 'Change to "__do_sys_openat"')),
    ).toContain('SEC("kprobe/__do_sys_openat")');
    const { diagnostics: kprobe } = await problemsOf(program('kprobe/vfs_wirte', ''));
    expect(kprobe[0]?.severity).toBe(3);
    // Of another kernel than the running one only BTF is known, and kprobes need none.
    expect((await problemsOf(program('kprobe/finish_task_switch.isra.0', ''))).list).toEqual([]);
  });

  it('reads maps from .maps only', async () => {
    const map = (section: string) =>
      `struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 8);\n\t__type(key, u32);\n\t__type(value, u64);\n} m SEC("${section}");\n`;
    expect((await problemsOf(map('.maps'))).list).toEqual([]);
    const { name, list, diagnostics } = await problemsOf(map('.map'));
    expect(list).toEqual(['section-name: .map']);
    expect(diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Change to ".maps"'))).toContain(
      'm SEC(".maps")',
    );
    expect((await problemsOf(map('maps'))).list).toEqual(['section-name: maps']);
  });

  const licenses: readonly (readonly [license: string | null, body: string, problem: string | null])[] = [
    ['GPL', '\tbpf_printk("x");\n', null],
    ['Dual BSD/GPL', '\tbpf_printk("x");\n', null],
    ['Dual MIT/GPL', '\tbpf_printk("x");\n', null],
    ['MIT', '\tbpf_printk("x");\n', 'license: "MIT"'],
    [
      'Apache-2.0',
      '\tstruct task_struct *t = (void *)bpf_get_current_task();\n\tint x = BPF_CORE_READ(t, pid);\n',
      'license: "Apache-2.0"',
    ],
    ['MIT', '\tbpf_ktime_get_ns();\n', null],
    [null, '\tbpf_ktime_get_ns();\n', null],
    [null, '\tbpf_printk("x");\n', 'license: SEC("kprobe/vfs_read")'],
  ];
  it('leaves the license of a header to what includes it', async () => {
    const text = HEAD + program('kprobe/vfs_read', '\tbpf_printk("x");\n');
    expect(await server.diagnostics('probes.bpf.h', text)).toEqual([]);
  });

  it('reports once that the license is mistyped', async () => {
    const text = program('kprobe/vfs_read', '\tbpf_printk("x");\n');
    expect((await problemsOf(text, '\nchar LICENSE[] SEC("licence") = "GPL";\n')).list).toEqual([
      'section-name: licence',
    ]);
  });

  it.each(licenses)('license %s with %j', async (license, body, problem) => {
    const tail = license === null ? '' : `\nchar LICENSE[] SEC("license") = "${license}";\n`;
    const { name, diagnostics, list } = await problemsOf(program('kprobe/vfs_read', body), tail);
    expect(list).toEqual(problem === null ? [] : [problem]);
    if (!diagnostics[0]) return;
    const title = license === null ? 'Declare "Dual BSD/GPL"' : 'Change to "Dual BSD/GPL"';
    const after = await server.fixed(name, diagnostics[0], title);
    expect(after).toContain('SEC("license") = "Dual BSD/GPL";');
    expect(await server.diagnostics(name, after)).toEqual([]);
  });

  it('sees headers whose types clash with vmlinux.h, and only those', async () => {
    const { name, list, diagnostics } = await problemsOf(
      '#include <linux/errno.h>\n#include <linux/bpf.h>\n#include <stddef.h>\n',
    );
    // <linux/bpf.h> declares enum bpf_func_id, which the small kernel has, too.
    expect(list).toEqual(['mixed-headers: #include <linux/bpf.h>']);
    expect((await problemsOf('#include <net/sock.h>\n#include <net/if_arp.h>\n')).list).toEqual([
      'mixed-headers: #include <net/sock.h>',
    ]);
    const after =
      diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Remove the #include of <linux/bpf.h>'));
    expect(after).toContain('#include <linux/errno.h>\n#include <stddef.h>\n');
  });

  it('knows which helpers a program has', async () => {
    const use = (section: string, call: string) =>
      problemsOf(program(section, `\tchar b[8];\n\t${call};\n`, 'int p(void *ctx)'));
    expect((await use('kprobe/vfs_read', 'bpf_skb_load_bytes(ctx, 0, b, 8)')).list).toEqual([
      'helper-program-type: bpf_skb_load_bytes',
    ]);
    expect((await use('tc', 'bpf_skb_load_bytes(ctx, 0, b, 8)')).list).toEqual([]);
    expect((await use('xdp', 'bpf_get_stackid(ctx, b, 0)')).list).toEqual([
      'helper-program-type: bpf_get_stackid',
    ]);
    const { name, diagnostics } = await use('?fentry/vfs_read', 'bpf_copy_from_user(b, 8, ctx)');
    expect(diagnostics[0]?.message).toContain('SEC("fentry.s") may');
    const after =
      diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Let the program sleep: fentry.s'));
    expect(after).toContain('SEC("?fentry.s/vfs_read")');
    // The small kernel has no such helper for anybody.
    const left = await server.diagnostics(name, after ?? '');
    expect(left.map(({ code }) => code)).toEqual(['helper-newer']);
    const kprobe = await use('kprobe/vfs_read', 'bpf_copy_from_user(b, 8, ctx)');
    expect(kprobe.diagnostics[0]?.data).toMatchObject({ fixes: [] });
  });

  it('follows calls into functions of the file', async () => {
    const body = `static void inner(void *ctx)\n{\n\tbpf_skb_load_bytes(ctx, 0, 0, 0);\n}\n${program('kprobe/vfs_read', '\tinner(ctx);\n', 'int p(void *ctx)')}`;
    expect((await problemsOf(body)).list).toEqual(['helper-program-type: bpf_skb_load_bytes']);
    // Also run by a program that has the helper: which of the two gets there is not ours to say.
    const both = `${body}${program('tc', '\tinner(ctx);\n', 'int q(void *ctx)')}`;
    expect((await problemsOf(both)).list).toEqual([]);
  });

  it('marks helpers the target kernel lacks, unless they are guarded', async () => {
    const { list, diagnostics } = await problemsOf(program('fentry/vfs_read', '\tbpf_get_func_ip(ctx);\n'));
    expect(list).toEqual(['helper-newer: bpf_get_func_ip']);
    expect(diagnostics[0]?.severity).toBe(2);
    const guarded =
      '\tif (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_ip))\n\t\tbpf_get_func_ip(ctx);\n';
    expect((await problemsOf(program('fentry/vfs_read', guarded))).list).toEqual([]);
  });

  it("knows bcc's dialect", async () => {
    const { list } = await problemsOf(
      `BPF_HASH(counts, u32, u64);\n${program('kprobe/vfs_read', '\tu32 k = 0;\n\tcounts.increment(k);\n\tbpf_trace_printk("x");\n', 'int p(void *ctx)')}`,
    );
    expect(list).toEqual([
      'bcc-construct: BPF_HASH',
      'bcc-construct: counts.increment',
      'bcc-construct: bpf_trace_printk',
    ]);
    expect((await problemsOf('#define BPF_HASH(a, b, c) int a\nBPF_HASH(counts, u32, u64);\n')).list).toEqual(
      [],
    );
  });

  const bccMaps: readonly (readonly [macro: string, fields: readonly string[]])[] = [
    ['BPF_HASH(old)', ['type, BPF_MAP_TYPE_HASH', 'max_entries, 10240', 'key, u64', 'value, u64']],
    [
      'BPF_LRU_HASH(old, struct key_t, u32, 64)',
      ['type, BPF_MAP_TYPE_LRU_HASH', 'max_entries, 64', 'key, struct key_t', 'value, u32'],
    ],
    [
      'BPF_PERCPU_ARRAY(old, u32, 2 * 3)',
      ['type, BPF_MAP_TYPE_PERCPU_ARRAY', 'max_entries, 2 * 3', 'key, u32', 'value, u32'],
    ],
    ['BPF_PERF_OUTPUT(old)', ['type, BPF_MAP_TYPE_RINGBUF', 'max_entries, 64 * 4096']],
    ['BPF_RINGBUF_OUTPUT(old, 8)', ['type, BPF_MAP_TYPE_RINGBUF', 'max_entries, 8 * 4096']],
  ];
  it.each(bccMaps)('makes a map of %s', async (macro, fields) => {
    const { name, diagnostics } = await problemsOf(`struct key_t {\n\tu64 a;\n};\n${macro};\n`);
    const [first] = diagnostics;
    if (!first) throw new Error('nothing was said');
    const after = await server.fixed(name, first, 'Define the map in SEC(".maps")');
    const written = fields.map(field => `\t__${/^(key|value)/.test(field) ? 'type' : 'uint'}(${field});\n`);
    expect(after).toContain(`struct {\n${written.join('')}} old SEC(".maps");\n`);
    expect(await server.diagnostics(name, after)).toEqual([]);
  });

  const bccMethods: readonly (readonly [written: string, call: string | null])[] = [
    ['m.lookup(&k)', 'bpf_map_lookup_elem(&m, &k)'],
    ['m.update(&k, &v)', 'bpf_map_update_elem(&m, &k, &v, BPF_ANY)'],
    ['m.insert(&k, &v)', 'bpf_map_update_elem(&m, &k, &v, BPF_NOEXIST)'],
    ['m.delete(&k)', 'bpf_map_delete_elem(&m, &k)'],
    ['m.get_stackid(ctx, BPF_F_USER_STACK)', 'bpf_get_stackid(ctx, &m, BPF_F_USER_STACK)'],
    ['m.perf_submit(ctx, &v, sizeof(v))', 'bpf_ringbuf_output(&m, &v, sizeof(v), 0)'],
    ['m.ringbuf_output(&v, sizeof(v), 0)', 'bpf_ringbuf_output(&m, &v, sizeof(v), 0)'],
    ['m.ringbuf_reserve(sizeof(v))', 'bpf_ringbuf_reserve(&m, sizeof(v), 0)'],
    ['m.ringbuf_submit(p, 0)', 'bpf_ringbuf_submit(p, 0)'],
    ['m.ringbuf_discard(p, 0)', 'bpf_ringbuf_discard(p, 0)'],
    ['m.increment(k)', null],
    ['m.lookup_or_try_init(&k, &v)', null],
  ];
  it.each(bccMethods)("reports what does the work of bcc's %s", async (written, call) => {
    const { name, diagnostics, text } = await problemsOf(
      program('kprobe/vfs_read', `\tu32 k = 0;\n\tu64 v = 1;\n\t${written};\n`, 'int p(void *ctx)'),
    );
    const found = diagnostics.find(one => one.code === 'bcc-construct');
    if (!found) throw new Error('nothing was said');
    if (call === null) {
      expect(found.data).toMatchObject({ fixes: [] });
      expect(found.message).toContain('with bpf_map_update_elem()');
      return;
    }
    expect(await server.fixed(name, found, `Use ${call.slice(0, call.indexOf('('))}`)).toBe(
      text.replace(written, () => call),
    );
  });

  const sizes: readonly (readonly [size: string, fix: string | null])[] = [
    ['256 * 1024', null],
    ['1 << 12', null],
    ['0', null],
    ['RING', null],
    ['unknown_size', null],
    ['1000', '4 * 1024'],
    ['100 * 1024', '128 * 1024'],
    ['3 << 20', '4 * 1024 * 1024'],
    ['2048', '4 * 1024'],
  ];
  it.each(sizes)('ring buffer of %s bytes', async (size, fix) => {
    const { name, diagnostics, list } = await problemsOf(
      `#define RING (64 * 1024)\nstruct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, ${size});\n} events SEC(".maps");\n`,
    );
    expect(list).toEqual(fix === null ? [] : [`ringbuf-size: ${size}`]);
    if (fix !== null && diagnostics[0])
      expect(await server.fixed(name, diagnostics[0], `Change to ${fix}`)).toContain(
        `__uint(max_entries, ${fix});`,
      );
  });

  it('adds up the stack', async () => {
    const record = 'struct record {\n\tu32 pid;\n\tchar a[300];\n\tchar b[300];\n};\n';
    expect(
      (await problemsOf(`${record}${program('kprobe/vfs_read', '\tstruct record r = {};\n')}`)).list,
    ).toEqual(['stack-size: r']);
    const two = await problemsOf(program('kprobe/vfs_read', '\tchar a[300], b[16];\n\tchar c[300];\n'));
    expect(two.list).toEqual(['stack-size: a']);
    expect(two.diagnostics[0]?.severity).toBe(2);
    expect(
      (
        await problemsOf(
          `${record}${program('kprobe/vfs_read', '\tstruct record *r = 0;\n\tstatic char a[600];\n\tchar b[512 - 64];\n')}`,
        )
      ).list,
    ).toEqual([]);
  });

  it('distinguishes the process from the thread', async () => {
    const fill = 'struct event { u32 pid; };\n';
    const body = (lines: string) => `${fill}${program('kprobe/vfs_read', `\tstruct event e;\n${lines}`)}`;
    const { name, list, diagnostics } = await problemsOf(body('\tu32 pid = bpf_get_current_pid_tgid();\n'));
    expect(list).toEqual(['pid-without-shift: bpf_get_current_pid_tgid()']);
    expect(diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Take the process: >> 32'))).toContain(
      'u32 pid = bpf_get_current_pid_tgid() >> 32;',
    );
    expect(
      diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Keep the thread: (__u32)')),
    ).toContain('u32 pid = (__u32)bpf_get_current_pid_tgid();');
    expect((await problemsOf(body('\te.pid = bpf_get_current_pid_tgid();\n'))).list).toHaveLength(1);
    expect(
      (await problemsOf(body('\tpid_t tgid;\n\ttgid = bpf_get_current_pid_tgid();\n'))).list,
    ).toHaveLength(1);
    const copied = await problemsOf(body('\tu64 id = bpf_get_current_pid_tgid();\n\te.pid = id;\n'));
    expect(copied.list).toEqual(['pid-without-shift: id']);
    expect(
      copied.diagnostics[0] &&
        (await server.fixed(copied.name, copied.diagnostics[0], 'Take the process: >> 32')),
    ).toContain('e.pid = id >> 32;');
    const key = (lines: string) =>
      `\tu32 pid = bpf_get_current_pid_tgid();\n\tif (!pid)\n\t\treturn 0;\n\tbpf_map_delete_elem(&m, &pid);\n${lines}`;
    expect((await problemsOf(body(key('\te.pid = pid;\n')))).list).toHaveLength(1);
    const fine = [
      key(''),
      '\tu64 id = bpf_get_current_pid_tgid();\n\tu32 tgid = id >> 32;\n\tu32 pid = id;\n',
      '\tu64 id = bpf_get_current_pid_tgid();\n\tu32 tid = id;\n',
      '\tu64 id = bpf_get_current_pid_tgid();\n\tu32 pid = (u32)id;\n',
      '\tu32 pid = bpf_get_current_pid_tgid() >> 32;\n',
      '\tu64 pid_tgid = bpf_get_current_pid_tgid();\n\tu32 pid = pid_tgid >> 32, tid = pid_tgid;\n',
      '\tu32 tid = bpf_get_current_pid_tgid();\n',
      '\tu32 pid = (u32)bpf_get_current_pid_tgid();\n',
      '\tu64 pid = bpf_get_current_pid_tgid();\n\te.pid = pid >> 32;\n',
    ];
    for (const lines of fine) expect((await problemsOf(body(lines))).list, lines).toEqual([]);
  });

  it('fixes no license that a macro declares', async () => {
    const { name, diagnostics } = await problemsOf(
      `#define LICENSED(text) char LICENSE[] SEC("license") = text\n${program('kprobe/vfs_read', '\tbpf_printk("x");\n')}`,
      '\nLICENSED("Proprietary");\n',
    );
    expect(diagnostics.map(one => one.code)).toEqual(['license']);
    expect(diagnostics[0] && (await server.fixes(name, diagnostics[0]))).toEqual([]);
  });

  it('requires a check of a lookup before its result is used', async () => {
    const map =
      'struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t__uint(max_entries, 8);\n\t__type(key, u32);\n\t__type(value, u64);\n} m SEC(".maps");\n';
    const body = (lines: string) =>
      `${map}${program('kprobe/vfs_read', `\tu32 k = 0;\n\tu64 *v;\n\n${lines}`)}`;
    const wrong = [
      '\tv = bpf_map_lookup_elem(&m, &k);\n\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\t__sync_fetch_and_add(v, 1);\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tk = v[0];\n\tif (!v)\n\t\treturn 0;\n',
      '\tk = *(u64 *)bpf_map_lookup_elem(&m, &k);\n',
      '\tstruct file *f = bpf_map_lookup_elem(&m, &k);\n\tf->f_pos = 1;\n',
      '\tv = bpf_ringbuf_reserve(&m, 8, 0);\n\tbpf_ringbuf_submit(v, 0);\n',
      '\tstruct task_struct *t = bpf_ringbuf_reserve(&m, 64, 0);\n\tbpf_get_current_comm(&t->comm, 16);\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tbpf_printk("none");\n\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (v == NULL) {\n\t\tk++;\n\t}\n\tk += *v;\n',
    ];
    for (const lines of wrong) {
      const { list } = await problemsOf(body(lines));
      expect(
        list.map(one => one.split(':')[0]),
        lines,
      ).toEqual(['unchecked-pointer']);
    }
    const right = [
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (v)\n\t\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\treturn 0;\n\t*v += 1;\n',
      '\tif ((v = bpf_map_lookup_elem(&m, &k)) != 0)\n\t\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tk = v ? *v : 0;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (v && *v > 3)\n\t\treturn 0;\n',
      '\tstruct file *f = bpf_map_lookup_elem(&m, &k);\n\tk = sizeof(*f);\n',
      '\tstruct file *f = bpf_map_lookup_elem(&m, &k);\n\tuse(&f->f_pos);\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tuse(v);\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v) {\n\t\tbpf_printk("none");\n\t\treturn 0;\n\t}\n\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tgoto out;\n\t*v += 1;\nout:\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tBAIL;\n\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tbail();\n\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tk = 1;\n\telse\n\t\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tk = 1;\n\tif (!k)\n\t\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tv = bpf_map_lookup_elem(&m, &k);\n\tif (v)\n\t\t*v += 1;\n',
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\tk = 1;\n\tk = k ? 0 : *v;\n',
    ];
    for (const lines of right) expect((await problemsOf(body(lines))).list, lines).toEqual([]);
    const { name, diagnostics } = await problemsOf(body(wrong[0] ?? ''));
    expect(diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Return when v is NULL'))).toContain(
      '\tv = bpf_map_lookup_elem(&m, &k);\n\tif (!v)\n\t\treturn 0;\n\t*v += 1;\n',
    );
  });

  it('knows what a program cannot call, and loops that never end', async () => {
    const { name, list, diagnostics } = await problemsOf(
      program('kprobe/vfs_read', '\tprintf("%d", 1);\n\tchar *p = malloc(8);\n'),
    );
    expect(list).toEqual(['unsupported-call: printf', 'unsupported-call: malloc']);
    expect(diagnostics[0] && (await server.fixed(name, diagnostics[0], 'Use bpf_printk'))).toContain(
      'bpf_printk("%d", 1);',
    );
    expect(
      (
        await problemsOf(
          `static int strlen(const char *s)\n{\n\treturn 0;\n}\n${program('kprobe/vfs_read', '\tstrlen("x");\n')}`,
        )
      ).list,
    ).toEqual([]);
    expect(
      (await problemsOf(program('kprobe/vfs_read', '\tint i = 0;\n\twhile (1)\n\t\ti++;\n'))).list,
    ).toEqual(['endless-loop: while']);
    expect(
      (
        await problemsOf(
          program('kprobe/vfs_read', '\tint i = 0;\n\twhile (1)\n\t\tif (i++ > 3)\n\t\t\tbreak;\n'),
        )
      ).list,
    ).toEqual([]);
  });

  it('reports nothing that only the build can know', async () => {
    const unless = (before: string, after = '#endif\n') =>
      problemsOf(`${before}${program('kprobe/vfs_read', '\tprintf("%d", 1);\n')}${after}`);
    expect((await unless('#ifdef USERSPACE_TEST\n')).list).toEqual([]);
    expect((await unless('#if defined(TEST) || MORE\n#ifdef X\n#endif\n')).list).toEqual([]);
    // A guard is not a choice, a choice that is over is none, and BPF programs are built for BPF.
    for (const before of ['#ifndef P_H\n#define P_H\n', '#ifdef X\n#endif\n#ifdef __bpf__\n'])
      expect((await unless(before)).list, before).toEqual(['unsupported-call: printf']);
    const within = '#ifdef USERSPACE_TEST\n\tprintf("%d", 1);\n#else\n\tputs("x");\n#endif\n\tmalloc(8);\n';
    expect((await problemsOf(program('kprobe/vfs_read', within))).list).toEqual(['unsupported-call: malloc']);
  });

  it('reports what the target kernel does not provide to a program type, unless something guards the call', async () => {
    const body = '\tchar comm[16];\n\tbpf_get_current_comm(comm, sizeof(comm));\n';
    const of = (section: string, before = '') =>
      problemsOf(program(section, before + body, 'int p(void *ctx)'));
    const { list, diagnostics } = await of('xdp');
    expect(list).toEqual(['helper-program-type: bpf_get_current_comm']);
    expect(diagnostics[0]).toMatchObject({
      severity: 2,
      message: 'xdp programs cannot call bpf_get_current_comm() here: the target kernel does not let them.',
    });
    expect((await of('kprobe/vfs_read')).list).toEqual([]);
    expect((await of('cgroup/dev')).list).toEqual([]);
    expect((await of('freplace/anything')).list).toEqual([]);
    const guard = '\tif (LINUX_KERNEL_VERSION < KERNEL_VERSION(6, 17, 0))\n\t\treturn 0;\n';
    expect((await of('xdp', guard)).list).toEqual([]);
  });

  it('reports nothing about half-written code, and nothing twice', async () => {
    const unfinished = [
      'SEC("',
      'SEC("kprobe/vfs_read")\nint BPF_KPROBE(p, struct fi',
      'SEC("kprobe/vfs_read")\nint BPF_KPROBE(p)\n{\n\tif (',
      'struct {\n\t__uint(type, ',
      '#include <',
    ];
    for (const text of unfinished) expect((await problemsOf(text, '')).list, text).toEqual([]);
    const { list } = await problemsOf(
      `${program('kprob/vfs_read', '\tif (\n').replace('\treturn 0;\n}\n', '')}\n${program('fentri/vfs_read', '')}`,
    );
    expect(list).toEqual(['section-name: kprob/vfs_read', 'section-name: fentri/vfs_read']);
  });

  it('takes problems back when the file is closed', async () => {
    const { name } = await problemsOf(program('kprob/vfs_read', ''));
    const gone = new Promise<number>(resolve => {
      const subscription = server.connection.onNotification(
        'textDocument/publishDiagnostics',
        (params: { uri: string; diagnostics: unknown[] }) => {
          if (params.uri !== server.uri(name)) return;
          subscription.dispose();
          resolve(params.diagnostics.length);
        },
      );
    });
    await server.connection.sendNotification('textDocument/didClose', {
      textDocument: { uri: server.uri(name) },
    });
    expect(await gone).toBe(0);
  });
});
