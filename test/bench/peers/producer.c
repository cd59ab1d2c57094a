// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * producer SECONDS CALLS_PER_SECOND [CALLS [MORE]] - calls getpgid() on CPU 1 each time a byte
 * comes on stdin, then prints { calls, seconds }. 0 calls a second: as fast as it can.
 * MORE: another byte, and it calls so often a second until it is killed.
 * Calls are evenly spaced by spinning: a timer would bundle them.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void call_on(double rate)
{
	unsigned long long start = now_ns(), calls;

	for (calls = 0;; calls++) {
		while (now_ns() < start + (unsigned long long)(calls * (1e9 / rate)))
			usleep(200);
		syscall(SYS_getpgid, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned long long start, end, now, calls = 0, most = argc > 3 ? atoll(argv[3]) : 0;
	double rate = argc > 2 ? atof(argv[2]) : 0;
	cpu_set_t cpus;
	int i;

	if (argc < 3)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET(1, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (getchar() != EOF) {
		calls = 0;
		start = now_ns();
		end = start + (unsigned long long)(atof(argv[1]) * 1e9);
		for (now = start; now < end && (!most || calls < most); now = now_ns()) {
			if (rate > 0) {
				if (now < start + (unsigned long long)(calls * (1e9 / rate)))
					continue;
				syscall(SYS_getpgid, 0);
				calls++;
			} else {
				for (i = 0; i < 64 && (!most || calls < most); i++, calls++)
					syscall(SYS_getpgid, 0);
			}
		}
		printf("{\"calls\":%llu,\"seconds\":%.6f}\n", calls, (now - start) / 1e9);
		fflush(stdout);
		if (argc > 4 && getchar() != EOF)
			call_on(atof(argv[4]));
	}
	return 0;
}
