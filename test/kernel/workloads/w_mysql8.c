// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_mysql8 COUNT: a program with the function MySQL 8 dispatches commands with, under its C++ name, and no USDT probes.
 * COUNT times command 3 (COM_QUERY) with the text "select N" out of a buffer that goes on behind it, taking 10 ms, and as
 * often command 14 (COM_PING), which is not a statement.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The head of COM_QUERY_DATA, the first member of union COM_DATA. */
struct com_data {
	const char *query;
	unsigned int length;
};

bool dispatch_command(void *thd, const struct com_data *data,
		      int command) __asm__("_Z16dispatch_commandP3THDPK8COM_DATA19enum_server_command");

__attribute__((noinline)) bool dispatch_command(void *thd, const struct com_data *data, int command)
{
	__asm__ volatile("" ::"r"(thd), "r"(data) : "memory");
	if (command == 3)
		usleep(10000);
	return false;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 5;
	char text[64];

	for (int i = 0; i < count; i++) {
		struct com_data data = { .query = text };

		memset(text, '#', sizeof(text));
		data.length = sprintf(text, "select %d", i);
		dispatch_command(NULL, &data, 3);
		dispatch_command(NULL, &data, 14);
	}
	return 0;
}
