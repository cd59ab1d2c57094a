// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* Records of 32 bytes, `burst` for each getpgid() of one process, through a ring buffer. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "bpfw.h"

#define MAX_BURST 64

struct event {
	bpfw_timestamp ts;
	__u64 sequence;
	bpfw_ns latency;
	bpfw_pid pid;
	__u32 cpu;
};

const volatile __u32 target_pid = 0;
const volatile __u32 burst = 1;

BPFW_RINGBUF(events, struct event, 16 * 1024 * 1024);
BPFW_DROPS(events);
/* One process, on one CPU: no atomics needed. */
__u64 produced;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int produce(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 now = bpf_ktime_get_ns();
	struct event *event;
	__u32 i;

	if (pid != target_pid)
		return 0;
	for (i = 0; i < burst && i < MAX_BURST; i++) {
		produced++;
		event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
		if (!event) {
			events_dropped++;
			continue;
		}
		event->ts = now;
		event->sequence = produced;
		event->latency = produced & 0xfffff;
		event->pid = pid;
		event->cpu = i;
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
