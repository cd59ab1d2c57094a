// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/* frame_sender SOCKET FILE TIMES - sends the file so often through a Unix socket, as fast as the other side takes it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	char *bytes;
	int file, to, times;

	if (argc < 4)
		return 2;
	strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
	file = open(argv[2], O_RDONLY);
	to = socket(AF_UNIX, SOCK_STREAM, 0);
	if (file < 0 || fstat(file, &status) || connect(to, (struct sockaddr *)&address, sizeof(address)))
		return 1;
	bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
	for (times = atoi(argv[3]); times > 0; times--) {
		off_t at = 0;

		while (at < status.st_size) {
			ssize_t sent = write(to, bytes + at, status.st_size - at);

			if (sent < 0)
				return 1;
			at += sent;
		}
	}
	return close(to);
}
