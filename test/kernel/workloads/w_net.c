// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_net MODE COUNT
 *   udp       COUNT datagrams of 16 bytes to 127.0.0.1:5555, where a socket is bound: exactly COUNT packets received by lo
 *   udp6      the same to [::1]:5555
 *   tcp       COUNT blocking connections to 127.0.0.1:7777, all kept open: COUNT results 0, COUNT source ports
 *   nonblock  COUNT non-blocking connects to the same: the kernel's function returns 0 each time
 *   mapped    COUNT connects of AF_INET6 sockets to ::ffff:127.0.0.1: they are IPv4 connections too
 *   refused   COUNT connects to 127.0.0.1:9, where nobody listens: still COUNT results 0, refused later
 *   unreach   COUNT connects to 203.0.113.9:80 (TEST-NET-3): -ENETUNREACH where there is no default route
 *   unix      COUNT writes of 13 bytes "hello-unix-NN" into a stream socket pair, each read whole
 *   unixpart  COUNT writes of 100 bytes, each read in 10 parts of 10 bytes "0123456789"
 *   unixpeek  COUNT writes of 13 bytes, each peeked at once and then read
 *   unixbig   COUNT writes of 60000 bytes, each read with one call that asks for all
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP_PORT 5555
#define TCP_PORT 7777
#define DISCARD_PORT 9

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address_of(const char *text, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &address.sin_addr);
	return address;
}

static struct sockaddr_in6 address6_of(const char *text, int port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, text, &address.sin6_addr);
	return address;
}

static void send_datagrams(int family, const struct sockaddr *address, socklen_t length, int count)
{
	int receiver = socket(family, SOCK_DGRAM, 0), sender = socket(family, SOCK_DGRAM, 0);
	static const char payload[16] = "0123456789abcde";

	if (receiver < 0 || sender < 0 || bind(receiver, address, length))
		fail("bind");
	for (int i = 0; i < count; i++) {
		if (sendto(sender, payload, sizeof(payload), 0, address, length) != sizeof(payload))
			fail("sendto");
	}
}

static int listener(void)
{
	struct sockaddr_in address = address_of("127.0.0.1", TCP_PORT);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1024))
		fail("listen");
	return fd;
}

/* `expected` is the errno each connect must end with; 0 for success. Sockets stay open so that ports stay different. */
static void connect_all(int family, int flags, const void *address, socklen_t length, int count, int expected)
{
	for (int i = 0; i < count; i++) {
		int fd = socket(family, SOCK_STREAM | flags, 0);
		int error = connect(fd, address, length) ? errno : 0;

		if (error != expected) {
			fprintf(stderr, "w_net: connect gave %s, expected %s\n", strerror(error), strerror(expected));
			exit(1);
		}
	}
}

static void read_stream(size_t write_size, size_t read_size, int peek, int count)
{
	static char out[65536], in[65536];
	int pair[2], size = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ||
	    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		fail("socketpair");
	for (int i = 0; i < count; i++) {
		if (write_size == 13)
			snprintf(out, sizeof(out), "hello-unix-%02d", (i + 1) % 100);
		else
			for (size_t k = 0; k < write_size; k++)
				out[k] = '0' + k % 10;
		if (write(pair[0], out, write_size) != (ssize_t)write_size)
			fail("write");
		if (peek && recv(pair[1], in, read_size, MSG_PEEK) < 1)
			fail("peek");
		for (size_t done = 0; done < write_size;) {
			ssize_t got = read(pair[1], in, read_size);

			if (got < 1)
				fail("read");
			done += got;
		}
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "tcp";
	int count = argc > 2 ? atoi(argv[2]) : 20;
	struct sockaddr_in local = address_of("127.0.0.1", TCP_PORT), udp = address_of("127.0.0.1", UDP_PORT);
	struct sockaddr_in6 mapped = address6_of("::ffff:127.0.0.1", TCP_PORT), udp6 = address6_of("::1", UDP_PORT);
	struct sockaddr_in nobody = address_of("127.0.0.1", DISCARD_PORT), far = address_of("203.0.113.9", 80);

	if (!strcmp(mode, "udp")) {
		send_datagrams(AF_INET, (struct sockaddr *)&udp, sizeof(udp), count);
	} else if (!strcmp(mode, "udp6")) {
		send_datagrams(AF_INET6, (struct sockaddr *)&udp6, sizeof(udp6), count);
	} else if (!strcmp(mode, "tcp")) {
		listener();
		connect_all(AF_INET, 0, &local, sizeof(local), count, 0);
	} else if (!strcmp(mode, "nonblock")) {
		listener();
		connect_all(AF_INET, SOCK_NONBLOCK, &local, sizeof(local), count, EINPROGRESS);
	} else if (!strcmp(mode, "mapped")) {
		listener();
		connect_all(AF_INET6, 0, &mapped, sizeof(mapped), count, 0);
	} else if (!strcmp(mode, "refused")) {
		connect_all(AF_INET, 0, &nobody, sizeof(nobody), count, ECONNREFUSED);
	} else if (!strcmp(mode, "unreach")) {
		connect_all(AF_INET, 0, &far, sizeof(far), count, ENETUNREACH);
	} else if (!strcmp(mode, "unix")) {
		read_stream(13, 13, 0, count);
	} else if (!strcmp(mode, "unixpart")) {
		read_stream(100, 10, 0, count);
	} else if (!strcmp(mode, "unixpeek")) {
		read_stream(13, 13, 1, count);
	} else if (!strcmp(mode, "unixbig")) {
		read_stream(60000, 60000, 0, count);
	} else {
		fprintf(stderr, "w_net: no mode %s\n", mode);
		return 2;
	}
	return 0;
}
