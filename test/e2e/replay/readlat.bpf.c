// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* readlat - how long vfs_read() takes, by command: recorded once in the sandbox VM, replayed by test/e2e/panels.test.ts. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_CALLS 4096 /* threads inside vfs_read() at one time */
#define MAX_COMMANDS 256

struct command {
	char comm[16];
};

struct latency {
	bpfw_slot slots[BPFW_SLOTS];
};

struct total {
	bpfw_count reads BPFW_LABEL("Reads");
	bpfw_bytes bytes BPFW_LABEL("Bytes");
	bpfw_ns slowest BPFW_LABEL("Slowest");
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") BPFW_HELP("0: every process.") = 0;
const volatile __u64 min_us BPFW_LABEL("Shortest call in the histogram") BPFW_UNIT("us") BPFW_RANGE(0, 60000000) = 0;
const volatile bool failures BPFW_LABEL("Calls that failed, too") = true;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, bpfw_tid);
	__type(value, bpfw_timestamp);
} start SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_COMMANDS);
	__type(key, struct command);
	__type(value, struct latency);
} latency SEC(".maps") BPFW_LABEL("Read latency") BPFW_LOG2("us");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_COMMANDS);
	__type(key, struct command);
	__type(value, struct total);
} totals SEC(".maps") BPFW_LABEL("Reads by command");

__u64 reads_timed BPFW_LABEL("Reads timed");

static const struct latency no_latency;
static const struct total no_total;

SEC("fentry/vfs_read")
int BPF_PROG(read_begins)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpfw_tid tid = id;
	bpfw_timestamp now = bpf_ktime_get_ns();

	if (target_pid && id >> 32 != target_pid)
		return 0;
	bpf_map_update_elem(&start, &tid, &now, BPF_ANY);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(read_ends, struct file *file, char *buffer, size_t count, loff_t *at, ssize_t result)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	bpfw_timestamp *began = bpf_map_lookup_elem(&start, &tid);
	struct command command = {};
	struct latency *counts;
	struct total *total;
	bpfw_ns latency_ns;

	if (!began)
		return 0; /* already inside when tracing began */
	latency_ns = bpf_ktime_get_ns() - *began;
	bpf_map_delete_elem(&start, &tid);
	if (result < 0 && !failures)
		return 0;

	__sync_fetch_and_add(&reads_timed, 1);
	bpf_get_current_comm(command.comm, sizeof(command.comm));
	bpf_map_update_elem(&totals, &command, &no_total, BPF_NOEXIST);
	total = bpf_map_lookup_elem(&totals, &command);
	if (!total)
		return 0;
	__sync_fetch_and_add(&total->reads, 1);
	if (result > 0)
		__sync_fetch_and_add(&total->bytes, result);
	if (latency_ns > total->slowest)
		total->slowest = latency_ns;

	if (latency_ns / 1000 < min_us)
		return 0;
	bpf_map_update_elem(&latency, &command, &no_latency, BPF_NOEXIST);
	counts = bpf_map_lookup_elem(&latency, &command);
	if (!counts)
		return 0;
	__sync_fetch_and_add(&counts->slots[bpfw_log2_slot(latency_ns / 1000)], 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
