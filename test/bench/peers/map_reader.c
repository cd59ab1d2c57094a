// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* map_reader PID - reads the hash map in batches, ten times a second, and adds all up. Prints counts on SIGTERM. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "slots.skel.h"

#define BATCH 4096
#define SLOTS 27

static __u32 keys[BATCH], values[BATCH][SLOTS];
static volatile sig_atomic_t ending;

static void end(int signal)
{
	ending = 1;
}

static unsigned long long read_all(int fd, unsigned int *entries)
{
	__u32 cursor, count, i, slot;
	unsigned long long sum = 0;
	int error = 0, first = 1;

	*entries = 0;
	while (!error) {
		count = BATCH;
		error = bpf_map_lookup_batch(fd, first ? NULL : &cursor, &cursor, keys, values, &count, NULL);
		if (error && error != -ENOENT)
			return 0;
		first = 0;
		for (i = 0; i < count; i++)
			for (slot = 0; slot < SLOTS; slot++)
				sum += values[i][slot];
		*entries += count;
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct timespec tick = { .tv_nsec = 100000000 }, before, after;
	struct sigaction action = { .sa_handler = end };
	unsigned long long sum = 0, snapshots = 0;
	unsigned int entries = 0;
	struct slots_bpf *skel;

	if (argc < 2)
		return 2;
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	sigaction(SIGTERM, &action, NULL);
	skel = slots_bpf__open();
	if (!skel)
		return 1;
	skel->rodata->target_pid = atoi(argv[1]);
	if (slots_bpf__load(skel) || slots_bpf__attach(skel))
		return 1;
	printf("ready\n");
	fflush(stdout);
	/* Begins when asked: the maps are filled first. */
	if (getchar() == EOF)
		return 1;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	while (!ending) {
		sum = read_all(bpf_map__fd(skel->maps.hash), &entries);
		snapshots++;
		nanosleep(&tick, NULL);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	/* Nothing changes any more: what everybody has to read. */
	sum = read_all(bpf_map__fd(skel->maps.hash), &entries);
	printf("{\"snapshots\":%llu,\"entries\":%u,\"sum\":%llu,\"cpuNs\":%lld}\n", snapshots, entries,
	       sum, (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec);
	slots_bpf__destroy(skel);
	return 0;
}
