// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* w_getpid COUNT: exactly COUNT getpid system calls (libc's function may answer from a cache; this does not use it). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 1000;

	while (count-- > 0)
		syscall(SYS_getpid);
	return 0;
}
