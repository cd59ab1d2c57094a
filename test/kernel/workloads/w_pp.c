// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_pp ROUNDS [fifo]: parent and child pass a byte to and fro over two pipes, pinned to one CPU, so each passing is a
 * context switch. parent -> child is ROUNDS switches, child -> parent ROUNDS or ROUNDS - 1; with "fifo" (SCHED_FIFO, needs
 * root) nothing else gets between and both are exact to one.
 * Prints "parent PID child PID".
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 500;
	struct sched_param priority = { .sched_priority = 10 };
	int there[2], back[2];
	cpu_set_t cpus;
	pid_t child;
	char byte = 'x';

	CPU_ZERO(&cpus);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || pipe(there) || pipe(back))
		return 1;
	if (argc > 2 && !strcmp(argv[2], "fifo") && sched_setscheduler(0, SCHED_FIFO, &priority))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		for (int i = 0; i < rounds; i++) {
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	printf("parent %d child %d\n", getpid(), child);
	for (int i = 0; i < rounds; i++) {
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			return 1;
	}
	waitpid(child, NULL, 0);
	return 0;
}
