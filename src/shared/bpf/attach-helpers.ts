/**
 * Helpers that a program type has, but that the kernel allows at some of its attach points only: by `allowed` of their
 * bpf_func_proto (check_helper_call() of kernel/bpf/verifier.c: "helper call is not allowed in probe"), or by the type's
 * func_proto function.
 */
import type { ParsedSection } from './section-kinds';

/** btf_allowlist_d_path of kernel/trace/bpf_trace.c, Linux 5.10 to 6.12; the security_ ones depend on the configuration. */
const D_PATH_FUNCTIONS: readonly string[] = [
  'security_file_permission',
  'security_inode_getattr',
  'security_file_open',
  'security_path_truncate',
  'vfs_truncate',
  'vfs_fallocate',
  'dentry_open',
  'vfs_getattr',
  'filp_close',
];

/** bpf_lsm_locked_sockopt_hooks and bpf_lsm_unlocked_sockopt_hooks of kernel/bpf/bpf_lsm.c, since 6.0. */
const SOCKOPT_HOOKS: readonly string[] = [
  'socket_sock_rcv_skb',
  'sock_graft',
  'inet_csk_clone',
  'inet_conn_established',
  'socket_post_create',
  'socket_socketpair',
];

const RESTRICTED: ReadonlySet<string> = new Set(['bpf_d_path', 'bpf_getsockopt', 'bpf_setsockopt']);

/** Where bpf_d_path() is allowed (bpf_d_path_allowed()), as the end of "the kernel allows it ...". */
export const D_PATH_PLACES = `to iterators, to LSM hooks that may sleep, and to fentry and fexit of ${D_PATH_FUNCTIONS.join(', ')}`;

/**
 * Why the kernel refuses the helper to a program of this section, though its type has it; null where it does not, and
 * where that is not known: without a target, and at LSM hooks, of which each release lets other ones sleep.
 */
export function whyNotAttachedThere(helper: string, { kind, target }: ParsedSection): string | null {
  if (!RESTRICTED.has(helper)) return null;
  if (helper === 'bpf_d_path' && kind.family === 'tracing') {
    // A BTF tracepoint is none of the functions.
    const isAllowed = kind.name !== 'tp_btf' && (!target || D_PATH_FUNCTIONS.includes(target));
    return isAllowed ? null : `the kernel allows it ${D_PATH_PLACES}`;
  }
  const isSockopt = helper !== 'bpf_d_path' && kind.name === 'lsm_cgroup';
  return !isSockopt || !target || SOCKOPT_HOOKS.includes(target)
    ? null
    : `the kernel allows it at the LSM hooks ${SOCKOPT_HOOKS.join(', ')}`;
}
