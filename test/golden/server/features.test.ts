/** Completion, hover, signatures, symbols, definitions and lenses, over the protocol, against a kernel known by heart. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CodeLens,
  CompletionItem,
  DocumentSymbol,
  Hover,
  Location,
  SignatureHelp,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { findClang } from '../../../src/compile/clang';
import { bundleServer, exists, repository, ServerUnderTest, scratch, smallKernel } from './client';

const HEAD = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "bpfw.h"

`;
const MAPS = `struct key {
	u32 pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64 * 2);
	__type(key, struct key);
	__type(value, u64);
} counts SEC(".maps");

`;

describe('editing', () => {
  const folder = scratch();
  let server: ServerUnderTest;
  let count = 0;
  const fresh = () => `edit${++count}.bpf.c`;

  beforeAll(async () => {
    const [bundle, btfPath] = await Promise.all([bundleServer(folder), smallKernel(folder)]);
    server = await ServerUnderTest.start(bundle, {
      btfPath,
      includeFolders: [path.join(repository, 'bpf-templates/include')],
      attachCommand: 'bpf.compileAndAttach',
    });
  }, 60_000);
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.errors).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });

  const labels = (items: readonly CompletionItem[]) => items.map(item => item.label);
  /** The text after taking one proposal, snippet placeholders in ‹›. */
  const taken = (name: string, items: readonly CompletionItem[], label: string): string => {
    const item = items.find(one => one.label === label);
    if (!item?.textEdit || !('range' in item.textEdit))
      throw new Error(`no ${label} with an edit among ${labels(items)}`);
    const { range, newText } = item.textEdit;
    const plain = newText.replace(/\$\{\d+:(\w+)\}/g, '‹$1›');
    return TextDocument.applyEdits(server.document(server.uri(name)), [{ range, newText: plain }]);
  };

  describe('completion of sections', () => {
    it('begins with the kinds, the usual first', async () => {
      const items = await server.complete(fresh(), `${HEAD}SEC("§")`, '"');
      const sorted = [...items].sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1));
      expect(labels(sorted).slice(0, 4)).toEqual(['fentry/', 'fexit/', 'kprobe/', 'kretprobe/']);
      expect(labels(items)).toEqual(
        expect.arrayContaining(['perf_event', 'usdt/', 'iter/', 'cgroup/connect4']),
      );
      expect(labels(items)).not.toContain('xdp/');
    });

    it("brings a program with the function's real arguments", async () => {
      const name = fresh();
      const items = await server.complete(name, `${HEAD}SEC("fentry/vfs_r§")\n`);
      expect(labels(items)).toEqual(['vfs_read']);
      expect(items[0]?.detail).toBe('ssize_t (struct file *file, char *buf, size_t count, loff_t *pos)');
      expect(taken(name, items, 'vfs_read')).toBe(`${HEAD}SEC("fentry/vfs_read")
int BPF_PROG(‹vfs_read_entry›, struct file *file, char *buf, size_t count, loff_t *pos)
{
	$0
	return 0;
}
`);
    });

    const skeletons: readonly (readonly [written: string, label: string, program: string])[] = [
      [
        'fexit/vfs_rea',
        'vfs_read',
        'BPF_PROG(‹vfs_read_exit›, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)',
      ],
      ['fexit/ksys_sy', 'ksys_sync', 'BPF_PROG(‹ksys_sync_exit›)'],
      [
        'kprobe/vfs_wri',
        'vfs_write',
        'BPF_KPROBE(‹vfs_write_entry›, struct file *file, const char *buf, size_t count, loff_t *pos)',
      ],
      ['kretprobe/vfs_rea', 'vfs_read', 'BPF_KRETPROBE(‹vfs_read_exit›, ssize_t ret)'],
      [
        'tp_btf/sched',
        'sched_switch',
        'BPF_PROG(‹sched_switch_entry›, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state)',
      ],
      ['raw_tp/block', 'block_rq_issue', 'BPF_PROG(‹block_rq_issue_entry›, struct request *arg0)'],
      [
        'tp/sched/sched',
        'sched/sched_switch',
        '‹sched_switch_entry›(struct trace_event_raw_sched_switch *ctx)',
      ],
      [
        'tp/syscalls/sys_enter_op',
        'syscalls/sys_enter_openat',
        '‹sys_enter_openat_entry›(struct trace_event_raw_sys_enter *ctx)',
      ],
      [
        'ksyscall/ope',
        'openat',
        'BPF_KSYSCALL(‹openat_entry›, int dfd, const char *filename, int flags, unsigned short mode)',
      ],
      ['lsm/file', 'file_open', 'BPF_PROG(‹file_open_entry›, struct file *file, int ret)'],
      ['lsm/file_f', 'file_free', 'BPF_PROG(‹file_free_entry›, struct file *file)\n{\n\t$0\n\treturn 0;'],
      [
        'fsession/vfs_rea',
        'vfs_read',
        'BPF_PROG(‹vfs_read_entry›, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)',
      ],
      [
        'fmod_ret/vfs_rea',
        'vfs_read',
        'BPF_PROG(‹vfs_read_exit›, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)\n{\n\t$0\n\treturn ret;',
      ],
      [
        'lsm_cgroup/file_o',
        'file_open',
        'BPF_PROG(‹file_open_entry›, struct file *file)\n{\n\t$0\n\treturn 1;',
      ],
      ['uprobe.multi/libc.so.6:mallo', 'libc.so.6:malloc', 'BPF_KPROBE(‹malloc_entry›)'],
      ['uretprobe.multi.s/libc.so.6:mallo', 'libc.so.6:malloc', 'BPF_KRETPROBE(‹malloc_exit›, long ret)'],
      [
        'cgroup/conn',
        'cgroup/connect4',
        '‹connect4_program›(struct bpf_sock_addr *ctx)\n{\n\t$0\n\treturn 1;',
      ],
      ['cgroup/sysc', 'cgroup/sysctl', '‹sysctl_program›(struct bpf_sysctl *ctx)'],
      ['cgroup_skb/in', 'cgroup_skb/ingress', '‹ingress_program›(struct __sk_buff *skb)'],
      [
        'sk_skb/str',
        'sk_skb/stream_parser',
        '‹stream_parser_program›(struct __sk_buff *skb)\n{\n\t$0\n\treturn skb->len;',
      ],
      ['sk_look', 'sk_lookup', '‹sk_lookup_program›(struct bpf_sk_lookup *ctx)\n{\n\t$0\n\treturn SK_PASS;'],
      ['xdp.fr', 'xdp.frags', '‹xdp_frags_program›(struct xdp_md *ctx)\n{\n\t$0\n\treturn XDP_PASS;'],
      ['iter/ta', 'task', '‹task_entry›(struct bpf_iter__task *ctx)'],
      ['?fentry/vfs_rea', 'vfs_read', 'BPF_PROG(‹vfs_read_entry›, struct file *file'],
    ];
    it.each(skeletons)('SEC("%s")', async (written, label, program) => {
      const name = fresh();
      const items = await server.complete(name, `${HEAD}SEC("${written}§")\n`);
      expect(taken(name, items, label)).toContain(
        `${written.replace(/[^/]*\/?[^/]*$/, '').replace(/^(\?)?$/, '$1')}`,
      );
      expect(taken(name, items, label)).toContain(`int ${program}`);
    });

    it('offers to change the result of functions that have one', async () => {
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("fexit/ksys_sy§")\n`))).toEqual(['ksys_sync']);
      expect(await server.complete(fresh(), `${HEAD}SEC("fmod_ret/ksys_sy§")\n`)).toEqual([]);
    });

    it('works while the quote is still open, and brings no second function where one follows', async () => {
      const name = fresh();
      expect(taken(name, await server.complete(name, `${HEAD}SEC("fentry/vfs_rea§`), 'vfs_read')).toContain(
        'SEC("fentry/vfs_read")\nint BPF_PROG(',
      );
      const full = `${HEAD}SEC("fentry/vfs_rea§")\nint BPF_PROG(p)\n{\n\treturn 0;\n}\n`;
      expect(taken(name, await server.complete(name, full), 'vfs_read')).toBe(
        full.replace('vfs_rea§', 'vfs_read'),
      );
    });

    it('reads the functions and static probes of a binary', async () => {
      const items = await server.complete(fresh(), `${HEAD}SEC("uprobe/libc.so.6:malloc§")\n`);
      expect(labels(items)).toContain('libc.so.6:malloc');
      const binary = path.join(folder, 'probed');
      const source =
        '#include <sys/sdt.h>\nint main(void) { DTRACE_PROBE(shop, sale); DTRACE_PROBE1(shop, refund, 3); return 0; }\n';
      writeFileSync(`${binary}.c`, source);
      execFileSync((await findClang()).path, ['-O1', `${binary}.c`, '-o', binary]);
      const probes = await server.complete(fresh(), `${HEAD}SEC("usdt/${binary}:§")\n`);
      expect(labels(probes)).toEqual([`${binary}:shop:refund`, `${binary}:shop:sale`]);
    });

    it('names a probe for itself, not for the + in the path of its library', async () => {
      const binary = path.join(folder, 'libshop++.so.1');
      const source = `${binary}.c`;
      writeFileSync(source, '#include <sys/sdt.h>\nvoid sell(void) { DTRACE_PROBE(shop, sale); }\n');
      execFileSync((await findClang()).path, ['-O1', '-shared', '-fPIC', source, '-o', binary]);
      const probe = fresh();
      const probes = await server.complete(probe, `${HEAD}SEC("usdt/${binary}:§")\n`);
      expect(taken(probe, probes, `${binary}:shop:sale`)).toContain('BPF_USDT(‹sale_entry›)');
    });

    it('finds the binary, by path or by the name libbpf looks for', async () => {
      mkdirSync(path.join(folder, 'bin'), { recursive: true });
      writeFileSync(path.join(folder, 'bin/shop'), '', { mode: 0o755 });
      writeFileSync(path.join(folder, 'bin/notes.txt'), '', { mode: 0o644 });
      const inside = await server.complete(fresh(), `${HEAD}SEC("usdt/${folder}/bin/§")\n`);
      expect(labels(inside)).toEqual([`${folder}/bin/shop:`]);
      const above = await server.complete(fresh(), `${HEAD}SEC("usdt/${folder}/b§")\n`);
      expect(labels(above)).toEqual([`${folder}/bin/`]);
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("uprobe/libc.so§")\n`))).toContain(
        'libc.so.6:',
      );
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("uprobe/ba§")\n`))).toContain('bash:');
    });

    it("offers the members of the kernel's tables of operations, with their signatures", async () => {
      const name = fresh();
      const items = await server.complete(name, `${HEAD}SEC("struct_ops/§")\n`);
      expect(items.map(item => `${item.label} ${item.detail}`)).toEqual([
        'init sched_ext_ops: int (void)',
        'ssthresh tcp_congestion_ops: u32 (struct sock *sk)',
        'cong_avoid tcp_congestion_ops: void (struct sock *sk, u32 arg1, u32 arg2)',
        'init tcp_congestion_ops: void (struct sock *sk)',
      ]);
      expect(taken(name, items, 'ssthresh')).toBe(
        `${HEAD}SEC("struct_ops/ssthresh")\nu32 BPF_PROG(‹ssthresh›, struct sock *sk)\n{\n\t$0\n\treturn 0;\n}\n`,
      );
      expect(taken(name, items, 'cong_avoid')).toBe(
        `${HEAD}SEC("struct_ops/cong_avoid")\nvoid BPF_PROG(‹cong_avoid›, struct sock *sk, u32 arg1, u32 arg2)\n{\n\t$0\n}\n`,
      );
      // Two tables have an init: each brings its own.
      expect(taken(name, items.slice(3), 'init')).toContain('void BPF_PROG(‹init›, struct sock *sk)');
      expect(taken(name, items.slice(0, 1), 'init')).toContain('int BPF_PROG(‹init›)');
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("struct_ops.s/ss§")\n`))).toEqual([
        'ssthresh',
      ]);
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("§")`))).toContain('.struct_ops.link');
      expect(await hoverText(`${HEAD}SEC("struct_ops/cong_av§oid")\n`)).toContain(
        '```c\nvoid cong_avoid(struct sock *sk, u32 arg1, u32 arg2)\n```\nin `struct tcp_congestion_ops`',
      );
    });

    it('offers to freplace the global functions of the programs beside it', async () => {
      mkdirSync(server.folder, { recursive: true });
      writeFileSync(
        path.join(server.folder, 'replaced.bpf.c'),
        `${HEAD}static int hidden(void *ctx)\n{\n\treturn 0;\n}\n__noinline int replaceable(void *ctx)\n{\n\treturn hidden(ctx);\n}\n`,
      );
      const items = await server.complete(fresh(), `${HEAD}SEC("freplace/repl§")\n`);
      rmSync(path.join(server.folder, 'replaced.bpf.c'));
      expect(items.map(item => `${item.label}, ${item.detail}`)).toEqual([
        'replaceable, function of replaced.bpf.c',
      ]);
      expect(
        await server.diagnostics(
          fresh(),
          `${HEAD}SEC("freplace/anything")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`,
        ),
      ).toEqual([]);
      expect(
        await server.diagnostics(
          fresh(),
          `${HEAD}SEC("struct_ops/anything")\nint BPF_PROG(p)\n{\n\treturn 0;\n}\nchar LICENSE[] SEC("license") = "GPL";\n`,
        ),
      ).toEqual([]);
    });

    it('finds names that hold what is written', async () => {
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("fentry/_write§")\n`))).toEqual(['vfs_write']);
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("ksyscall/pena§")\n`))).toEqual(['openat']);
    });

    it('offers the licences that GPL-only helpers want', async () => {
      const items = await server.complete(fresh(), `${HEAD}char LICENSE[] SEC("license") = "§";\n`);
      expect(labels(items)).toEqual(expect.arrayContaining(['GPL', 'Dual BSD/GPL', 'Dual MIT/GPL']));
    });

    it('knows the sections of data', async () => {
      expect(labels(await server.complete(fresh(), `${HEAD}char LICENSE[] SEC("§")`))).toContain('license');
      expect(labels(await server.complete(fresh(), `${MAPS.replace('".maps"', '"§"')}`))).toEqual(['.maps']);
    });
  });

  describe('completion of code', () => {
    const inProgram = (section: string, body: string, head = 'int BPF_PROG(p, struct task_struct *task)') =>
      `${HEAD}${MAPS}SEC("${section}")\n${head}\n{\n${body}\n\treturn 0;\n}\n`;

    const FILES = '\tstruct files_struct *f = 0;\n';
    const FILE = ['f_inode', 'f_pos', 'f_flags'];
    const INODE = ['i_mode', 'i_ino', 'i_nlink', '__i_nlink', 'dirty', 'locked'];
    const members: readonly (readonly [what: string, body: string, expected: readonly string[]])[] = [
      ['a kernel pointer', '\ttask->§', ['__state', 'pid', 'tgid', 'comm', 'mm', 'real_parent', 'tasks']],
      ['a chain', '\ttask->mm->§', ['total_vm', 'map_count']],
      ['half a member', '\ttask->mm->to§', ['total_vm', 'map_count']],
      ['a cast', '\t((struct mm_struct *)task)->§', ['total_vm', 'map_count']],
      [
        'a local',
        '\tstruct inode *i = 0;\n\ti->§',
        ['i_mode', 'i_ino', 'i_nlink', '__i_nlink', 'dirty', 'locked'],
      ],
      ['a local struct', '\tstruct key k;\n\tk.§', ['pid', 'comm']],
      ['an embedded struct', '\ttask->tasks.§', ['next', 'prev']],
      [
        'BPF_CORE_READ',
        '\tBPF_CORE_READ(task, §',
        ['__state', 'pid', 'tgid', 'comm', 'mm', 'real_parent', 'tasks'],
      ],
      [
        'BPF_CORE_READ further',
        '\tint x = BPF_CORE_READ(task, real_parent, mm, §)',
        ['total_vm', 'map_count'],
      ],
      ['BPF_CORE_READ_INTO', '\tBPF_CORE_READ_INTO(&x, task, mm, §)', ['total_vm', 'map_count']],
      ['what BPF_CORE_READ gives', '\tBPF_CORE_READ(task, mm)->§', ['total_vm', 'map_count']],
      ['what a kfunc gives', '\tbpf_task_acquire(task)->mm->§', ['total_vm', 'map_count']],
      ['an unknown name', '\tnothing->§', []],
      ['a member within a member in BPF_CORE_READ', '\tBPF_CORE_READ(task, tasks.§)', ['next', 'prev']],
      ['the member after it', '\tBPF_CORE_READ(task, tasks.next, §)', ['next', 'prev']],
      ['an element of an array of pointers', `${FILES}\tBPF_CORE_READ(f, fds[3], §)`, FILE],
      ['an element of an array', `${FILES}\tBPF_CORE_READ(f, inodes[1].§)`, INODE],
      ['an element, plainly', `${FILES}\tf->fds[1]->§`, FILE],
      ['a chain over lines', '\tBPF_CORE_READ(task,\n\t\t      mm,\n\t\t      §)', ['total_vm', 'map_count']],
      ['bpf_core_field_exists', '\tif (bpf_core_field_exists(task->mm->§))', ['total_vm', 'map_count']],
      [
        'a type in bpf_core_field_exists',
        '\tif (bpf_core_field_exists(struct mm_struct, §))',
        ['total_vm', 'map_count'],
      ],
      ['an initialiser', '\tstruct key k = { .pid = 1, .§ };', ['pid', 'comm']],
      ['a compound literal', '\tx = (struct key){ .§ };', ['pid', 'comm']],
    ];
    it.each(members)('members behind %s', async (_what, body, expected) => {
      expect(labels(await server.complete(fresh(), inProgram('fentry/vfs_read', body), '>'))).toEqual(
        expected,
      );
    });

    it('offers helpers of the program type that the kernel has', async () => {
      const probe = labels(await server.complete(fresh(), inProgram('kprobe/vfs_read', '\tbpf_§')));
      expect(probe).toEqual(
        expect.arrayContaining(['bpf_get_stackid', 'bpf_ktime_get_ns', 'bpf_ringbuf_reserve']),
      );
      expect(probe).not.toContain('bpf_skb_load_bytes');
      expect(probe).not.toContain('bpf_loop');
      const packet = labels(
        await server.complete(fresh(), inProgram('tc', '\tbpf_§', 'int p(struct __sk_buff *skb)')),
      );
      expect(packet).toContain('bpf_skb_load_bytes');
      expect(packet).not.toContain('bpf_get_stackid');
      // A probe's in every kernel, other programs' only in later ones.
      expect(probe).toContain('bpf_get_current_comm');
      expect(packet).not.toContain('bpf_get_current_comm');
    });

    it('offers kfuncs, macros, maps and locals', async () => {
      const items = await server.complete(fresh(), inProgram('fentry/vfs_read', '\tu64 began = 0;\n\tb§'));
      expect(labels(items)).toEqual(
        expect.arrayContaining([
          'bpf_task_acquire',
          'BPF_CORE_READ',
          'bpf_printk',
          'counts',
          'began',
          'task',
          'bpfw_log2_slot',
          'BPFW_SLOTS',
        ]),
      );
      expect(items.find(item => item.label === 'bpf_map_lookup_elem')?.insertText).toMatch(
        /^bpf_map_lookup_elem\(&\$\{1:map\}, &\$\{2:key\}\)\$0$/,
      );
    });

    it('documents what is chosen, only then', async () => {
      const items = await server.complete(fresh(), inProgram('fentry/vfs_read', '\tb§'));
      const documented = async (label: string) => {
        const item = items.find(one => one.label === label);
        expect(item?.documentation, label).toBeUndefined();
        const resolved = await server.connection.sendRequest<CompletionItem>('completionItem/resolve', item);
        return typeof resolved.documentation === 'object' ? resolved.documentation.value : '';
      };
      expect(await documented('bpf_map_lookup_elem')).toContain('**Returns**');
      expect(await documented('bpf_task_acquire')).toContain(
        'struct task_struct *bpf_task_acquire(struct task_struct *p)',
      );
      expect(await documented('bpf_task_acquire')).toContain('what is acquired must be released');
      expect(await documented('BPF_CORE_READ')).toContain('along a chain of members');
      expect(await documented('BPFW_SLOTS')).toContain('#define BPFW_SLOTS');
    });

    it('offers kfuncs to the programs that have them', async () => {
      const offered = async (section: string) =>
        labels(await server.complete(fresh(), inProgram(section, '\tbpf_ta§'))).includes('bpf_task_acquire');
      expect(await offered('fentry/vfs_read')).toBe(true);
      expect(await offered('kprobe/vfs_read')).toBe(false);
    });

    it("offers enumerators, the program's own and the kernel's", async () => {
      const body = '\treturn XDP_§';
      const own = `enum { XDP_MINE = 7 };\n${inProgram('xdp', body, 'int p(struct xdp_md *ctx)')}`;
      const items = await server.complete(fresh(), own);
      expect(labels(items)).toEqual(expect.arrayContaining(['XDP_MINE', 'XDP_PASS', 'XDP_DROP']));
      expect(items.find(item => item.label === 'XDP_PASS')?.detail).toBe('= 2');
      const far = await server.complete(fresh(), inProgram('xdp', '\treturn FAR§'));
      expect(far.filter(item => /^FAR/.test(item.label)).map(item => `${item.label} ${item.detail}`)).toEqual(
        ['FAR_BEGIN = 5', 'FAR_NEAR = 7'],
      );
    });

    it('puts maps first behind &', async () => {
      const items = await server.complete(
        fresh(),
        inProgram('fentry/vfs_read', '\tbpf_map_lookup_elem(&§'),
        '&',
      );
      expect(items).toEqual([]);
      const written = await server.complete(
        fresh(),
        inProgram('fentry/vfs_read', '\tbpf_map_lookup_elem(&c§'),
      );
      expect([...written].sort((a, b) => ((a.sortText ?? '') < (b.sortText ?? '') ? -1 : 1))[0]?.label).toBe(
        'counts',
      );
    });

    it('completes map definitions', async () => {
      const field = (line: string) =>
        server.complete(fresh(), `${HEAD}struct key { u32 a; };\nstruct {\n\t${line}\n} m SEC(".maps");\n`);
      expect(labels(await field('__uint(§)'))).toEqual(
        expect.arrayContaining(['type', 'max_entries', 'map_flags']),
      );
      expect(labels(await field('__type(§)'))).toEqual(['key', 'value']);
      expect(labels(await field('__uint(type, BPF§)'))).toEqual(
        expect.arrayContaining(['BPF_MAP_TYPE_RINGBUF', 'BPF_MAP_TYPE_HASH']),
      );
      expect(labels(await field('__uint(map_flags, §)'))).toContain('BPF_F_NO_PREALLOC');
      const missing = labels(await field('__uint(type, BPF_MAP_TYPE_HASH);\n\t§'));
      expect(missing).toEqual(expect.arrayContaining(['__uint(max_entries, …);', '__type(key, …);']));
      expect(missing).not.toContain('__uint(type, …);');
      expect(labels(await server.complete(fresh(), `${HEAD}struct {\n\t__§\n} m SEC(".maps");\n`))[0]).toBe(
        '__uint(type, …);',
      );
      const plain = labels(await server.complete(fresh(), `${HEAD}struct key {\n\t__§\n};\n`));
      expect(plain).toContain('__u32');
      expect(plain).not.toContain('__uint(type, …);');
      expect(labels(await field('__type(key, s§)'))).toEqual(
        expect.arrayContaining(['struct key', '__u32', 'bpfw_pid']),
      );
    });

    it('completes struct tags, and a program for the section above', async () => {
      const tags = await server.complete(fresh(), inProgram('fentry/vfs_read', '\tstruct ta§'));
      expect(labels(tags)).toEqual(expect.arrayContaining(['key', 'task_struct']));
      const items = await server.complete(fresh(), `${HEAD}SEC("fexit/vfs_write")\n§`);
      expect(items[0]).toMatchObject({
        label: expect.stringContaining('int BPF_PROG(vfs_write_exit, struct file *file'),
        preselect: true,
      });
      expect(labels(items)).toEqual(expect.arrayContaining(['SEC', 'BPFW_RINGBUF', 'BPFW_LABEL']));
    });

    it('completes what a macro stands for', async () => {
      const inMacro = (body: string) => server.complete(fresh(), `${HEAD}${MAPS}${body}\n`);
      expect(labels(await inMacro('#define NOW() bpf_ktime_§'))).toContain('bpf_ktime_get_ns');
      expect(labels(await inMacro('#define SEEN(key) \\\n\tbpf_map_lookup_elem(&co§, key)'))).toContain(
        'counts',
      );
      expect(
        labels(await inMacro('#define PARENT(t) \\\n\tBPF_CORE_READ((struct task_struct *)(t), mm, §)')),
      ).toEqual(['total_vm', 'map_count']);
      expect(labels(await inMacro('#define ON_READ SEC("fentry/vfs_r§")'))).toEqual(['vfs_read']);
    });

    it('says nothing in comments, directives and texts', async () => {
      for (const body of [
        '\t/* bpf_§ */',
        '\t// bpf_§',
        '\tbpf_printk("bpf_§");',
        '#define bpf_§',
        '#define MACRO(bpf_§)',
        '#ifdef bpf_§',
      ])
        expect(await server.complete(fresh(), inProgram('fentry/vfs_read', body))).toEqual([]);
    });
  });

  const hoverText = async (marked: string) => {
    const found = await server.at<Hover | null>('textDocument/hover', fresh(), marked);
    return found && typeof found.contents === 'object' && 'value' in found.contents
      ? found.contents.value
      : null;
  };
  const PROGRAM = `${HEAD}${MAPS}const volatile bpfw_pid target_pid BPFW_LABEL("Process") = 0;

SEC("fentry/vfs_read")
int BPF_PROG(on_read, struct file *file)
{
	struct key key = {};
	u64 *seen = bpf_map_lookup_elem(&counts, &key);
	int mode = BPF_CORE_READ(file, f_inode, i_mode);

	return seen ? mode : 0;
}
`;

  it('hovers', async () => {
    const over = (word: string, at = 0) =>
      hoverText(PROGRAM.replace(word, `${word.slice(0, at)}§${word.slice(at)}`));
    expect(await over('fentry/vfs_read', 8)).toContain(
      '```c\nssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)\n```',
    );
    const helper = await over('bpf_map_lookup_elem');
    expect(helper).toContain('```c\nvoid *bpf_map_lookup_elem(void *map, const void *key)\n```');
    expect(helper).toContain('**Returns**');
    expect(await over('counts SEC')).toBe(
      '```c\nmap counts: hash\n  key    struct key  /* 20 bytes */\n  value  u64  /* 8 bytes */\n  entries  64 * 2 = 128\n```\nShown as a live table.',
    );
    expect(await over('i_mode')).toBe('```c\nunsigned short i_mode\n```\noffset 0 of `struct inode`');
    expect(await over('target_pid')).toContain(
      'A parameter: people can set it before the program is loaded.',
    );
    expect(await over('BPFW_LABEL')).toContain('#define BPFW_LABEL(text)');
    expect(await over('bpfw_pid')).toContain('a process: bpf_get_current_pid_tgid() >> 32');
    expect(await over('return seen', 1)).toBe(null);
    expect(
      await hoverText(
        `${HEAD}struct e {\n\tu32 a;\n\tstruct { int x, y; } in;\n\tunion { u64 q; char c[9]; };\n\tu8 f:3, g:5;\n};\nint f(struct §e *p);\n`,
      ),
    ).toBe(
      [
        '```c',
        'struct e { /* 40 bytes; offset, size */',
        '\tu32 a;                                   /* 0, 4 */',
        '\tstruct {                                 /* 4, 8 */',
        '\t\tint x;                                   /* 4, 4 */',
        '\t\tint y;                                   /* 8, 4 */',
        '\t} in;',
        '\tunion {                                  /* 16, 16 */',
        '\t\tu64 q;                                   /* 16, 8 */',
        '\t\tchar c[9];                               /* 16, 9 */',
        '\t};',
        '\tu8 f : 3;                                /* 32, 1 */',
        '\tu8 g : 5;                                /* 32, 1 */',
        '};',
        '```',
      ].join('\n'),
    );
    expect(await hoverText('enum color { RED, GREEN = 5, BLUE };\nint x = BL§UE;\n')).toContain('BLUE = 6');
    expect(
      await hoverText(`${HEAD}extern struct task_struct *bpf_task_a§cquire(struct task_struct *p) __ksym;\n`),
    ).toContain('(kfunc)');
    expect(await hoverText(`${HEAD}SEC("kprobe.multi/vfs§_*")\n`)).toContain(
      'Matches functions of the target kernel.',
    );
    expect(await hoverText(`${HEAD}SEC("kprobe.multi/xyz§_*")\n`)).not.toContain('Matches');
    expect(await hoverText(`${HEAD}SEC("uprobe/libc.so.6:mallo§c")\n`)).toContain('has this function.');
    expect(await hoverText(`${HEAD}SEC("uprobe/libc.so.6:mallo§x")\n`)).toContain('has no function mallox');
    // Not in this small kernel, but its parameters are known all the same.
    expect(await hoverText(`${HEAD}SEC("ksyscall/unlin§kat")\n`)).toContain(
      'long unlinkat(int dfd, const char *pathname, int flag)',
    );
    expect(await hoverText(PROGRAM.replace('f_inode, i_mode', 'f_inode, dirt§y'))).toContain('u32 dirty');
    expect(await hoverText(PROGRAM.replace('? mode', '? XDP_PA§SS'))).toContain('XDP_PASS = 2');
    const element = PROGRAM.replace(
      'BPF_CORE_READ(file, f_inode, i_mode)',
      'BPF_CORE_READ((struct files_struct *)file, inodes[1].i_in§o)',
    );
    expect(await hoverText(element)).toContain('unsigned long i_ino');
    expect(await hoverText(`${HEAD}SEC("fentry/vfs_rae§d")\n`)).toContain(
      "⚠ The target kernel's BTF has no function vfs_raed(). Nearest: vfs_read.",
    );
    // A kprobe needs no BTF, so nobody can say from here that there is no such function.
    expect(await hoverText(`${HEAD}SEC("kprobe/own_helpe§r")\n`)).toContain(
      "Not in the target kernel's BTF.",
    );
    expect(await hoverText(`${HEAD}SEC("kprobe/vfs_§read")\n`)).toContain('In the target kernel.');
    expect(await hoverText(`${HEAD}struct ino§de *i;\n`)).toBe(
      `\`\`\`c
struct inode { /* 24 bytes; offset, size */
	unsigned short i_mode;                   /* 0, 2 */
	unsigned long i_ino;                     /* 8, 8 */
	union {                                  /* 16, 4 */
		unsigned int i_nlink;                    /* 16, 4 */
		unsigned int __i_nlink;                  /* 16, 4 */
	};
	u32 dirty : 1;                           /* 20, 4 */
	u32 locked : 3;                          /* 20, 4 */
};
\`\`\``,
    );
  });

  it('helps with arguments', async () => {
    const help = (body: string) =>
      server.at<SignatureHelp | null>(
        'textDocument/signatureHelp',
        fresh(),
        PROGRAM.replace('return seen', `${body};\n\treturn seen`),
      );
    const helper = await help('bpf_map_update_elem(&counts, §');
    expect(helper).toMatchObject({
      activeParameter: 1,
      signatures: [
        { label: 'long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)' },
      ],
    });
    const [first] = helper?.signatures ?? [];
    const [from, to] = (first?.parameters?.[1]?.label ?? [0, 0]) as [number, number];
    expect(first?.label.slice(from, to)).toBe('const void *key');
    expect(await help('BPF_CORE_READ(file, f_inode, a, b, §')).toMatchObject({ activeParameter: 2 });
    expect(await help('bpf_task_acquire(§')).toMatchObject({
      signatures: [{ label: 'struct task_struct * bpf_task_acquire(struct task_struct *p)' }],
    });
    expect(await help('mode = (§')).toBe(null);
    expect(await help('bpf_map_update_elem(&counts, &(struct key){ .pid = 1, .comm = {} }, §')).toMatchObject(
      {
        activeParameter: 2,
      },
    );
    expect(await help('if (file) {\n\t\tmode = 1;\n\t}\n\tmode = §')).toBe(null);
    const program = await server.at<SignatureHelp>(
      'textDocument/signatureHelp',
      fresh(),
      `${HEAD}SEC("fexit/vfs_read")\nint BPF_PROG(p, §`,
    );
    expect(program.signatures[0]?.label).toBe(
      'BPF_PROG(name, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)',
    );
  });

  it('lists symbols', async () => {
    const { uri } = await server.write(fresh(), PROGRAM);
    const symbols = await server.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri },
    });
    expect(symbols.map(one => [one.name, one.detail])).toEqual([
      ['key', 'struct'],
      ['counts', 'map hash'],
      ['target_pid', 'parameter'],
      ['on_read', 'fentry/vfs_read'],
    ]);
    expect(symbols[0]?.children?.map(one => [one.name, one.detail])).toEqual([
      ['pid', 'u32'],
      ['comm', 'char [16]'],
    ]);
  });

  it('goes to definitions, in this file, its headers and from user space', async () => {
    const name = fresh();
    const go = (file: string, marked: string) =>
      server.at<Location[] | null>('textDocument/definition', file, marked);
    const textAt = (marked: string, location: Location | undefined) => {
      const document = TextDocument.create('x:', 'c', 1, marked.replace('§', ''));
      return location && document.getText(location.range);
    };
    const map = PROGRAM.replace('&counts, &key', '&cou§nts, &key');
    const [definition] = (await go(name, map)) ?? [];
    expect(definition?.uri).toBe(server.uri(name));
    expect(textAt(map, definition)).toBe('counts');
    expect(definition?.range.start.line).toBe(
      PROGRAM.slice(0, PROGRAM.indexOf('counts SEC')).split('\n').length - 1,
    );
    const [header] = (await go(name, PROGRAM.replace('bpfw_pid', 'bpfw§_pid'))) ?? [];
    expect(header?.uri).toMatch(/bpf-templates\/include\/bpfw\.h$/);

    mkdirSync(server.folder, { recursive: true });
    writeFileSync(path.join(server.folder, 'tool.bpf.c'), PROGRAM);
    const user = 'int main(void)\n{\n\tint fd = bpf_map__fd(skel->maps.cou§nts);\n}\n';
    const [fromUser] = (await go('tool.c', user)) ?? [];
    expect(fromUser?.uri).toBe(server.uri('tool.bpf.c'));
    expect(textAt(PROGRAM, fromUser)).toBe('counts');
    const [program] = (await go('tool.c', 'x = skel->progs.on_§read;\n')) ?? [];
    expect(textAt(PROGRAM, program)).toBe('on_read');
    const [parameter] = (await go('tool.c', 'skel->rodata->target_§pid = 3;\n')) ?? [];
    expect(textAt(PROGRAM, parameter)).toBe('target_pid');
    expect(await go('tool.c', 'int cou§nts;\n')).toEqual([]);

    writeFileSync(
      path.join(server.folder, 'records.h'),
      'struct record {\n\tint pid;\n\tunion { int lost; };\n};\n',
    );
    writeFileSync(
      path.join(server.folder, 'maps.bpf.h'),
      `#include "records.h"\n${MAPS.replace('counts', 'shared')}`,
    );
    const including = `#include "maps.bpf.h"\nSEC("xdp")\nint f(void *ctx)\n{\n\tstruct record r = {};\n\n\treturn r.lost;\n}\n`;
    writeFileSync(path.join(server.folder, 'including.bpf.c'), including);
    const lines = async (file: string, marked: string) =>
      ((await go(file, marked)) ?? []).map(one => `${path.basename(one.uri)}:${one.range.start.line + 1}`);
    expect(await lines('including.bpf.c', including.replace('maps.bpf', 'ma§ps.bpf'))).toEqual([
      'maps.bpf.h:1',
    ]);
    expect(await lines('including.bpf.c', including.replace('r.lost', 'r.lo§st'))).toEqual(['records.h:3']);
    expect(await lines('tool.c', 'x = skel->maps.sha§red;\n')).toEqual(['maps.bpf.h:12']);
  });

  it('finds references', async () => {
    const context = { context: { includeDeclaration: true } };
    const found = await server.at<Location[]>(
      'textDocument/references',
      fresh(),
      PROGRAM.replace('&counts, &key', '&cou§nts, &key'),
      context,
    );
    expect(found).toHaveLength(2);
    expect(
      await server.at<Location[]>(
        'textDocument/references',
        fresh(),
        PROGRAM.replace('int mode', 'in§t mode'),
        context,
      ),
    ).toEqual([]);
  });

  it('puts lenses over programs and maps', async () => {
    const { uri } = await server.write(fresh(), PROGRAM);
    const lenses = await server.connection.sendRequest<CodeLens[]>('textDocument/codeLens', {
      textDocument: { uri },
    });
    expect(lenses.map(lens => [lens.command?.title, lens.command?.command])).toEqual([
      ['▶ Compile and Attach', 'bpf.compileAndAttach'],
      ['vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)', ''],
      ['shown as table', ''],
    ]);
  });

  it("reads a section through the file's own macro", async () => {
    const text = PROGRAM.replace(
      'SEC("fentry/vfs_read")',
      '#define ON_ENTRY(function) SEC("fentry/" #function)\nON_ENTRY(vfs_read)',
    );
    const { uri } = await server.write(fresh(), text);
    const textDocument = { uri };
    const lenses = await server.connection.sendRequest<CodeLens[]>('textDocument/codeLens', { textDocument });
    expect(lenses[1]?.command?.title).toBe(
      'vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)',
    );
    const symbols = await server.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument,
    });
    expect(symbols.find(one => one.name === 'on_read')?.detail).toBe('fentry/vfs_read');
    expect(await hoverText(text.replace('on_read', 'on_§read'))).toContain('vfs_read');
  });

  it('serves a file of another name that is a BPF program, from when it is one', async () => {
    const name = 'tool_kern.c';
    const plain = '#include <stdio.h>\n\nint main(void)\n{\n\treturn 0;\n}\n';
    const program = `${HEAD}SEC("kprob/vfs_read")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`;
    expect(await server.complete(name, `${plain}SEC("§")`)).toEqual([]);
    const found = await server.diagnostics(name, program);
    expect(found.map(one => one.code)).toEqual(['section-name']);
    const items = await server.complete(name, program.replace('kprob/vfs_read', 'fentry/vfs_r§'));
    expect(labels(items)).toEqual(['vfs_read']);
    // And no mark stays behind when it is none any more.
    await server.diagnostics(name, program);
    expect(await server.diagnostics(name, plain)).toEqual([]);
  });

  it('leaves other files alone', async () => {
    expect(await server.complete('other.c', 'SEC("§")')).toEqual([]);
    expect(await server.at('textDocument/hover', 'other.c', 'bpf_§printk();')).toBe(null);
  });
});

describe('without anything', () => {
  it('serves a client that gives no options, and one whose BTF file is none', async () => {
    const folder = scratch();
    const bundle = await bundleServer(folder);
    for (const options of [undefined, { btfPath: path.join(folder, 'missing') }, { btfPath: bundle }]) {
      const server = await ServerUnderTest.start(bundle, options);
      const found = await server.diagnostics(
        'a.bpf.c',
        `${HEAD}SEC("kprob/vfs_read")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`,
      );
      expect(found.map(one => one.code)).toEqual(['section-name']);
      expect((await server.complete('b.bpf.c', 'SEC("§")')).length).toBeGreaterThan(50);
      expect(await server.stop()).toBe(0);
    }
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('tells a pattern that no function of the running kernel matches, where it can know them', async () => {
    const folder = scratch();
    const server = await ServerUnderTest.start(await bundleServer(folder), undefined);
    const program = (pattern: string) =>
      `${HEAD}SEC("kprobe.multi/${pattern}")\nint p(void *ctx)\n{\n\treturn 0;\n}\n`;
    const codes = async (pattern: string) =>
      (await server.diagnostics('a.bpf.c', program(pattern))).map(one => one.code);
    expect(await codes('vfs_*')).toEqual([]);
    expect(await codes('vfs_rea?')).toEqual([]);
    const isKnown = exists('/sys/kernel/btf/vmlinux');
    expect(await codes('vfs_zzz*')).toEqual(isKnown ? ['target-missing'] : []);
    expect(await server.stop()).toBe(0);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
});
