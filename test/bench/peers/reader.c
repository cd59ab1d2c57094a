// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* reader - reads 4 KiB of /dev/zero every millisecond until it is killed. */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
	char buffer[4096];
	int fd = open("/dev/zero", O_RDONLY);

	while (read(fd, buffer, sizeof(buffer)) > 0)
		usleep(1000);
	return 1;
}
