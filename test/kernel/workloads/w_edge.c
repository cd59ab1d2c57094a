// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_edge COUNT: exactly COUNT calls of strlen() with "edge!", whose NUL is the last byte before an unmapped page. Reading
 * a byte more than the string fails.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t (*volatile length_of)(const char *) = strlen;
	static const char edge[] = "edge!";
	int count = argc > 1 ? atoi(argv[1]) : 100;
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *text;

	if (pages == MAP_FAILED || munmap(pages + page, page))
		return 1;
	text = pages + page - sizeof(edge);
	memcpy(text, edge, sizeof(edge));
	for (int i = 0; i < count; i++) {
		if (length_of(text) != sizeof(edge) - 1)
			return 1;
	}
	return 0;
}
