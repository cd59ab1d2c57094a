// SPDX-License-Identifier: GPL-2.0
/* A tool in the manner of libbpf-tools: filters, a start map, histograms per key, entry points shared by two kinds. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define MAX_ENTRIES 10240
#define MAX_SLOTS 27
#define TASK_COMM_LEN 16
#define UPPER_PORTION(x) ((x) >> 16)

const volatile pid_t targ_tgid = 0;
const volatile bool targ_per_process = false;
const volatile bool targ_ms = false;
const volatile __u64 min_ns;

struct hist {
	__u32 slots[MAX_SLOTS];
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENTRIES);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

static struct hist zero;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENTRIES);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

extern int LINUX_KERNEL_VERSION __kconfig;

static __always_inline void *lookup_or_try_init(void *map, const void *key, const void *init)
{
	void *val;
	long err;

	val = bpf_map_lookup_elem(map, key);
	if (val)
		return val;
	err = bpf_map_update_elem(map, key, init, BPF_NOEXIST);
	if (err && err != -17)
		return 0;
	return bpf_map_lookup_elem(map, key);
}

static int trace_entry(void *ctx)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 tgid = id >> 32;
	u32 pid = id;
	u64 ts;

	if (targ_tgid && targ_tgid != tgid)
		return 0;
	ts = bpf_ktime_get_ns();
	bpf_map_update_elem(&start, &pid, &ts, BPF_ANY);
	return 0;
}

static int trace_exit(void *ctx, long ret)
{
	u64 *tsp, delta, slot = 0;
	struct hist *histp;
	u32 pid = (u32)bpf_get_current_pid_tgid();
	u32 hkey = targ_per_process ? pid : 0;

	tsp = bpf_map_lookup_elem(&start, &pid);
	if (!tsp)
		return 0;
	delta = bpf_ktime_get_ns() - *tsp;
	if (delta < min_ns)
		goto cleanup;
	histp = lookup_or_try_init(&hists, &hkey, &zero);
	if (!histp)
		goto cleanup;
	if (targ_ms)
		delta /= 1000000U;
	else
		delta /= 1000U;
	if (slot >= MAX_SLOTS)
		slot = MAX_SLOTS - 1;
	__sync_fetch_and_add(&histp->slots[slot], 1);
	bpf_get_current_comm(&histp->comm, sizeof(histp->comm));
cleanup:
	bpf_map_delete_elem(&start, &pid);
	return 0;
}

SEC("fentry/vfs_read")
int BPF_PROG(vfs_read_fentry)
{
	return trace_entry(ctx);
}

SEC("fexit/vfs_read")
int BPF_PROG(vfs_read_fexit, struct file *file, char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	return trace_exit(ctx, ret);
}

SEC("kprobe/vfs_read")
int BPF_KPROBE(vfs_read_entry)
{
	return trace_entry(ctx);
}

SEC("kretprobe/vfs_read")
int BPF_KRETPROBE(vfs_read_exit, long ret)
{
	return trace_exit(ctx, ret);
}

char LICENSE[] SEC("license") = "GPL";
