import { describe, expect, it } from 'vitest';
import { readTemplates } from './folders';

const templates = readTemplates();

/** Names people search for: bcc's examples of the seeds, and the two that complete the family. */
const NAMES = [
  'biolatpcts',
  'bitehist',
  'dddos',
  'disksnoop',
  'hello_fields',
  'hello_perf_output',
  'hello_perf_output_using_ns',
  'hello_world',
  'kvm_hypercall',
  'lbr',
  'mallocstacks',
  'mysqld_query',
  'nflatency',
  'nodejs_http_server',
  'setuid_monitor',
  'stack_buildid',
  'stacksnoop',
  'strlen_count',
  'strlen_hist',
  'strlen_hist_ifunc',
  'strlen_snoop',
  'sync_timing',
  'task_switch',
  'tcpv4connect',
  'trace_perf_output',
  'undump',
  'urandomread',
  'urandomread_explicit',
  'vfsreadlat',
];

/** The functions of the seed programs in their order; where several share a name, the program is added. */
const SEED_FUNCTIONS = [
  'trace_req_done',
  'hello (hello_world)',
  'trace_start',
  'trace_completion',
  'count (strlen_hist)',
  'submit_impl_func_addr',
  'submit_resolv_func_addr',
  'count (strlen_count)',
  'printarg (strlen_snoop)',
  'do_entry',
  'do_return',
  'detect_ddos',
  'skb_to_tcphdr',
  'skb_to_iphdr',
  'skb_to_ip6hdr',
  'kprobe__nf_hook_slow',
  'kretprobe__nf_hook_slow',
  'do_trace (mysqld_query)',
  'hello (hello_fields)',
  'trace_stack',
  'urandom_read',
  'kvm_exit',
  'kvm_entry',
  'kvm_hypercall',
  'alloc_enter',
  'kprobe__tcp_v4_connect',
  'kretprobe__tcp_v4_connect',
  'printarg (urandomread_explicit)',
  'count_sched',
  'do_trace (nodejs_http_server)',
  'count (strlen_hist_ifunc)',
  'do_perf_event',
  'do_sys_clone',
  'block_rq_complete',
  'do_trace (sync_timing)',
  'trace_unix_stream_read_actor',
  'hello (hello_perf_output_using_ns)',
  'hello (hello_perf_output)',
];

describe('the set of templates', () => {
  it('has all 29', () => {
    expect(templates.map(template => template.name).sort()).toEqual(NAMES);
  });

  it('covers each of the 38 seed functions once', () => {
    expect(SEED_FUNCTIONS).toHaveLength(38);
    const covered = templates.flatMap(template => template.manifest.seedFunctions);
    expect([...covered].sort()).toEqual([...SEED_FUNCTIONS].sort());
  });
});

describe.each(templates)('$name', ({ name, source, manifest, readme }) => {
  it('is named as its folder', () => {
    expect(manifest.name).toBe(name);
  });

  it('is explained', () => {
    expect(readme).toMatch(new RegExp(`^# ${name}: `));
    // What bpfw printed in the sandbox VM, with the command line and what was typed before it.
    expect(readme).toMatch(
      new RegExp(`\\n## What it looks like\\n\\n( {4}\\$ .*\\n)* {4}\\$ bpfw run ${name} .*\\n {4,}\\S`),
    );
    for (const section of [
      'How to read it',
      'How it attaches',
      'Cost',
      'What it does not see',
      'What the original got wrong',
    ]) {
      expect(readme).toContain(`\n## ${section}\n`);
    }
  });

  it('begins and ends as every BPF program here', () => {
    const order = [
      '// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)',
      `\n * ${name} - `,
      '#include "vmlinux.h"',
      '#include <bpf/bpf_helpers.h>',
      '#include "bpfw.h"',
      'SEC(".maps")',
      'char LICENSE[] SEC("license") = "Dual BSD/GPL";',
    ].filter(part => part !== 'SEC(".maps")' || source.includes(part));
    const places = order.map(part => source.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('counts the events it has no room for', () => {
    const reserved = [...source.matchAll(/bpf_ringbuf_reserve\(&(\w+)/g)].map(match => match[1]);
    for (const map of reserved) {
      expect(source).toContain(`BPFW_DROPS(${map});`);
      expect(source).toContain(`__sync_fetch_and_add(&${map}_dropped, 1);`);
    }
    expect(source.includes('bpf_perf_event_output')).toBe(false);
  });

  it('never takes the thread id for the process id', () => {
    expect(source).not.toMatch(/\bpid\w* = (\(\w+\))?bpf_get_current_pid_tgid\(\);/);
  });
});
