// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * usdtfix MODE COUNT: a program with the USDT probes of programs that no longer have them, each with a semaphore.
 *   http    COUNT times node:http__server__request(-5 as s8, 65535 as u16, -1234 as s32, 0x1122334455667788 as u64,
 *           "GET", "/path/N?q=1", N), N from 0
 *   mysql   COUNT times mysql:query__start("select N", 7, "db", "user", "host"), 10 ms, mysql:query__done(0)
 * Prints "enabled E of COUNT": how often the semaphore said that somebody listens.
 */
#define _SDT_HAS_SEMAPHORES 1
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sdt.h>
#include <unistd.h>

#define SEMAPHORE(name) unsigned short name __attribute__((unused, section(".probes")))

SEMAPHORE(node_http__server__request_semaphore);
SEMAPHORE(mysql_query__start_semaphore);
SEMAPHORE(mysql_query__done_semaphore);

__attribute__((noinline)) static void request(int8_t a, uint16_t b, int32_t c, uint64_t d, const char *method,
					      const char *url, int fd)
{
	DTRACE_PROBE7(node, http__server__request, a, b, c, d, method, url, fd);
}

__attribute__((noinline)) static void statement(const char *text)
{
	DTRACE_PROBE5(mysql, query__start, text, 7L, "db", "user", "host");
	usleep(10000);
	DTRACE_PROBE1(mysql, query__done, 0);
}

/* Values the compiler does not know: the probe's arguments are in registers or memory, not constants. */
static volatile int8_t a_byte = -5;
static volatile uint16_t a_short = 65535;
static volatile int32_t an_int = -1234;
static volatile uint64_t a_long = 0x1122334455667788ULL;

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "http";
	int count = argc > 2 ? atoi(argv[2]) : 5, enabled = 0;
	char text[64];

	for (int i = 0; i < count; i++) {
		if (!strcmp(mode, "mysql")) {
			enabled += *(volatile unsigned short *)&mysql_query__start_semaphore != 0;
			snprintf(text, sizeof(text), "select %d", i);
			statement(text);
		} else {
			enabled += *(volatile unsigned short *)&node_http__server__request_semaphore != 0;
			snprintf(text, sizeof(text), "/path/%d?q=1", i);
			request(a_byte, a_short, an_int, a_long, "GET", text, i);
		}
	}
	printf("enabled %d of %d\n", enabled, count);
	return 0;
}
