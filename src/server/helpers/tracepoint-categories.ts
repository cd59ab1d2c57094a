/**
 * Categories of the kernel's own tracepoints by how their names begin (TRACE_SYSTEM of include/trace/events/*.h). Only
 * root may list tracefs; for other users this is where a tracepoint that BTF names is found.
 */
const BY_PREFIX: readonly (readonly [RegExp, string])[] = [
  [/^(sched_|pelt_)/, 'sched'],
  [/^block_/, 'block'],
  [/^(netif_|net_dev_|napi_gro_)/, 'net'],
  [/^napi_poll$/, 'napi'],
  [/^(kfree_skb|consume_skb|skb_copy_datagram_iovec)$/, 'skb'],
  [/^tcp_/, 'tcp'],
  [/^udp_/, 'udp'],
  [/^(inet_sk_error_report|inet_sock_set_state|sock_|sk_data_ready)/, 'sock'],
  [/^(irq_handler_|softirq_|tasklet_)/, 'irq'],
  [/^(timer_|hrtimer_|itimer_|tick_stop)/, 'timer'],
  [/^(kmalloc|kmem_cache_|kfree$|mm_page_|rss_stat)/, 'kmem'],
  [/^mm_vmscan_/, 'vmscan'],
  [/^mm_compaction_/, 'compaction'],
  [/^mm_filemap_|^filemap_/, 'filemap'],
  [/^ext4_/, 'ext4'],
  [/^jbd2_/, 'jbd2'],
  [/^xfs_/, 'xfs'],
  [/^btrfs_/, 'btrfs'],
  [/^(writeback_|wbc_|balance_dirty_|bdi_)/, 'writeback'],
  [/^signal_/, 'signal'],
  [/^task_/, 'task'],
  [/^workqueue_/, 'workqueue'],
  [/^(cpu_idle|cpu_frequency|powernv_|suspend_resume|device_pm_|wakeup_source_|clock_|pm_qos_)/, 'power'],
  [
    /^(oom_|reclaim_retry_zone|mark_victim|wake_reaper|start_task_reaping|finish_task_reaping|skip_task_reaping|compact_retry)/,
    'oom',
  ],
  [/^module_/, 'module'],
  [/^page_fault_/, 'exceptions'],
  [/^cgroup_/, 'cgroup'],
  [/^xdp_/, 'xdp'],
  [/^rcu_/, 'rcu'],
  [/^kvm_/, 'kvm'],
  [/^scsi_/, 'scsi'],
  [/^nvme_/, 'nvme'],
  [/^(contention_|lock_)/, 'lock'],
  [/^(migrate_|mm_migrate_)/, 'migrate'],
  [/^(raw_)?sys_(enter|exit)$/, 'raw_syscalls'],
  [/^io_uring_/, 'io_uring'],
  [/^regmap_/, 'regmap'],
  [/^thermal_/, 'thermal'],
  [/^fib_/, 'fib'],
  [/^neigh_/, 'neigh'],
  [/^(vm_unmapped_area|vma_|exit_mmap)/, 'mmap'],
  [/^mmap_lock_/, 'mmap_lock'],
  [/^percpu_/, 'percpu'],
  [/^qdisc_/, 'qdisc'],
  [/^bpf_trace_printk$/, 'bpf_trace'],
];

/** The category a tracepoint of this name is in, or null when its name is ambiguous. */
export function tracepointCategory(name: string): string | null {
  return BY_PREFIX.find(([prefix]) => prefix.test(name))?.[1] ?? null;
}
