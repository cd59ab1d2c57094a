/**
 * The kfuncs of kernels whose BTF does not mark them: before 6.9, or built with a pahole older than 1.26. Listed by the
 * release that first registered each (the BTF_ID lists passed to register_btf_kfunc_id_set(), and check_kfunc_call()
 * before 5.18; 6.1 was read completely, except its tests). Kfuncs of modules (nf_conntrack, tcp_bbr) are in the
 * modules' BTF.
 */

/** The queries to a kernel's BTF. */
export interface KernelFacts {
  hasFunction(name: string): boolean;
  hasStruct(name: string): boolean;
  hasHelper(name: string): boolean | null;
}

type IsNewEnough = (kernel: KernelFacts) => boolean;

interface Release {
  readonly release: string;
  readonly names: readonly string[];
  /** Where functions of these names are older than kfuncs: what identifies a kernel that has them as kfuncs. */
  readonly isReached?: IsNewEnough;
}

const of = (release: string, names: string, isReached?: IsNewEnough): Release => ({
  release,
  names: names.split(' '),
  ...(isReached ? { isReached } : {}),
});

const RELEASES: readonly Release[] = [
  of(
    '5.13',
    'tcp_reno_ssthresh tcp_reno_cong_avoid tcp_reno_undo_cwnd tcp_slow_start tcp_cong_avoid_ai ' +
      'cubictcp_init cubictcp_recalc_ssthresh cubictcp_cong_avoid cubictcp_state cubictcp_cwnd_event cubictcp_acked ' +
      'bbr_init bbr_main bbr_sndbuf_expand bbr_undo_cwnd bbr_cwnd_event bbr_ssthresh bbr_min_tso_segs bbr_set_state ' +
      'dctcp_init dctcp_update_alpha dctcp_cwnd_event dctcp_ssthresh dctcp_cwnd_undo dctcp_state',
    kernel => kernel.hasStruct('bpf_kfunc_desc'),
  ),
  of('5.18', 'bpf_xdp_ct_lookup bpf_skb_ct_lookup bpf_ct_release'),
  of(
    '6.0',
    'bpf_xdp_ct_alloc bpf_skb_ct_alloc bpf_ct_insert_entry bpf_ct_set_timeout bpf_ct_change_timeout ' +
      'bpf_ct_set_status bpf_ct_change_status',
  ),
  of(
    '6.1',
    'bpf_lookup_user_key bpf_lookup_system_key bpf_key_put bpf_verify_pkcs7_signature bpf_ct_set_nat_info',
  ),
  of('6.1', 'cgroup_rstat_updated cgroup_rstat_flush crash_kexec', kernel =>
    // The helper of the same release, which is always built.
    Boolean(kernel.hasHelper('bpf_user_ringbuf_drain')),
  ),
  of(
    '6.2',
    'bpf_obj_new_impl bpf_obj_drop_impl bpf_list_pop_front bpf_list_pop_back bpf_task_acquire bpf_task_release ' +
      'bpf_task_from_pid bpf_cgroup_acquire bpf_cgroup_release bpf_cgroup_ancestor bpf_cast_to_kern_ctx ' +
      'bpf_rdonly_cast bpf_rcu_read_lock bpf_rcu_read_unlock bpf_skb_get_xfrm_info bpf_skb_set_xfrm_info',
  ),
  of(
    '6.3',
    'bpf_cpumask_create bpf_cpumask_release bpf_cpumask_acquire bpf_cpumask_first bpf_cpumask_first_zero ' +
      'bpf_cpumask_set_cpu bpf_cpumask_clear_cpu bpf_cpumask_test_cpu bpf_cpumask_test_and_set_cpu ' +
      'bpf_cpumask_test_and_clear_cpu bpf_cpumask_setall bpf_cpumask_clear bpf_cpumask_and bpf_cpumask_or ' +
      'bpf_cpumask_xor bpf_cpumask_equal bpf_cpumask_intersects bpf_cpumask_subset bpf_cpumask_empty ' +
      'bpf_cpumask_full bpf_cpumask_copy bpf_rbtree_remove bpf_rbtree_first bpf_xdp_metadata_rx_timestamp ' +
      'bpf_xdp_metadata_rx_hash hid_bpf_get_data hid_bpf_attach_prog hid_bpf_allocate_context ' +
      'hid_bpf_release_context hid_bpf_hw_request',
  ),
  of(
    '6.4',
    'bpf_refcount_acquire_impl bpf_list_push_front_impl bpf_list_push_back_impl bpf_rbtree_add_impl ' +
      'bpf_cgroup_from_id bpf_dynptr_slice bpf_dynptr_slice_rdwr bpf_iter_num_new bpf_iter_num_next ' +
      'bpf_iter_num_destroy bpf_dynptr_from_skb bpf_dynptr_from_xdp bpf_skb_set_fou_encap bpf_skb_get_fou_encap',
  ),
  of(
    '6.5',
    'bpf_cpumask_first_and bpf_cpumask_any_distribute bpf_cpumask_any_and_distribute bpf_task_under_cgroup ' +
      'bpf_dynptr_adjust bpf_dynptr_is_null bpf_dynptr_size bpf_dynptr_clone bpf_sock_destroy',
  ),
  // A helper's own function of that name exists in kernels from 5.19 on.
  of('6.5', 'bpf_dynptr_is_rdonly', kernel => kernel.hasFunction('bpf_dynptr_adjust')),
  of('6.6', 'bpf_map_sum_elem_count'),
  of(
    '6.7',
    'bpf_percpu_obj_new_impl bpf_percpu_obj_drop_impl bpf_throw bpf_iter_task_vma_new bpf_iter_task_vma_next ' +
      'bpf_iter_task_vma_destroy bpf_iter_css_task_new bpf_iter_css_task_next bpf_iter_css_task_destroy ' +
      'bpf_iter_css_new bpf_iter_css_next bpf_iter_css_destroy bpf_iter_task_new bpf_iter_task_next ' +
      'bpf_iter_task_destroy bpf_sock_addr_set_sun_path',
  ),
  of(
    '6.8',
    'bpf_get_file_xattr bpf_get_fsverity_digest bpf_cpumask_weight bpf_task_get_cgroup1 ' +
      'bpf_xdp_metadata_rx_vlan_tag bpf_xdp_get_xfrm_state bpf_xdp_xfrm_state_release',
  ),
  of('6.9', 'bpf_arena_alloc_pages bpf_arena_free_pages'),
  of(
    '6.10',
    'bpf_wq_init bpf_wq_set_callback_impl bpf_wq_start bpf_preempt_disable bpf_preempt_enable ' +
      'bpf_crypto_ctx_create bpf_crypto_ctx_release bpf_crypto_ctx_acquire bpf_crypto_decrypt bpf_crypto_encrypt ' +
      'bpf_session_is_return bpf_session_cookie',
  ),
];

const releases = new Map(RELEASES.flatMap(({ release, names }) => names.map(name => [name, release])));

/** The kernel release that first had the kfunc, "6.1"; null if it is not listed. */
export function kfuncRelease(name: string): string | null {
  return releases.get(name) ?? null;
}

/** Names of the kfuncs in the BTF of a kernel without marks. */
export function unmarkedKfuncs(kernel: KernelFacts): string[] {
  return RELEASES.flatMap(({ names, isReached }) =>
    isReached && !isReached(kernel) ? [] : names.filter(name => kernel.hasFunction(name)),
  );
}
