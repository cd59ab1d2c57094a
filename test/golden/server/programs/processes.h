/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __PROCESSES_H
#define __PROCESSES_H

enum sizes {
	PATH_BYTES = 4096,
	RING_BYTES = 256 * 1024,
};

struct event {
	int pid;
	char comm[16];
};

struct big_event {
	int pid, ppid;
	long state;
	char path[PATH_BYTES];
};

#endif
