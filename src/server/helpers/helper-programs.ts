/**
 * Which helpers the kernel gives to which program type, as 6.1 has it: what `bpftool feature probe` finds out by loading a
 * program per helper and type, and the *_func_proto() functions of kernel/bpf/helpers.c, kernel/trace/bpf_trace.c,
 * net/core/filter.c, kernel/bpf/cgroup.c, kernel/bpf/bpf_lsm.c for the types it cannot load. What later kernels added is
 * from the same functions of 6.12 and 6.17. Names without bpf_.
 */

import type { SectionKind } from '../../shared/bpf/section-kinds';
import type { KernelTypes } from '../kernel/kernel-types';

/** Available to every type. */
const BASE =
  'dynptr_data dynptr_from_mem dynptr_read dynptr_write for_each_map_elem get_current_task get_current_task_btf ' +
  'get_numa_node_id get_prandom_u32 get_smp_processor_id jiffies64 kptr_xchg ktime_get_boot_ns ktime_get_ns ' +
  'ktime_get_tai_ns loop map_delete_elem map_lookup_elem map_lookup_percpu_elem map_peek_elem map_pop_elem ' +
  'map_push_elem map_update_elem per_cpu_ptr probe_read_kernel probe_read_kernel_str probe_read_user ' +
  'probe_read_user_str ringbuf_discard ringbuf_discard_dynptr ringbuf_output ringbuf_query ringbuf_reserve ' +
  'ringbuf_reserve_dynptr ringbuf_submit ringbuf_submit_dynptr snprintf snprintf_btf spin_lock spin_unlock ' +
  'strncmp strtol strtoul tail_call task_pt_regs this_cpu_ptr timer_cancel timer_init timer_set_callback ' +
  'timer_start trace_printk trace_vprintk user_ringbuf_drain';

/** Types with common helpers; each row adds its own. */
const PROBES = 'kprobe perf_event raw_tp tracepoint';
const TYPED = 'iter lsm lsm_cgroup tp_btf tracing';
const CGROUP = 'cgroup_device cgroup_sock cgroup_sock_addr cgroup_sockopt cgroup_sysctl';
const LWT = 'lwt_in lwt_out lwt_seg6local lwt_xmit';

const of = (types: string, helpers: string) => ({ types: types.split(' '), helpers: helpers.split(' ') });

const ROWS = [
  of(
    `${PROBES} ${TYPED} ${CGROUP} ${LWT} cgroup_skb sk_lookup sk_msg sk_skb sock_ops socket syscall tc xdp`,
    'perf_event_output',
  ),
  of(
    `${TYPED} ${LWT} cgroup_skb cgroup_sock_addr flow_dissector sk_lookup sk_msg sk_skb sock_ops socket syscall tc xdp`,
    'skc_to_mptcp_sock skc_to_tcp6_sock skc_to_tcp_request_sock skc_to_tcp_sock skc_to_tcp_timewait_sock ' +
      'skc_to_udp6_sock skc_to_unix_sock',
  ),
  of(
    `${LWT} cgroup_skb cgroup_sock cgroup_sock_addr cgroup_sysctl flow_dissector sk_lookup sk_msg sk_reuseport sk_skb sock_ops socket struct_ops tc xdp`,
    'ktime_get_coarse_ns',
  ),
  of(
    `${PROBES} ${TYPED} ${CGROUP} sk_msg syscall`,
    'get_current_ancestor_cgroup_id get_current_cgroup_id get_current_pid_tgid get_current_uid_gid',
  ),
  of(`${PROBES} ${TYPED} ${CGROUP} syscall`, 'get_current_comm'),
  of(
    `${TYPED} cgroup_skb cgroup_sock cgroup_sock_addr cgroup_sockopt sk_msg sock_ops struct_ops syscall tc`,
    'sk_storage_get',
  ),
  of(
    `${TYPED} cgroup_skb cgroup_sock cgroup_sock_addr sk_reuseport sk_skb sock_ops socket syscall tc`,
    'get_socket_cookie',
  ),
  of(
    `${TYPED} cgroup_skb cgroup_sock_addr cgroup_sockopt sk_msg sock_ops struct_ops syscall tc`,
    'sk_storage_delete',
  ),
  of(`${CGROUP} ${LWT} sk_msg tc`, 'get_cgroup_classid'),
  of(`${PROBES} ${TYPED} struct_ops syscall`, 'task_storage_delete task_storage_get'),
  of(`${LWT} cgroup_skb flow_dissector sk_reuseport sk_skb socket tc`, 'skb_load_bytes'),
  of(
    `${PROBES} ${TYPED} syscall`,
    'copy_from_user copy_from_user_task current_task_under_cgroup find_vma get_branch_snapshot get_func_ip ' +
      'get_ns_current_pid_tgid get_stack get_stackid get_task_stack perf_event_read perf_event_read_value ' +
      'probe_read probe_read_str probe_write_user send_signal send_signal_thread',
  ),
  of(`${CGROUP} cgroup_skb lsm_cgroup sock_ops`, 'get_local_storage'),
  of(`${TYPED} syscall xdp`, 'xdp_get_buff_len'),
  of(`${CGROUP} lsm_cgroup`, 'get_retval set_retval'),
  of('cgroup_skb cgroup_sock_addr sk_lookup sk_skb tc xdp', 'sk_release'),
  of('cgroup_sock_addr cgroup_sockopt iter lsm_cgroup sock_ops struct_ops', 'getsockopt setsockopt'),
  of(`${TYPED} syscall`, 'd_path skb_output sock_from_file xdp_output'),
  of(`${LWT} tc xdp`, 'csum_diff'),
  of('cgroup_skb cgroup_sock_addr sk_skb tc xdp', 'sk_lookup_tcp sk_lookup_udp skc_lookup_tcp'),
  of('cgroup_sock cgroup_sock_addr cgroup_sockopt sk_msg sock_ops', 'get_netns_cookie'),
  of('kprobe lsm perf_event tracepoint tracing', 'get_attach_cookie'),
  of(`${LWT} tc`, 'get_hash_recalc get_route_realm skb_under_cgroup'),
  of('lwt_in lwt_out lwt_xmit sk_skb tc', 'skb_pull_data'),
  of('cgroup_skb cgroup_sockopt sock_ops tc', 'tcp_sock'),
  of('cgroup_skb sk_reuseport socket tc', 'skb_load_bytes_relative'),
  of('cgroup_skb sk_skb socket tc', 'get_socket_uid'),
  of('lwt_xmit sk_skb tc', 'skb_change_head skb_change_tail skb_store_bytes'),
  of('lwt_xmit tc xdp', 'redirect'),
  of('cgroup_skb tc', 'get_listener_sock sk_fullsock skb_ancestor_cgroup_id skb_cgroup_id skb_ecn_set_ce'),
  of('lsm lsm_cgroup', 'bprm_opts_set ima_file_hash ima_inode_hash inode_storage_delete inode_storage_get'),
  of('lsm tracing', 'get_func_arg get_func_arg_cnt get_func_ret'),
  of('lwt_in lwt_xmit', 'lwt_push_encap'),
  of(
    'lwt_xmit tc',
    'clone_redirect csum_level csum_update l3_csum_replace l4_csum_replace set_hash_invalid skb_get_tunnel_key ' +
      'skb_get_tunnel_opt skb_set_tunnel_key skb_set_tunnel_opt',
  ),
  of('sk_lookup tc', 'sk_assign'),
  of('sk_skb tc', 'skb_adjust_room'),
  of(
    'tc xdp',
    'check_mtu fib_lookup tcp_check_syncookie tcp_gen_syncookie tcp_raw_check_syncookie_ipv4 ' +
      'tcp_raw_check_syncookie_ipv6 tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6',
  ),
  of('cgroup_skb', 'sk_ancestor_cgroup_id sk_cgroup_id'),
  of('cgroup_sock_addr', 'bind'),
  of('cgroup_sysctl', 'sysctl_get_current_value sysctl_get_name sysctl_get_new_value sysctl_set_new_value'),
  of('iter', 'seq_printf seq_printf_btf seq_write'),
  of('kprobe', 'override_return'),
  of('lwt_seg6local', 'lwt_seg6_action lwt_seg6_adjust_srh lwt_seg6_store_bytes'),
  of('perf_event', 'perf_prog_read_value read_branch_records'),
  of(
    'sk_msg',
    'msg_apply_bytes msg_cork_bytes msg_pop_data msg_pull_data msg_push_data msg_redirect_hash msg_redirect_map',
  ),
  of('sk_reuseport', 'sk_select_reuseport'),
  of('sk_skb', 'sk_redirect_hash sk_redirect_map'),
  of(
    'sock_ops',
    'load_hdr_opt reserve_hdr_opt sock_hash_update sock_map_update sock_ops_cb_flags_set store_hdr_opt',
  ),
  of('struct_ops', 'tcp_send_ack'),
  of('syscall', 'btf_find_by_name_kind kallsyms_lookup_name sys_bpf sys_close'),
  of(
    'tc',
    'redirect_neigh redirect_peer set_hash skb_cgroup_classid skb_change_proto skb_change_type ' +
      'skb_get_xfrm_state skb_set_tstamp skb_vlan_pop skb_vlan_push',
  ),
  of('xdp', 'redirect_map xdp_adjust_head xdp_adjust_meta xdp_adjust_tail xdp_load_bytes xdp_store_bytes'),
  of('lirc', 'rc_repeat rc_keydown rc_pointer_rel'),
];

/** Given to every type from a release on, which is recognised by a function of that release. */
const LATER = [
  { since: 'bpf_cgroup_acquire', helpers: 'cgrp_storage_get cgrp_storage_delete' },
  {
    // 6.11; a release before in part.
    since: 'bpf_iter_bits_new',
    helpers:
      'get_current_pid_tgid get_ns_current_pid_tgid get_current_cgroup_id get_current_ancestor_cgroup_id',
  },
  {
    // 6.17; a release before in part.
    since: 'bpf_strlen',
    helpers:
      'get_current_uid_gid get_current_comm current_task_under_cgroup get_cgroup_classid task_storage_get ' +
      'task_storage_delete copy_from_user copy_from_user_task perf_event_read perf_event_read_value send_signal ' +
      'send_signal_thread get_task_stack get_branch_snapshot find_vma',
  },
];

const byHelper = new Map(ROWS.flatMap(row => row.helpers.map(name => [name, new Set(row.types)] as const)));
const toAll = new Set(BASE.split(' '));

/** The program type of a section, as named in the rows; null if the section does not determine what may be called. */
export function programTypeOf(kind: SectionKind): string | null {
  const { name, family } = kind;
  switch (family) {
    case 'ext':
    case 'other':
      return null;
    case 'tracing':
      return name === 'tp_btf' ? 'tp_btf' : 'tracing';
    case 'lsm':
      return name === 'lsm_cgroup' ? 'lsm_cgroup' : 'lsm';
    case 'socket':
      return name === 'flow_dissector' ? 'flow_dissector' : 'socket';
    case 'sk':
      return name.replace(/[/].*$/, '');
    case 'lwt':
      return name;
    case 'cgroup':
      return cgroupType(name);
    default:
      return family;
  }
}

function cgroupType(name: string): string {
  const hook = name.replace(/^cgroup\//, '');
  if (/^cgroup_skb|^skb$/.test(hook)) return 'cgroup_skb';
  if (hook === 'dev') return 'cgroup_device';
  if (hook === 'sysctl') return 'cgroup_sysctl';
  if (/^[gs]etsockopt$/.test(hook)) return 'cgroup_sockopt';
  return /^(sock|sock_create|sock_release|post_bind[46])$/.test(hook) ? 'cgroup_sock' : 'cgroup_sock_addr';
}

/**
 * True if the kernel provides the helper to programs of this kind. `kernel` null: any kernel. Also true if unknown: for
 * a kind whose programs are of any type, and a helper newer than this list.
 */
export function isGiven(helper: string, kind: SectionKind, kernel: KernelTypes | null): boolean {
  const type = programTypeOf(kind);
  const name = helper.replace(/^bpf_/, '');
  if (type === null || toAll.has(name)) return true;
  const types = byHelper.get(name);
  if (types?.has(type)) return true;
  const later = LATER.find(one => one.helpers.split(' ').includes(name));
  if (later) return kernel === null || kernel.hasFunction(later.since);
  return types === undefined;
}

/**
 * Whether this kernel surely refuses the helper to programs of this kind: types have only ever gained helpers, so that
 * what 6.1 does not have, no older kernel has. Nothing is assumed about newer kernels.
 */
export function isWithheld(helper: string, kind: SectionKind, kernel: KernelTypes): boolean {
  return kernel.hasHelper('bpf_cgrp_storage_get') === false && !isGiven(helper, kind, kernel);
}
