// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_burn SECONDS [CPU]: uses SECONDS of CPU time in burn_leaf(), called by burn_mid(), called by main(). At F samples per
 * second of CPU time expect F * SECONDS samples, nearly all with the stack main;burn_mid;burn_leaf.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define KEEP_FRAME __asm__ volatile("" ::: "memory")

static volatile unsigned long sink;

__attribute__((noinline)) void burn_leaf(void)
{
	/* clang 19 makes the frame where it is needed first: before the loop, or the sample misses the caller. */
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));
	/* Long enough that asking for the time, a system call, is a small part. */
	for (unsigned long i = 0; i < 20000000; i++)
		sink += i;
	KEEP_FRAME;
}

__attribute__((noinline)) void burn_mid(double seconds)
{
	struct timespec used;

	do {
		burn_leaf();
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	} while (used.tv_sec + used.tv_nsec / 1e9 < seconds);
	KEEP_FRAME;
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;

	if (argc > 2) {
		CPU_ZERO(&cpus);
		CPU_SET(atoi(argv[2]), &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			return 1;
	}
	burn_mid(argc > 1 ? atof(argv[1]) : 3);
	KEEP_FRAME;
	return 0;
}
