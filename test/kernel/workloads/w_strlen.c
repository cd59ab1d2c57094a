// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_strlen COUNT LENGTH: exactly COUNT calls of strlen() with a string of LENGTH times 'x', through a pointer the compiler
 * cannot see through. The dynamic linker and libc may add a call or two with other lengths when the process starts.
 */
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	size_t (*volatile length_of)(const char *) = strlen;
	int count = argc > 1 ? atoi(argv[1]) : 1000;
	int length = argc > 2 ? atoi(argv[2]) : 37;
	char *text = calloc(1, length + 1);

	if (!text)
		return 1;
	memset(text, 'x', length);
	for (int i = 0; i < count; i++) {
		if (length_of(text) != (size_t)length)
			return 1;
	}
	return 0;
}
