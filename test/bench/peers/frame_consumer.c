// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * frame_consumer SOCKET kept|columns|text|json - the same frames of disksnoop's records, by hand: the last 64 MiB kept,
 * or their records into columns, or printed on stdout with the same fields. Prints "ready", and its figures when the sender has closed, on stderr.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define COLUMN (1 << 16)
#define HEADERS 29
#define KEPT (64 << 20)
#define FRAMES (1 << 16)

struct event {
	uint64_t ts;
	uint32_t dev, op;
	uint64_t sector, bytes, latency;
	int32_t error;
	uint32_t pid;
	char comm[16];
};

static uint64_t ts[COLUMN], sector[COLUMN], bytes[COLUMN], latency[COLUMN];
static uint32_t dev[COLUMN], op[COLUMN], pid[COLUMN];
static int32_t error[COLUMN];
static char comm[COLUMN][16], frame[16 << 20], output[1 << 16];
static struct { char *bytes; uint32_t length; } kept[FRAMES];
static unsigned int first, last, kept_bytes;
static unsigned long long got;
static const char *const OPERATIONS[] = { "read", "write", "flush", "discard" };

static double now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static int fill(int from, char *to, size_t length)
{
	size_t at = 0;

	while (at < length) {
		ssize_t count = read(from, to + at, length - at);

		if (count <= 0)
			return 0;
		at += count;
	}
	return 1;
}

/* Reads a frame's bytes to where they stay; the oldest go. */
static int keep(int from, uint32_t length)
{
	char *bytes = malloc(length);

	if (!fill(from, bytes, length))
		return 0;
	kept[last % FRAMES].bytes = bytes;
	kept[last++ % FRAMES].length = length;
	for (kept_bytes += length; kept_bytes > KEPT; first++) {
		kept_bytes -= kept[first % FRAMES].length;
		free(kept[first % FRAMES].bytes);
	}
	return 1;
}

static void column(const struct event *event)
{
	unsigned int at = got % COLUMN;

	ts[at] = event->ts;
	dev[at] = event->dev;
	op[at] = event->op;
	sector[at] = event->sector;
	bytes[at] = event->bytes;
	latency[at] = event->latency;
	error[at] = event->error;
	pid[at] = event->pid;
	memcpy(comm[at], event->comm, 16);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	double cpu, wall;
	int server, from, work;

	if (argc < 3)
		return 2;
	work = argv[2][0];
	strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 1))
		return 1;
	fprintf(stderr, "ready\n");
	from = accept(server, NULL, NULL);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	wall = now_ns(CLOCK_MONOTONIC);
	while (fill(from, frame, HEADERS)) {
		uint32_t length, at = 0;

		memcpy(&length, frame, 4);
		length -= HEADERS - 4;
		if (work == 'k') {
			uint32_t records;

			/* Behind the content's type: see src/shared/protocol/frames.ts. */
			memcpy(&records, frame + 13, 4);
			got += records >> 8;
			if (!keep(from, length))
				return 1;
			continue;
		}
		if (!fill(from, frame, length))
			return 1;
		while (at + 8 <= length) {
			const struct event *event = (void *)(frame + at + 8);
			uint32_t header;

			memcpy(&header, frame + at, 4);
			at += (header + 15) & ~7;
			if (work == 'c')
				column(event);
			else if (work == 't')
				printf("%llu.%09llu %u:%u %s %llu %llu %lluns %d %u %.16s\n",
				       (unsigned long long)event->ts / 1000000000,
				       (unsigned long long)event->ts % 1000000000, event->dev >> 20,
				       event->dev & 0xfffff, OPERATIONS[event->op & 3],
				       (unsigned long long)event->sector, (unsigned long long)event->bytes,
				       (unsigned long long)event->latency, event->error, event->pid, event->comm);
			else
				printf("{\"type\":\"event\",\"stream\":\"events\",\"data\":{\"ts\":%llu,\"dev\":%u,"
				       "\"op\":%u,\"sector\":%llu,\"bytes\":%llu,\"latency\":%llu,\"error\":%d,"
				       "\"pid\":%u,\"comm\":\"%.16s\"}}\n",
				       (unsigned long long)event->ts, event->dev, event->op,
				       (unsigned long long)event->sector, (unsigned long long)event->bytes,
				       (unsigned long long)event->latency, event->error, event->pid, event->comm);
			got++;
		}
	}
	fflush(stdout);
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	fprintf(stderr, "{\"received\":%llu,\"ms\":%.3f,\"cpuNsPerEvent\":%.3f}\n", got, wall / 1e6, cpu / got);
	return 0;
}
