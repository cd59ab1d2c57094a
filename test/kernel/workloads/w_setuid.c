// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_setuid UID [THREADS]: as root, with THREADS further threads waiting, calls setuid(UID) and then setuid(0).
 * glibc makes each call in every thread: 1 + THREADS calls with UID that return 0, then 1 + THREADS calls with 0 that are
 * refused with EPERM; one process id, 1 + THREADS thread ids.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t ready;

static void *wait_for_ever(void *argument)
{
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	return argument;
}

int main(int argc, char **argv)
{
	uid_t uid = argc > 1 ? atoi(argv[1]) : 65534;
	int threads = argc > 2 ? atoi(argv[2]) : 0;

	pthread_barrier_init(&ready, NULL, threads + 1);
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_for_ever, NULL))
			return 1;
	}
	pthread_barrier_wait(&ready);
	if (setuid(uid)) {
		perror("setuid");
		return 1;
	}
	return setuid(0) == -1 && errno == EPERM ? 0 : 1;
}
