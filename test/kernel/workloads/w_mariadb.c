// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_mariadb COUNT: a program with the function MariaDB 10 dispatches commands with, under its C++ name, and no USDT probes.
 * COUNT times command 3 (COM_QUERY) with the text "select N" out of a buffer that goes on behind it, taking 10 ms, and as
 * often command 14 (COM_PING), which is not a statement.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool dispatch_command(int command, void *thd, char *packet, unsigned int length,
		      bool blocking) __asm__("_Z16dispatch_command19enum_server_commandP3THDPcjb");

__attribute__((noinline)) bool dispatch_command(int command, void *thd, char *packet, unsigned int length, bool blocking)
{
	__asm__ volatile("" ::"r"(thd), "r"(packet), "r"(length), "r"(blocking) : "memory");
	if (command == 3)
		usleep(10000);
	return false;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 5;
	char packet[64];

	for (int i = 0; i < count; i++) {
		memset(packet, '#', sizeof(packet));
		dispatch_command(3, NULL, packet, sprintf(packet, "select %d", i), true);
		dispatch_command(14, NULL, packet, 0, true);
	}
	return 0;
}
