// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_read COUNT GAP_MS: a child writes a byte into a pipe every GAP_MS milliseconds, the parent reads each.
 * Exactly COUNT read(2) calls of the parent take about GAP_MS (never less than GAP_MS minus the child's head start on the
 * first), one more returns end of file, and the dynamic linker's few reads at start are fast.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 20;
	int gap_ms = argc > 2 ? atoi(argv[2]) : 100;
	int ends[2], got = 0;
	pid_t child;
	char byte;

	if (pipe(ends))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		close(ends[0]);
		for (int i = 0; i < count; i++) {
			usleep(gap_ms * 1000);
			if (write(ends[1], "x", 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	while (read(ends[0], &byte, 1) == 1)
		got++;
	waitpid(child, NULL, 0);
	printf("reads %d\n", got);
	return got == count ? 0 : 1;
}
