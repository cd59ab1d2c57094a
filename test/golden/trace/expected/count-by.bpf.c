// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * vfs_read-count - vfs_read: how often it is called, by comm and file->f_inode->i_mode & 61440, where count > 100 && comm == "dd".
 *
 * Written by: bpfw trace vfs_read --count --by comm --by 'file->f_inode->i_mode & 61440' --where 'count > 100 && comm == "dd"'
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_KEYS 10240

struct trace_key {
	char comm[16];
	__u64 value;
};

struct trace_count {
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KEYS);
	__type(key, struct trace_key);
	__type(value, struct trace_count);
} counts SEC(".maps") BPFW_LABEL("vfs_read calls");

__u64 keys_missed BPFW_LABEL("Calls with a new key when the table was full");

static __always_inline void count_call(const struct trace_key *key)
{
	struct trace_count *found = bpf_map_lookup_elem(&counts, key), none = {};

	if (!found) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&counts, key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&counts, key);
	}
	if (!found) {
		__sync_fetch_and_add(&keys_missed, 1);
		return;
	}
	__sync_fetch_and_add(&found->calls, 1);
}

static __always_inline void vfs_read_called(struct file *file, size_t count)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct trace_key key;
	char comm[16] = {};

	if (target_pid && id >> 32 != target_pid)
		return;
	bpf_get_current_comm(comm, sizeof(comm));
	if (!((count > 100) && (comm[0] == 'd' && comm[1] == 'd' && !comm[2])))
		return;

	__builtin_memset(&key, 0, sizeof(key));
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	key.value = (__u64)BPF_CORE_READ(file, f_inode, i_mode) & 61440;
	count_call(&key);
}

SEC("?fentry/vfs_read")
BPFW_CHOICE("vfs_read", 0)
int BPF_PROG(vfs_read_fentry, struct file *file, char *buf, size_t count)
{
	vfs_read_called(file, count);
	return 0;
}

SEC("?kprobe/vfs_read")
BPFW_CHOICE("vfs_read", 1)
int BPF_KPROBE(vfs_read_kprobe, struct file *file, char *buf, size_t count)
{
	vfs_read_called(file, count);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
