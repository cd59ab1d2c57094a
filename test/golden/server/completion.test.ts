/** What is offered among much else, definitions in other files, and files that are none of the server's. Whole answers are in features/. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CodeLens, CompletionItem, DocumentSymbol, Hover, Location } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { findClang } from '../../../src/compile/clang';
import { bundleServer, exists, ServerUnderTest, scratch } from './client';

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
    server = await ServerUnderTest.onSmallKernel(folder);
  }, 60_000);
  afterAll(async () => {
    await server.stopWell();
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

    it('distinguishes members of one name in two tables of operations', async () => {
      const name = fresh();
      const items = await server.complete(name, `${HEAD}SEC("struct_ops/§")\n`);
      // Two tables have an init: each brings its own.
      expect(taken(name, items.slice(3), 'init')).toContain('void BPF_PROG(‹init›, struct sock *sk)');
      expect(taken(name, items.slice(0, 1), 'init')).toContain('int BPF_PROG(‹init›)');
      expect(labels(await server.complete(fresh(), `${HEAD}SEC("§")`))).toContain('.struct_ops.link');
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

    it('offers the licences that GPL-only helpers want', async () => {
      const items = await server.complete(fresh(), `${HEAD}char LICENSE[] SEC("license") = "§";\n`);
      expect(labels(items)).toEqual(expect.arrayContaining(['GPL', 'Dual BSD/GPL', 'Dual MIT/GPL']));
    });

    it('knows the sections of data', async () => {
      expect(labels(await server.complete(fresh(), `${HEAD}char LICENSE[] SEC("§")`))).toContain('license');
    });
  });

  describe('completion of code', () => {
    const inProgram = (section: string, body: string, head = 'int BPF_PROG(p, struct task_struct *task)') =>
      `${HEAD}${MAPS}SEC("${section}")\n${head}\n{\n${body}\n\treturn 0;\n}\n`;

    it('offers and explains a helper by the attach point, where the kernel does', async () => {
      const program = (section: string, call: string) =>
        `${HEAD}SEC("${section}")\nint p(void *ctx)\n{\n\t${call}\n}\n`;
      const offered = async (section: string) =>
        labels(await server.complete(fresh(), program(section, 'bpf_d§'))).includes('bpf_d_path');
      expect(await offered('fentry/filp_close')).toBe(true);
      expect(await offered('fentry')).toBe(true);
      expect(await offered('lsm/file_open')).toBe(true);
      expect(await offered('iter/task_file')).toBe(true);
      expect(await offered('fentry/vfs_read')).toBe(false);
      expect(await offered('tp_btf/sched_switch')).toBe(false);
      expect(await offered('kprobe/filp_close')).toBe(false);
      const hover = async (section: string) =>
        JSON.stringify(
          await server.at<Hover>('textDocument/hover', fresh(), program(section, 'bpf_d§_path(0, 0, 0);')),
        );
      expect(await hover('fexit/vfs_read')).toContain(
        'Not for SEC(\\"fexit/vfs_read\\")**: the kernel allows it to iterators',
      );
      expect(await hover('fexit/vfs_getattr')).not.toContain('Not for');
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
  it('serves a client without options, and one whose BTF file is not one', async () => {
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

  it('reports a pattern that no function of the running kernel matches, where it can know them', async () => {
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
