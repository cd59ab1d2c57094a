// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Does a known number of everything a program can be attached to.
 *
 *   probe_target COUNT
 *
 * COUNT getpgid() system calls, COUNT calls of probed() (which returns its
 * argument doubled), COUNT hits of the USDT probe bpfw:hit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/sdt.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((noinline)) long probed(long value)
{
	__asm__ volatile("" : "+r"(value));
	return value * 2;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;
	long sum = 0;

	for (long i = 0; i < count; i++) {
		syscall(SYS_getpgid, (pid_t)0);
		sum += probed(i);
		DTRACE_PROBE1(bpfw, hit, i);
	}
	printf("%ld\n", sum);
	return 0;
}
