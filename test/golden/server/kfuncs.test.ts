/**
 * kfuncs in completion, on the kernels there are: those whose BTF marks them, and those before 6.9 that are known by
 * name. What 6.1 registers for which program type was read from its source (register_btf_kfunc_id_set() in
 * kernel/trace/bpf_trace.c, kernel/cgroup/rstat.c, kernel/bpf/helpers.c, net/ipv4/bpf_tcp_ca.c, net/ipv4/tcp_cubic.c).
 */
import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompletionItem, Hover } from 'vscode-languageserver/node';
import { parseBtf } from '../../../src/shared/btf/btf';
import { kernelBtfFiles } from '../../unit/compile/toolchain';
import { bundleServer, ServerUnderTest, scratch } from './client';

const folder = scratch();
const kernels = await kernelBtfFiles(folder);

const KEYS = ['bpf_key_put', 'bpf_lookup_system_key'];
const SLEEPABLE_KEYS = ['bpf_lookup_user_key', 'bpf_verify_pkcs7_signature'];
const CONGESTION = [
  'cubictcp_acked',
  'cubictcp_cong_avoid',
  'cubictcp_cwnd_event',
  'cubictcp_init',
  'cubictcp_recalc_ssthresh',
  'cubictcp_state',
  'tcp_cong_avoid_ai',
  'tcp_reno_cong_avoid',
  'tcp_reno_ssthresh',
  'tcp_reno_undo_cwnd',
  'tcp_slow_start',
];
const TRACING = [...KEYS, 'cgroup_rstat_updated', 'crash_kexec'];
/** What 6.1 gives to programs of a section; what a module would add (conntrack, bbr) is in the module's BTF. */
const BY_SECTION_6_1: Readonly<Record<string, readonly string[]>> = {
  'fentry/vfs_read': TRACING,
  'fentry.s/vfs_read': [...TRACING, ...SLEEPABLE_KEYS, 'cgroup_rstat_flush'],
  'tp_btf/sched_switch': TRACING,
  'lsm/file_open': TRACING,
  'lsm.s/file_open': [...TRACING, ...SLEEPABLE_KEYS, 'cgroup_rstat_flush'],
  'iter/task': TRACING,
  'struct_ops/ssthresh': CONGESTION,
  'kprobe/vfs_read': [],
  'tp/sched/sched_switch': [],
  'raw_tp/sched_switch': [],
  perf_event: [],
  syscall: [],
  xdp: [],
  tc: [],
  'cgroup_skb/ingress': [],
};

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(kernels)('kfuncs of %s', btfPath => {
  let server: ServerUnderTest;
  let count = 0;
  const btf = parseBtf(new Uint8Array(readFileSync(btfPath)));
  const marked = new Set(
    [...btf.ids('decl_tag')].flatMap(id => {
      const tag = btf.type(id);
      return tag.kind === 'decl_tag' && tag.tag === 'bpf_kfunc' ? [btf.name(tag.type)] : [];
    }),
  );
  const isNamed = (name: string) => btf.find('func', name) !== null;
  const helpers = btf.find('enum', 'bpf_func_id');
  const helperType = helpers === null ? null : btf.type(helpers);
  const hasHelper = (name: string) =>
    helperType?.kind === 'enum' && helperType.values.some(one => one.name === name);
  /** 6.1 has the last helper but one, and not yet what 6.2 began with. */
  const is61 =
    marked.size === 0 && hasHelper('BPF_FUNC_user_ringbuf_drain') && !hasHelper('BPF_FUNC_cgrp_storage_get');

  const program = (section: string, body: string) =>
    `#include "vmlinux.h"\n#include <bpf/bpf_helpers.h>\n\nSEC("${section}")\nint program(void *ctx)\n{\n\t${body}\n\treturn 0;\n}\n`;
  const offered = async (section: string): Promise<CompletionItem[]> => {
    // Every letter that kfuncs begin with, in one list: editors filter.
    const items = await server.complete(`kfuncs${++count}.bpf.c`, program(section, 'b§'));
    return items.filter(item => item.labelDetails?.description === 'kfunc');
  };

  beforeAll(async () => {
    server = await ServerUnderTest.start(await bundleServer(folder), { btfPath });
  }, 60_000);
  afterAll(() => server.stop());

  it.each(Object.entries(BY_SECTION_6_1))('SEC("%s")', async (section, of61) => {
    const names = (await offered(section)).map(item => item.label);
    expect(names.filter(name => !isNamed(name))).toEqual([]);
    if (marked.size > 0) expect(names.filter(name => !marked.has(name))).toEqual([]);
    if (is61) expect([...names].sort()).toEqual([...of61].sort());
  });

  it('come with documentation: signature, release, program types', async () => {
    const [item] = (await offered('fentry/vfs_read')).filter(one => one.label === 'bpf_key_put');
    const resolved = await server.connection.sendRequest<CompletionItem>('completionItem/resolve', item);
    const text = typeof resolved.documentation === 'object' ? resolved.documentation.value : '';
    expect(text).toContain('```c\nvoid bpf_key_put(struct bpf_key *bkey)\n```');
    expect(text).toContain('since 6.1');
    expect(text).toMatch(/For tracing, lsm, iter(, tracepoint, perf_event)?(, syscall)? programs\./);
    expect(text).toContain('release what was looked up with bpf_key_put()');
  });

  it('show where only programs that may sleep have them', async () => {
    const found = await server.at<Hover>(
      'textDocument/hover',
      `kfuncs${++count}.bpf.c`,
      program('fentry.s/vfs_read', 'bpf_lookup_user§_key(1, 0);'),
    );
    const text = typeof found.contents === 'object' && 'value' in found.contents ? found.contents.value : '';
    expect(text).toContain('struct bpf_key *bpf_lookup_user_key(');
    expect(text).toContain('Only for programs that may sleep');
  });
});
