/**
 * Which programs may call a helper. The kernel decides by program type in the *_func_proto functions of
 * kernel/trace/bpf_trace.c, net/core/filter.c and kernel/bpf/helpers.c (6.18); listed here is only what they have
 * refused in every release, so that a working program is never marked.
 */
import { findSectionKind, type ProgramFamily, type SectionKind } from '../../shared/bpf/section-kinds';

/** gpl_only = true in the helper's bpf_func_proto. */
const GPL_ONLY = new Set(
  (
    'probe_read probe_read_user probe_read_kernel probe_read_str probe_read_user_str probe_read_kernel_str ' +
    'probe_write_user trace_printk trace_vprintk perf_event_read perf_event_read_value perf_event_output ' +
    'perf_prog_read_value get_stackid get_stack get_current_task get_current_task_btf override_return ' +
    'read_branch_records get_branch_snapshot seq_printf seq_write seq_printf_btf task_pt_regs snprintf ' +
    'copy_from_user_task get_func_ip skb_output xdp_output timer_init timer_set_callback timer_start timer_cancel ' +
    'tcp_send_ack'
  )
    .split(' ')
    .map(name => `bpf_${name}`),
);

/** Macros of libbpf's headers, and the GPL-only helper each calls. */
const MACRO_HELPERS: readonly (readonly [RegExp, string])[] = [
  [/^bpf_printk$/, 'bpf_trace_printk'],
  [
    /^(BPF_CORE_READ(_INTO|_BITFIELD_PROBED)?|bpf_core_read|BPF_PROBE_READ(_INTO)?)$/,
    'bpf_probe_read_kernel',
  ],
  [/^(BPF_CORE_READ_STR_INTO|bpf_core_read_str|BPF_PROBE_READ_STR_INTO)$/, 'bpf_probe_read_kernel_str'],
  [/^(BPF_CORE_READ_USER(_INTO)?|bpf_core_read_user|BPF_PROBE_READ_USER(_INTO)?)$/, 'bpf_probe_read_user'],
  [/^(BPF_CORE_READ_USER_STR_INTO|bpf_core_read_user_str)$/, 'bpf_probe_read_user_str'],
  [/^BPF_SEQ_PRINTF$/, 'bpf_seq_printf'],
  [/^BPF_SNPRINTF$/, 'bpf_snprintf'],
];

/** include/linux/license.h, license_is_gpl_compatible(). */
export const GPL_COMPATIBLE: readonly string[] = [
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
];

/** The GPL-only helper behind a call, or null. */
export function gplOnlyHelper(called: string): string | null {
  if (GPL_ONLY.has(called)) return called;
  return MACRO_HELPERS.find(([pattern]) => pattern.test(called))?.[1] ?? null;
}

const PROBES: readonly ProgramFamily[] = ['kprobe', 'tracepoint', 'raw_tp', 'perf_event'];
const NETWORK: readonly ProgramFamily[] = [
  'xdp',
  'tc',
  'socket',
  'sk',
  'sock_ops',
  'cgroup',
  'lwt',
  'netfilter',
];

/** Helpers whose first argument is a packet, which no probe has. */
const PACKET = new RegExp(
  '^bpf_(' +
    'skb_(?!output|cgroup_classid)\\w+|xdp_(?!output|get_buff_len)\\w+|clone_redirect|l3_csum_replace|l4_csum_replace|csum_(diff|update|level)|' +
    'redirect(_map|_neigh|_peer)?|set_hash(_invalid)?|get_hash_recalc|get_route_realm|get_cgroup_classid|' +
    'msg_(apply_bytes|cork_bytes|pull_data|push_data|pop_data|redirect_map|redirect_hash)|sk_redirect_(map|hash)|' +
    'sock_(map|hash)_update|sock_ops_cb_flags_set|lwt_\\w+|sk_select_reuseport|sk_assign|bind|sysctl_\\w+|fib_lookup|' +
    'tcp_(gen|check|raw_gen|raw_check)_syncookie\\w*|load_hdr_opt|store_hdr_opt|reserve_hdr_opt|rc_\\w+' +
    ')$',
);
/** Helpers that read the traced context, which packet programs lack. */
const TRACE = new Set(
  (
    'get_stackid get_stack override_return perf_event_read perf_event_read_value probe_write_user send_signal ' +
    'send_signal_thread get_func_ip get_func_arg get_func_ret get_func_arg_cnt read_branch_records perf_prog_read_value ' +
    'd_path seq_printf seq_write seq_printf_btf get_branch_snapshot'
  )
    .split(' ')
    .map(name => `bpf_${name}`),
);
/** Helpers of few kinds only, by family. */
const ONLY: Readonly<Record<string, readonly ProgramFamily[]>> = {
  bpf_override_return: ['kprobe', 'ext'],
  bpf_perf_prog_read_value: ['perf_event', 'ext'],
  bpf_read_branch_records: ['perf_event', 'ext'],
  bpf_get_func_arg: ['tracing', 'lsm', 'ext', 'iter', 'struct_ops'],
  bpf_get_func_ret: ['tracing', 'lsm', 'ext', 'iter', 'struct_ops'],
  bpf_get_func_arg_cnt: ['tracing', 'lsm', 'ext', 'iter', 'struct_ops'],
  bpf_get_func_ip: ['kprobe', 'tracing', 'lsm', 'ext', 'iter', 'struct_ops'],
  bpf_seq_printf: ['iter', 'ext', 'tracing'],
  bpf_seq_write: ['iter', 'ext', 'tracing'],
  bpf_seq_printf_btf: ['iter', 'ext', 'tracing'],
  bpf_d_path: ['tracing', 'lsm', 'iter', 'ext', 'struct_ops', 'syscall'],
  bpf_bprm_opts_set: ['lsm', 'ext'],
  bpf_ima_inode_hash: ['lsm', 'ext'],
  bpf_ima_file_hash: ['lsm', 'ext'],
  bpf_xdp_adjust_head: ['xdp', 'ext'],
  bpf_xdp_adjust_tail: ['xdp', 'ext'],
  bpf_xdp_adjust_meta: ['xdp', 'ext'],
  bpf_sys_bpf: ['syscall', 'ext'],
  bpf_sys_close: ['syscall', 'ext'],
  bpf_btf_find_by_name_kind: ['syscall', 'ext'],
};
/** Helpers that may fault a page in: only for sleepable programs. */
const SLEEPABLE = new Set(['bpf_copy_from_user', 'bpf_copy_from_user_task']);
/** Kinds that can attach to any other program: no rule holds for all. */
const OPEN: readonly ProgramFamily[] = ['ext', 'struct_ops', 'other'];

/** Why programs of this kind may not call the helper; null if they may, or if it is unknown. */
export function whyNotCallable(helper: string, kind: SectionKind): string | null {
  const { family } = kind;
  if (OPEN.includes(family)) return null;
  if (SLEEPABLE.has(helper) && !kind.sleepable)
    return `it may sleep, and SEC("${kind.name}") programs may not${sleepableKind(kind) ? `; SEC("${kind.name}.s") may` : ''}`;
  const only = ONLY[helper];
  if (only && !only.includes(family))
    return `only ${only.filter(one => one !== 'ext').join(', ')} programs have it`;
  if (PROBES.includes(family) && PACKET.test(helper))
    return 'it works on packets or sockets, and this program has none';
  if (NETWORK.includes(family) && TRACE.has(helper)) return 'only tracing programs have it';
  return null;
}

/** The sleepable variant of the kind; null if there is none, or the kind is sleepable. */
export function sleepableKind(kind: SectionKind): SectionKind | null {
  return kind.sleepable ? null : findSectionKind(`${kind.name}.s`);
}
