// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_urandom COUNT BYTES: exactly COUNT read(2) calls of BYTES bytes from /dev/urandom, then one of /dev/random and one
 * getrandom(2), which are not reads of /dev/urandom.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 5;
	ssize_t bytes = argc > 2 ? atoi(argv[2]) : 1024;
	int urandom = open("/dev/urandom", O_RDONLY), other = open("/dev/random", O_RDONLY);
	char *buffer = malloc(bytes);

	if (urandom < 0 || other < 0 || !buffer)
		return 1;
	for (int i = 0; i < count; i++) {
		if (read(urandom, buffer, bytes) != bytes)
			return 1;
	}
	return read(other, buffer, bytes) != bytes || getrandom(buffer, bytes, 0) != bytes;
}
