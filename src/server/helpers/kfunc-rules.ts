/**
 * Which programs may call a kfunc, and what it is for. The kernel registers them in sets by program type
 * (register_btf_kfunc_id_set() of kernel/bpf/helpers.c, net/core/filter.c, fs/bpf_fs_kfuncs.c and others, 6.18); BTF
 * has their names and signatures only.
 */

import type { ProgramFamily, SectionKind } from '../../shared/bpf/section-kinds';
import type { KernelTypes } from '../kernel/kernel-types';

interface KfuncGroup {
  readonly names: RegExp;
  /** Null: every program type. */
  readonly families: readonly ProgramFamily[] | null;
  readonly description: string;
  /** A function of the release that defined these families; older kernels use the next group that matches. */
  readonly since?: string;
}

/** bpf_prog_type_to_kfunc_hook() of kernel/bpf/btf.c: these share one hook. */
const TRACING: readonly ProgramFamily[] = ['tracing', 'lsm', 'iter', 'tracepoint', 'perf_event'];
const GENERIC: readonly ProgramFamily[] = [...TRACING, 'struct_ops', 'syscall', 'tc', 'xdp', 'cgroup'];
/** Before 6.11, which added system call programs (6.10) and control groups. */
const GENERIC_BEFORE: readonly ProgramFamily[] = [...TRACING, 'struct_ops', 'tc', 'xdp'];
const SINCE_6_11 = 'bpf_iter_bits_new';
const SINCE_6_12 = 'bpf_copy_from_user_str';
const SINCE_6_18 = 'bpf_strcasecmp';
const PACKETS: readonly ProgramFamily[] = ['tc', 'socket', 'sk', 'cgroup', 'lwt', 'netfilter'];

const group = (
  names: string,
  families: readonly ProgramFamily[] | null,
  description: string,
  since?: string,
): KfuncGroup => ({
  names: new RegExp(`^(${names})$`),
  families,
  description,
  ...(since === undefined ? {} : { since }),
});

const KEYS = 'Keys and signatures: release what was looked up with bpf_key_put()';
const GENERIC_GROUPS: readonly (readonly [names: string, description: string])[] = [
  [
    'bpf_(percpu_)?obj_(new|drop)_impl|bpf_refcount_\\w+',
    'Memory of a type of your own; bpf_experimental.h wraps it',
  ],
  ['bpf_(list|rbtree)_\\w+', 'Linked list or tree of your own objects, under its spin lock'],
  [
    'bpf_(task|cgroup)_\\w+|bpf_send_signal_task',
    'References to tasks and control groups: what is acquired must be released',
  ],
  ['bpf_throw', 'Ends the program at once, unwinding'],
];

/** The first match counts. */
const GROUPS: readonly KfuncGroup[] = [
  group(
    '\\w*_test(_\\w+|\\d+)?|bpf_kfunc_call_\\w+|bpf_modify_return_\\w+|__\\w+',
    [],
    "The kernel's own tests",
  ),
  group('bpf_iter_\\w+_(new|next|destroy)', null, 'Open-coded iterator: new, next until NULL, destroy'),
  group(
    'bpf_dynptr_from_xdp|bpf_xdp_\\w+',
    ['xdp'],
    'For XDP programs: the packet and its metadata from the driver',
  ),
  group('bpf_dynptr_from_skb_meta|bpf_sk_assign_tcp_reqsk', ['tc'], 'For traffic control'),
  group('bpf_dynptr_from_skb', [...PACKETS, 'tracing'], 'A dynptr over a packet', SINCE_6_12),
  group('bpf_dynptr_from_skb', PACKETS, 'A dynptr over a packet'),
  group(
    'bpf_skb_ct_\\w+|bpf_skb_(get|set)_\\w+',
    ['tc'],
    'For traffic control: tunnels and connection tracking',
  ),
  group(
    'bpf_ct_\\w+',
    ['tc', 'xdp'],
    'Connection tracking: entries from bpf_skb_ct_lookup() or bpf_xdp_ct_lookup()',
  ),
  group('bpf_sock_addr_\\w+', ['cgroup'], 'For SEC("cgroup/...unix")'),
  group('bpf_sock_ops_\\w+', ['sock_ops'], 'For SEC("sockops")'),
  group('bpf_sock_destroy', ['iter'], 'Ends a socket from an iterator'),
  group(
    'bpf_session_\\w+',
    ['kprobe', 'tracing'],
    'For session programs: entry or return, and a value from one to the other',
  ),
  group('bpf_crypto_(en|de)crypt', ['tc', 'xdp', 'syscall'], 'Encrypts or decrypts between dynptrs'),
  group(
    'bpf_crypto_ctx_\\w+',
    ['syscall', 'tc', 'xdp'],
    'A crypto context; created by SEC("syscall") programs only',
  ),
  group(
    'tcp_\\w+|bbr_\\w+|cubictcp_\\w+|dctcp_\\w+',
    ['struct_ops'],
    'Congestion control: what the kernel has',
  ),
  group('scx_bpf_\\w+', ['struct_ops', 'syscall', 'tracing'], 'For schedulers (sched_ext)'),
  group('hid_bpf_\\w+', ['struct_ops', 'syscall', 'tracing'], 'For input devices (HID-BPF)'),
  group('(css|cgroup)_rstat_\\w+', TRACING, "A control group's statistics, brought up to date"),
  group('crash_kexec', TRACING, 'Starts the crash kernel: this one ends. For CAP_SYS_BOOT only'),
  group('bpf_cpumask_\\w+', [...TRACING, 'struct_ops', 'syscall'], 'A set of CPUs', SINCE_6_11),
  group('bpf_cpumask_\\w+', [...TRACING, 'struct_ops'], 'A set of CPUs'),
  group(
    'bpf_(get|set|remove)_(file|dentry)_xattr|bpf_get_task_exe_file|bpf_put_file|bpf_path_d_path',
    ['lsm'],
    'Files, for security hooks',
  ),
  group(
    'bpf_(lookup_(user|system)_key|key_put|verify_pkcs7_signature)',
    [...TRACING, 'syscall'],
    KEYS,
    SINCE_6_18,
  ),
  group('bpf_(lookup_(user|system)_key|key_put|verify_pkcs7_signature)', TRACING, KEYS),
  ...GENERIC_GROUPS.flatMap(([names, description]) => [
    group(names, GENERIC, description, SINCE_6_11),
    group(names, GENERIC_BEFORE, description),
  ]),
  group('bpf_arena_\\w+', null, 'Pages of an arena'),
  group('bpf_dynptr_\\w+', null, 'Bounded access through a dynptr'),
  group('bpf_rcu_read_\\w+', null, 'RCU critical section'),
  group('bpf_preempt_\\w+|bpf_local_irq_\\w+', null, 'Keeps the program on its CPU'),
  group('bpf_res_spin_\\w+', null, 'Spin lock that reports deadlock instead of hanging'),
  group('bpf_wq_\\w+|bpf_task_work_\\w+', null, 'Work that may sleep, later'),
  group('bpf_copy_from_user\\w+|bpf_probe_read_\\w+', null, 'Reads memory of user space or the kernel'),
  group('bpf_str\\w+', null, 'Strings in kernel or program memory'),
  group('bpf_(cast_to_kern_ctx|rdonly_cast)', null, 'The same pointer as a type of the kernel, to read only'),
];

/** KF_SLEEPABLE: only sleepable programs may call them. */
const SLEEPABLE =
  /^(bpf_lookup_user_key|bpf_verify_pkcs7_signature|(css|cgroup)_rstat_flush|bpf_(get|set|remove)_(file|dentry)_xattr|bpf_crypto_ctx_create|bpf_copy_from_user_\w+|hid_bpf_(hw_\w+|(allocate|release)_context|input_report))$/;
/**
 * The hook (enum btf_kfunc_hook, without BTF_KFUNC_HOOK_) under which a kernel keeps the kfuncs of a family's programs:
 * bpf_prog_type_to_kfunc_hook() of kernel/bpf/btf.c. A kernel without the hook has none for them.
 */
const HOOKS: Partial<Readonly<Record<ProgramFamily, readonly string[]>>> = {
  xdp: ['XDP'],
  tc: ['TC'],
  struct_ops: ['STRUCT_OPS'],
  tracing: ['TRACING'],
  lsm: ['TRACING'],
  iter: ['TRACING'],
  tracepoint: ['TRACING'],
  perf_event: ['TRACING'],
  syscall: ['SYSCALL'],
  cgroup: ['CGROUP', 'CGROUP_SKB'],
  socket: ['SOCKET_FILTER'],
  sk: ['SK_SKB'],
  lwt: ['LWT'],
  netfilter: ['NETFILTER'],
  kprobe: ['KPROBE'],
  sock_ops: ['SOCK_OPS'],
};

export interface KfuncAdvice {
  readonly description: string;
  /** Program families that may call it; null: all, or unknown. */
  readonly families: readonly ProgramFamily[] | null;
  /** Only sleepable programs may call it. */
  readonly sleepable: boolean;
}

/** What is known about a kfunc on this kernel. */
export function kfuncAdvice(name: string, kernel: KernelTypes): KfuncAdvice {
  const found = GROUPS.find(
    one => one.names.test(name) && (one.since === undefined || kernel.hasFunction(one.since)),
  );
  const families = found?.families?.filter(family => hasHook(family, kernel)) ?? null;
  return { description: found?.description ?? '', families, sleepable: SLEEPABLE.test(name) };
}

function hasHook(family: ProgramFamily, kernel: KernelTypes): boolean {
  // Before 5.18 there was no such table, and only struct_ops programs had kfuncs.
  if (kernel.enumerator('BTF_KFUNC_HOOK_MAX') === null) return true;
  if ((family === 'tracepoint' || family === 'perf_event') && !kernel.hasFunction(SINCE_6_12)) return false;
  return (HOOKS[family] ?? []).some(hook => kernel.enumerator(`BTF_KFUNC_HOOK_${hook}`) !== null);
}

/** True if a kfunc should be offered to programs of these kinds; with none, to any program. */
export function kfuncFits(name: string, kinds: Iterable<SectionKind>, kernel: KernelTypes): boolean {
  const { families, sleepable } = kfuncAdvice(name, kernel);
  // The kernel's own tests belong to no family.
  if (families?.length === 0) return false;
  return [...kinds].every(kind => {
    // For struct_ops and freplace, the allowed calls depend on what they implement or replace.
    if (kind.family === 'ext' || kind.family === 'other') return true;
    if (sleepable && !kind.sleepable && kind.family !== 'struct_ops') return false;
    return families === null || families.includes(kind.family);
  });
}
