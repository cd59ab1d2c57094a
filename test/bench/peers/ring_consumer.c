// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * ring_consumer PID BURST - what one would write by hand: libbpf's ring_buffer__poll()
 * and a callback that puts the fields into columns. Prints counts on SIGUSR1.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <bpf/libbpf.h>
#include "burst.skel.h"

#define COLUMN (1 << 16)

struct event {
	__u64 ts;
	__u64 sequence;
	__u64 latency;
	__u32 pid;
	__u32 cpu;
};

static __u64 ts[COLUMN], sequence[COLUMN], latency[COLUMN];
static __u32 pids[COLUMN], cpus[COLUMN];
static unsigned long long got;
static volatile sig_atomic_t ending, reporting;

static void end(int signal)
{
	ending = 1;
}

static void report(int signal)
{
	reporting = 1;
}

static int on_event(void *context, void *data, size_t size)
{
	const struct event *event = data;
	unsigned int at = got++ % COLUMN;

	ts[at] = event->ts;
	sequence[at] = event->sequence;
	latency[at] = event->latency;
	pids[at] = event->pid;
	cpus[at] = event->cpu;
	return ending ? -EINTR : 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = end }, asked = { .sa_handler = report };
	struct ring_buffer *ring;
	struct burst_bpf *skel;

	if (argc < 3)
		return 2;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &asked, NULL);
	skel = burst_bpf__open();
	if (!skel)
		return 1;
	skel->rodata->target_pid = atoi(argv[1]);
	skel->rodata->burst = atoi(argv[2]);
	if (burst_bpf__load(skel) || burst_bpf__attach(skel))
		return 1;
	ring = ring_buffer__new(bpf_map__fd(skel->maps.events), on_event, NULL, NULL);
	if (!ring)
		return 1;
	printf("ready\n");
	fflush(stdout);
	while (!ending) {
		ring_buffer__poll(ring, 1000);
		if (!reporting)
			continue;
		reporting = 0;
		printf("{\"received\":%llu,\"dropped\":%llu,\"produced\":%llu}\n", got,
		       (unsigned long long)skel->bss->events_dropped,
		       (unsigned long long)skel->bss->produced);
		fflush(stdout);
	}
	ring_buffer__free(ring);
	burst_bpf__destroy(skel);
	return 0;
}
