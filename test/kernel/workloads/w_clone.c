// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_clone KIND COUNT: creates COUNT tasks one after the other, each waited for.
 * KIND: fork (glibc: clone), vfork, thread (clone3), spawn (posix_spawn: clone3), rawfork (the fork system call).
 * Every kind is exactly COUNT times sched_process_fork and kernel_clone with this process as the creator; only fork is
 * the clone system call.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void *nothing(void *argument)
{
	return argument;
}

static int create(const char *kind)
{
	static char *const true_argv[] = { "true", NULL };
	pthread_t thread;
	pid_t child = -1;

	if (!strcmp(kind, "thread"))
		return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
	if (!strcmp(kind, "fork")) {
		child = fork();
		if (child == 0)
			_exit(0);
	} else if (!strcmp(kind, "vfork")) {
		child = vfork();
		if (child == 0)
			_exit(0);
	} else if (!strcmp(kind, "rawfork")) {
#ifdef SYS_fork
		child = syscall(SYS_fork);
		if (child == 0)
			_exit(0);
#endif
	} else if (!strcmp(kind, "spawn")) {
		if (posix_spawn(&child, "/bin/true", NULL, NULL, true_argv, environ))
			return 1;
	}
	return child < 0 || waitpid(child, NULL, 0) != child;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "fork";
	int count = argc > 2 ? atoi(argv[2]) : 3;

	for (int i = 0; i < count; i++) {
		if (create(kind)) {
			fprintf(stderr, "w_clone: %s failed\n", kind);
			return 1;
		}
	}
	return 0;
}
