/* Attacks every process of one user that holds capabilities, in every way a process of that user has.
 *
 * usage: [REPLACE_SOCKETS=1] [VOLLEYS=N] w_attack VICTIM_UID MAX_DELAY_MS SEED
 * Ends with stdin, or after N attacks.
 * Prints one line of JSON: how many processes were attacked, and how often each way succeeded.
 *
 * Each process is left alone for a random time below MAX_DELAY_MS first, so that over many starts every moment from
 * fork to greeting is tried.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_VICTIMS 8192
#define INSPECTOR_PORT 9229

static struct {
	int pid;
	long long due_ms;
	int volleys;
} victims[MAX_VICTIMS];
static int nr_victims;

static struct {
	int signals, debugger, listener, ptraced, memory, proc_files, descriptors, greetings, sockets_replaced;
} won;

static unsigned int seed;
static uid_t victim_uid;
static int max_delay_ms;

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The uid and the effective capabilities of a process, from /proc/PID/status, which everybody may read. */
static int holds_capabilities(int pid)
{
	char path[64], line[256];
	unsigned long long caps = 0;
	unsigned int uid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "Uid: %*u %u", &uid);
		sscanf(line, "CapEff: %llx", &caps);
	}
	fclose(f);
	return uid == victim_uid && caps != 0;
}

/* Connects to where Node's inspector would listen; 1 when somebody answers. */
static int connects(int family, const char *address)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(INSPECTOR_PORT) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(INSPECTOR_PORT) };
	struct pollfd waiting;
	int fd, error = 0;
	socklen_t length = sizeof(error);

	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	inet_pton(family, address, family == AF_INET ? (void *)&in4.sin_addr : (void *)&in6.sin6_addr);
	if (family == AF_INET)
		error = connect(fd, (struct sockaddr *)&in4, sizeof(in4));
	else
		error = connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	if (error && errno == EINPROGRESS) {
		waiting = (struct pollfd){ .fd = fd, .events = POLLOUT };
		error = poll(&waiting, 1, 20) == 1 ? 0 : -1;
		if (!error && (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) || error))
			error = -1;
	}
	close(fd);
	return error == 0;
}

/* Whether a process of the victim's user listens on any TCP port: state 0A of /proc/net/tcp. */
static int listens(void)
{
	const char *files[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	unsigned int state, uid;
	char line[512];
	int found = 0;
	FILE *f;

	for (int i = 0; i < 2; i++) {
		f = fopen(files[i], "r");
		if (!f)
			continue;
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, " %*d: %*s %*s %x %*s %*s %*s %u", &state, &uid) == 2 && state == 0x0a &&
			    uid == victim_uid)
				found = 1;
		fclose(f);
	}
	return found;
}

static int opens(int pid, const char *name, int flags)
{
	char path[64], byte;
	int fd, got;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* environ can be opened of a process that may not be looked at; reading it is what counts. */
	got = flags & (O_DIRECTORY | O_NONBLOCK) ? 1 : read(fd, &byte, 1) == 1;
	close(fd);
	return got;
}

static void look_inside(int pid)
{
	const char *links[] = { "exe", "cwd", "fd/0", "ns/net" };
	struct iovec local, remote;
	char buffer[16], path[64], target[256];
	int pidfd, status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		won.ptraced++;
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, &status, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	local = (struct iovec){ buffer, sizeof(buffer) };
	/* Any address: EPERM comes before EFAULT. */
	remote = (struct iovec){ (void *)0x400000, sizeof(buffer) };
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT)
		won.memory++;
	if (process_vm_writev(pid, &local, 1, &remote, 1, 0) >= 0 || errno == EFAULT)
		won.memory++;
	won.memory += opens(pid, "mem", O_RDONLY);
	won.proc_files += opens(pid, "environ", O_RDONLY) + opens(pid, "maps", O_RDONLY) +
			  opens(pid, "auxv", O_RDONLY) + opens(pid, "cwd", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i]);
		if (readlink(path, target, sizeof(target)) > 0)
			won.proc_files++;
	}
	/* Its stdin, through which the token comes. */
	won.descriptors += opens(pid, "fd/0", O_RDONLY | O_NONBLOCK);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0) {
		if (syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0)
			won.descriptors++;
		close(pidfd);
	}
}

/* Puts a socket of ours where the privileged process will dial, and waits for its greeting. */
static void replace_sockets(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct pollfd waiting;
	int fd, peer, got;
	char bytes[256];
	glob_t found;

	if (glob("/tmp/bpfw-session-*/tracer.sock", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", found.gl_pathv[i]);
		if (fd < 0 || unlink(address.sun_path) || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
		    listen(fd, 8)) {
			close(fd);
			continue;
		}
		won.sockets_replaced++;
		waiting = (struct pollfd){ .fd = fd, .events = POLLIN };
		while (poll(&waiting, 1, 5000) == 1) {
			peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
			if (peer < 0)
				break;
			got = recv(peer, bytes, sizeof(bytes), 0);
			if (got > 0)
				won.greetings++;
			close(peer);
			if (got <= 0)
				break;
		}
		close(fd);
	}
	globfree(&found);
}

static void attack(int pid)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	look_inside(pid);
	/* Core dumps: the limit is the user's own to raise, the dump must not come. */
	prlimit(pid, RLIMIT_CORE, &unlimited, NULL);
	if (kill(pid, SIGUSR1) == 0)
		won.signals++;
	for (int tries = 0; tries < 5; tries++) {
		won.debugger += connects(AF_INET, "127.0.0.1") + connects(AF_INET6, "::1");
		won.debugger += connects(AF_INET, "240.0.0.1");
		won.listener += listens();
	}
}

static void look_for_victims(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int pid, i;

	while (proc && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		if (pid <= 1 || pid == getpid() || !holds_capabilities(pid))
			continue;
		for (i = 0; i < nr_victims && victims[i].pid != pid; i++)
			;
		if (i < nr_victims || nr_victims == MAX_VICTIMS)
			continue;
		victims[nr_victims].pid = pid;
		victims[nr_victims++].due_ms = now_ms() + rand_r(&seed) % max_delay_ms;
	}
	if (proc)
		closedir(proc);
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	int replaces, volleys_left;

	if (argc != 4) {
		fprintf(stderr, "usage: w_attack VICTIM_UID MAX_DELAY_MS SEED\n");
		return 2;
	}
	victim_uid = atoi(argv[1]);
	max_delay_ms = atoi(argv[2]);
	seed = atoi(argv[3]);
	replaces = getenv("REPLACE_SOCKETS") != NULL;
	volleys_left = getenv("VOLLEYS") ? atoi(getenv("VOLLEYS")) : INT_MAX;
	signal(SIGPIPE, SIG_IGN);
	printf("{\"attacking\":true}\n");
	fflush(stdout);

	while (volleys_left > 0 && poll(&input, 1, 1) == 0) {
		look_for_victims();
		for (int i = 0; i < nr_victims; i++)
			if (victims[i].volleys < 3 && now_ms() >= victims[i].due_ms) {
				attack(victims[i].pid);
				victims[i].volleys++;
				volleys_left--;
				victims[i].due_ms = now_ms() + rand_r(&seed) % 300;
			}
		if (replaces)
			replace_sockets();
	}
	printf("{\"victims\":%d,\"signals\":%d,\"socketsReplaced\":%d,\"debugger\":%d,\"listener\":%d,\"ptraced\":%d,"
	       "\"memory\":%d,\"procFiles\":%d,\"descriptors\":%d,\"greetings\":%d}\n",
	       nr_victims, won.signals, won.sockets_replaced, won.debugger, won.listener, won.ptraced, won.memory,
	       won.proc_files, won.descriptors, won.greetings);
	return 0;
}
