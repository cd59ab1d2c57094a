// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Sections that name what only root may read, in ways that libbpf would follow. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("?uprobe//var/tmp/bpfw-files/bi\nnary:probed")
int newline(void *ctx)
{
	return 0;
}

/* libbpf reads the number of the tracepoint from events/sched/.../id below tracefs, wherever that is. */
SEC("?tp/sched/../../../../../../../../var/tmp/bpfw-files")
int out_of_tracefs(void *ctx)
{
	return 0;
}

SEC("?uprobe.multi//var/tmp/bpfw-files/binary:probed")
int multi(void *ctx)
{
	return 0;
}

SEC("?uprobe//var/tmp/bpfw-files/binary:probed")
int plain(void *ctx)
{
	return 0;
}

SEC("?tp/sched/sched_switch")
int observes(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
