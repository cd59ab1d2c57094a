/**
 * What programs call: which helpers and kernel functions (kfuncs) change something beyond what the program's type says.
 * Helper numbers are those of enum bpf_func_id, include/uapi/linux/bpf.h; the kernel adds none since 211.
 */

interface ChangingHelper {
  readonly name: string;
  /** As the end of "the program ...". */
  readonly changes: string;
}

/**
 * Helpers that packet and socket programs alone may call for their packets (bpf_skb_store_bytes, bpf_redirect, bpf_sk_assign
 * and others of net/core/filter.c) are not listed: the types of those programs need consent for just that. Helpers that
 * write maps, local storage, timers and buffers change only what is the program's own.
 */
const CHANGING_HELPERS: ReadonlyMap<number, ChangingHelper> = new Map([
  [36, { name: 'bpf_probe_write_user', changes: 'writes into the memory of processes' }],
  // Iterators over sockets have it, too (net/core/filter.c, bpf_iter_tcp_get_func_proto).
  [49, { name: 'bpf_setsockopt', changes: 'changes options of sockets' }],
  [58, { name: 'bpf_override_return', changes: 'makes kernel functions fail' }],
  [64, { name: 'bpf_bind', changes: 'binds sockets to addresses' }],
  [104, { name: 'bpf_sysctl_set_new_value', changes: 'changes what is written to sysctls' }],
  [109, { name: 'bpf_send_signal', changes: 'sends signals to processes' }],
  [116, { name: 'bpf_tcp_send_ack', changes: 'sends TCP packets' }],
  [117, { name: 'bpf_send_signal_thread', changes: 'sends signals to threads' }],
  [159, { name: 'bpf_bprm_opts_set', changes: 'changes how programs are executed' }],
  [166, { name: 'bpf_sys_bpf', changes: 'calls bpf(2)' }],
  [168, { name: 'bpf_sys_close', changes: 'closes file descriptors' }],
  [187, { name: 'bpf_set_retval', changes: 'changes what system calls return' }],
]);

/** bpf_cgrp_storage_delete. */
const LAST_KNOWN_HELPER = 211;

/**
 * libbpf writes such numbers over what cannot be relocated (poisoned instructions, tools/lib/bpf/relo_core.c and
 * libbpf.c): the kernel has no such helper and refuses a program that could reach one.
 */
const POISONED_RELOCATION = 0xbad2310;
const FIRST_POISONED_REFERENCE = 2_001_000_000;

/** The helper's name, or its number where this table ends before it; null when it changes nothing. */
export function changingHelper(id: number): string | null {
  const known = CHANGING_HELPERS.get(id);
  if (known) return known.name;
  const harmless =
    (id >= 0 && id <= LAST_KNOWN_HELPER) || id === POISONED_RELOCATION || id >= FIRST_POISONED_REFERENCE;
  return harmless ? null : String(id);
}

/** What a call of the helper does that changingHelper() gave this name, as the end of "the program ...". */
export function helperChanges(name: string): string {
  const known = [...CHANGING_HELPERS.values()].find(helper => helper.name === name);
  return known
    ? `${known.changes} (it calls ${name})`
    : `calls a helper this version does not know (number ${name}), so what it may change is not known`;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/**
 * Kernel functions that read, count references, or change only the program's own memory and objects: the sets that
 * kernel/bpf/helpers.c, cpumask.c, map_iter.c, kernel/trace/bpf_trace.c, kernel/cgroup/rstat.c, net/core/xdp.c and
 * fs/bpf_fs_kfuncs.c register (6.1 to 6.18).
 */
const OBSERVING_KFUNCS = names(
  'bpf_cast_to_kern_ctx bpf_rdonly_cast bpf_rcu_read_lock bpf_rcu_read_unlock bpf_preempt_disable bpf_preempt_enable ' +
    'bpf_local_irq_save bpf_local_irq_restore bpf_res_spin_lock bpf_res_spin_unlock bpf_res_spin_lock_irqsave ' +
    'bpf_res_spin_unlock_irqrestore bpf_throw bpf_obj_new_impl bpf_obj_drop_impl bpf_percpu_obj_new_impl ' +
    'bpf_percpu_obj_drop_impl bpf_refcount_acquire_impl bpf_list_push_front_impl bpf_list_push_back_impl ' +
    'bpf_list_pop_front bpf_list_pop_back bpf_list_front bpf_list_back bpf_rbtree_remove bpf_rbtree_add_impl ' +
    'bpf_rbtree_first bpf_rbtree_root bpf_rbtree_left bpf_rbtree_right bpf_task_acquire bpf_task_acquire_not_zero ' +
    'bpf_task_kptr_get bpf_task_release bpf_task_from_pid bpf_task_from_vpid bpf_task_under_cgroup ' +
    'bpf_task_get_cgroup1 bpf_cgroup_acquire bpf_cgroup_kptr_get bpf_cgroup_release bpf_cgroup_ancestor ' +
    'bpf_cgroup_from_id cgroup_rstat_updated cgroup_rstat_flush css_rstat_updated css_rstat_flush ' +
    'bpf_map_sum_elem_count bpf_get_kmem_cache bpf_arena_alloc_pages bpf_arena_free_pages bpf_wq_init bpf_wq_start ' +
    'bpf_wq_set_callback_impl bpf_session_is_return bpf_session_cookie bpf_dynptr_from_skb bpf_dynptr_from_xdp ' +
    'bpf_dynptr_slice bpf_dynptr_slice_rdwr bpf_dynptr_adjust bpf_dynptr_is_null bpf_dynptr_is_rdonly bpf_dynptr_size ' +
    'bpf_dynptr_clone bpf_dynptr_copy bpf_dynptr_memset bpf_copy_from_user_str bpf_copy_from_user_task_str ' +
    'bpf_copy_from_user_dynptr bpf_copy_from_user_str_dynptr bpf_copy_from_user_task_dynptr ' +
    'bpf_copy_from_user_task_str_dynptr bpf_probe_read_user_dynptr bpf_probe_read_kernel_dynptr ' +
    'bpf_probe_read_user_str_dynptr bpf_probe_read_kernel_str_dynptr bpf_strcmp bpf_strcasecmp bpf_strchr ' +
    'bpf_strchrnul bpf_strnchr bpf_strrchr bpf_strlen bpf_strnlen bpf_strspn bpf_strcspn bpf_strstr bpf_strnstr ' +
    'bpf_get_task_exe_file bpf_put_file bpf_path_d_path bpf_get_file_xattr bpf_get_dentry_xattr ' +
    'bpf_get_fsverity_digest bpf_lookup_system_key bpf_key_put bpf_xdp_metadata_rx_timestamp ' +
    'bpf_xdp_metadata_rx_hash bpf_xdp_metadata_rx_vlan_tag',
);

/**
 * Open-coded iterators, whose names the kernel enforces (check_iter_kfuncs of kernel/bpf/btf.c), and sets of CPUs that
 * belong to the program.
 */
const OBSERVING_KFUNC = /^(bpf_iter_\w+_(new|next|destroy)|bpf_cpumask_\w+)$/;

/** Descriptions of the effects of kernel functions. */
const CHANGING_KFUNCS: ReadonlyMap<string, string> = new Map([
  ['crash_kexec', 'crashes this system'],
  ['bpf_send_signal_task', 'sends signals to processes'],
  ['bpf_sock_destroy', 'ends connections'],
  ['bpf_lookup_user_key', 'may create keyrings'],
  ['bpf_set_dentry_xattr', 'changes attributes of files'],
  ['bpf_remove_dentry_xattr', 'changes attributes of files'],
]);

/** True for a kernel function that may change something: every one that is not known to only observe. */
export const isChangingKfunc = (name: string): boolean =>
  !OBSERVING_KFUNCS.has(name) && !OBSERVING_KFUNC.test(name);

/** What a call of that kernel function does, as the end of "the program ...". */
export function kfuncChanges(name: string): string {
  const known = CHANGING_KFUNCS.get(name);
  return known
    ? `${known} (it calls the kernel function ${name})`
    : `calls the kernel function ${name}, which is not known to only observe`;
}

/** A call of a kernel function as libbpf relocated it. */
export interface KfuncCall {
  /** In the kernel's BTF, or in that of the module at `module`. */
  readonly btfId: number;
  /** 0: the kernel itself. Otherwise libbpf's index of the module's BTF. */
  readonly module: number;
}

export interface Calls {
  readonly helpers: ReadonlySet<number>;
  readonly kfuncs: readonly KfuncCall[];
}

/** BPF_JMP | BPF_CALL. */
const CALL_OPCODE = 0x85;
const INSTRUCTION_BYTES = 8;
/** Source register of a call: 0 a helper, 1 (BPF_PSEUDO_CALL) a function of the program, 2 (BPF_PSEUDO_KFUNC_CALL) a kernel function. */
const HELPER_CALL = 0;
const KFUNC_CALL = 2;

/**
 * What little-endian instructions call, each once. Give it a program's instructions after load: libbpf has then appended
 * the program's own functions and relocated calls of kernel functions.
 */
export function callsOf(instructions: Uint8Array): Calls {
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.byteLength);
  const helpers = new Set<number>();
  const kfuncs = new Map<string, KfuncCall>();
  for (let at = 0; at + INSTRUCTION_BYTES <= instructions.byteLength; at += INSTRUCTION_BYTES) {
    if (view.getUint8(at) !== CALL_OPCODE) continue;
    const source = view.getUint8(at + 1) >> 4;
    const immediate = view.getInt32(at + 4, true);
    if (source === HELPER_CALL) helpers.add(immediate);
    if (source !== KFUNC_CALL) continue;
    const module = view.getInt16(at + 2, true);
    kfuncs.set(`${module}:${immediate}`, { btfId: immediate, module });
  }
  return { helpers, kfuncs: [...kfuncs.values()] };
}
