// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * urandomread_explicit - reads of /dev/urandom through tracepoints whose record is written out by hand.
 *
 * After bcc's examples/tracing/urandomread-explicit.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (256 * 1024)
#define MAX_READS 4096 /* threads reading at one time */
#define URANDOM_DEVICE (1 << 20 | 9) /* major 1, minor 9: Documentation/admin-guide/devices.txt */

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	bpfw_tid tid;
	__u64 bits BPFW_LABEL("bits read");
	char comm[16];
};

/*
 * Tracepoint records as tracefs describes them: events/CATEGORY/NAME/format lists each field's offset
 * and size. Every record begins with 8 bytes common to all. This works on kernels without BTF; the
 * price is that nothing adjusts the offsets, so they are checked (layout_fits) where BTF is there.
 */
struct urandom_read_args {
	__u64 common;
	int got_bits; /* offset 8 */
	int pool_left; /* 12 */
	int input_left; /* 16 */
};

struct sys_enter_read_args {
	__u64 common;
	__s32 syscall; /* offset 8 */
	__u32 unused;
	__u64 fd; /* 16 */
	__u64 buffer; /* 24 */
	__u64 count; /* 32 */
};

struct sys_exit_read_args {
	__u64 common;
	__s32 syscall; /* offset 8 */
	__u32 unused;
	__s64 returned; /* 16 */
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";

/* Threads inside a read() of /dev/urandom. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_READS);
	__type(key, bpfw_tid);
	__type(value, bool);
} reading SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 reads_missed BPFW_LABEL("Reads not followed");
/* Not 0: this kernel's records differ from the structs above, and nothing is reported. */
__u64 layout_differs BPFW_LABEL("Records of unknown layout");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

static __always_inline bool layout_fits(bool fits)
{
	if (!fits)
		__sync_fetch_and_add(&layout_differs, 1);
	return fits;
}

static __always_inline void report(__u64 bits)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = bpf_ktime_get_ns();
	event->pid = id >> 32;
	event->tid = id;
	event->bits = bits;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

struct trace_event_raw_urandom_read___compat {
	int got_bits;
} __attribute__((preserve_access_index));

/*
 * The original's tracepoint. 5.18 removed it (14c174633f34 "random: remove unused tracepoints"), and
 * so did the stable releases 5.10.119 and 5.15.44: what counts is whether it is there.
 */
SEC("?tracepoint/random/urandom_read")
BPFW_CHOICE("read", 0)
BPFW_NEEDS("tracepoint:random:urandom_read")
int urandom_read(struct urandom_read_args *ctx)
{
	if (!wanted())
		return 0;
	if (!layout_fits(!bpf_core_type_exists(struct trace_event_raw_urandom_read___compat) ||
			 bpf_core_field_offset(struct trace_event_raw_urandom_read___compat, got_bits) ==
				 __builtin_offsetof(struct urandom_read_args, got_bits)))
		return 0;
	report(ctx->got_bits);
	return 0;
}

/* The device a file descriptor of the current task is open on; 0 when it is not a device. */
static __always_inline bpfw_device device_of(__u64 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return BPF_CORE_READ(file, f_inode, i_rdev);
}

/* Since then: the read system call itself, on whatever file descriptor is /dev/urandom. */
SEC("?tracepoint/syscalls/sys_enter_read")
BPFW_CHOICE("read", 1)
int read_begins(struct sys_enter_read_args *ctx)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	bool yes = true;

	if (!wanted())
		return 0;
	if (!layout_fits(bpf_core_field_offset(struct trace_event_raw_sys_enter, args) ==
			 __builtin_offsetof(struct sys_enter_read_args, fd)))
		return 0;
	if (device_of(ctx->fd) != URANDOM_DEVICE)
		return 0;
	if (bpf_map_update_elem(&reading, &tid, &yes, BPF_ANY))
		__sync_fetch_and_add(&reads_missed, 1);
	return 0;
}

SEC("?tracepoint/syscalls/sys_exit_read")
BPFW_CHOICE("read", 1)
int read_ends(struct sys_exit_read_args *ctx)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();

	if (bpf_map_delete_elem(&reading, &tid))
		return 0; /* another file */
	if (!layout_fits(bpf_core_field_offset(struct trace_event_raw_sys_exit, ret) ==
			 __builtin_offsetof(struct sys_exit_read_args, returned)))
		return 0;
	if (ctx->returned >= 0)
		report((__u64)ctx->returned * 8);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
