// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_sync: sync, 0.3 s, sync, 2 s, sync, sync: exactly 4 calls, of which exactly 2 follow within a second of the one before
 * (one after at least 300 ms, one at once).
 */
#define _DEFAULT_SOURCE
#include <unistd.h>

int main(void)
{
	sync();
	usleep(300000);
	sync();
	sleep(2);
	sync();
	sync();
	return 0;
}
