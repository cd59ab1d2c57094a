// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * mysqld_query - every SQL statement a database server runs, and how long it took.
 *
 * After bcc's examples/tracing/mysqld_query.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_SESSIONS 4096 /* statements running at one time */
#define QUERY_BYTES 256
#define COM_QUERY 3 /* enum_server_command of include/mysql_com.h */

struct event {
	bpfw_timestamp ts BPFW_LABEL("began");
	bpfw_pid pid;
	bpfw_tid tid;
	bpfw_ns latency;
	char query[QUERY_BYTES];
};

/* A statement on its way. 264 bytes: fits the stack of 512. */
struct statement {
	bpfw_timestamp ts;
	char query[QUERY_BYTES];
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_path[256] BPFW_LABEL("Server program") BPFW_ROLE("path") = "/usr/sbin/mariadbd";
const volatile char start_probe[64] BPFW_LABEL("Probe where a statement starts") BPFW_ROLE("usdt") = "mysql:query__start";
const volatile char done_probe[64] BPFW_LABEL("Probe where it is done") BPFW_ROLE("usdt") = "mysql:query__done";
const volatile char mariadb_function[96] BPFW_LABEL("Without probes: MariaDB's function")
	BPFW_ROLE("function") = "_Z16dispatch_command19enum_server_commandP3THDPcjb";
const volatile char mysql_function[96] BPFW_LABEL("Without probes: MySQL's function")
	BPFW_ROLE("function") = "_Z16dispatch_commandP3THDPK8COM_DATA19enum_server_command";
const volatile __u64 min_us BPFW_LABEL("Shortest statement shown") BPFW_UNIT("us") = 0;

/* A thread (MySQL) or process (PostgreSQL) runs one statement at a time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SESSIONS);
	__type(key, bpfw_tid);
	__type(value, struct statement);
} statements SEC(".maps") BPFW_HIDDEN;

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 statements_missed BPFW_LABEL("Statements not timed");

static __always_inline bool wanted(void)
{
	return !target_pid || bpf_get_current_pid_tgid() >> 32 == target_pid;
}

static __always_inline void remember(const struct statement *statement)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&statements, &tid, statement, BPF_ANY))
		__sync_fetch_and_add(&statements_missed, 1);
}

/* The whole text is known to end with a NUL. */
static __always_inline void statement_starts(const void *query)
{
	struct statement statement = {};

	if (!wanted())
		return;
	bpf_probe_read_user_str(statement.query, sizeof(statement.query), query);
	statement.ts = bpf_ktime_get_ns();
	remember(&statement);
}

/* The text is a part of a network packet: its length says where it ends. */
static __always_inline void statement_of_length_starts(const void *query, __u32 length)
{
	struct statement statement = {};

	if (!wanted())
		return;
	if (length > sizeof(statement.query) - 1)
		length = sizeof(statement.query) - 1;
	bpf_probe_read_user(statement.query, length, query);
	statement.ts = bpf_ktime_get_ns();
	remember(&statement);
}

static __always_inline void statement_ends(void)
{
	bpfw_timestamp now = bpf_ktime_get_ns();
	__u64 id = bpf_get_current_pid_tgid();
	struct statement *statement;
	struct event *event;
	bpfw_tid tid = id;

	statement = bpf_map_lookup_elem(&statements, &tid);
	if (!statement)
		return;
	if ((now - statement->ts) / 1000 < min_us)
		goto out;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		goto out;
	}
	event->ts = statement->ts;
	event->pid = id >> 32;
	event->tid = tid;
	event->latency = now - statement->ts;
	__builtin_memcpy(event->query, statement->query, sizeof(event->query));
	bpf_ringbuf_submit(event, 0);
out:
	bpf_map_delete_elem(&statements, &tid);
}

/* MySQL up to 5.7, MariaDB built with DTrace probes, PostgreSQL built with --enable-dtrace (Debian's is). */
SEC("?usdt")
BPFW_CHOICE("statement", 0)
BPFW_TARGET("start_probe")
int BPF_USDT(query_start, void *query)
{
	statement_starts(query);
	return 0;
}

SEC("?usdt")
BPFW_CHOICE("statement", 0)
BPFW_TARGET("done_probe")
int BPF_USDT(query_done)
{
	statement_ends();
	return 0;
}

/* MariaDB 10.x: dispatch_command(enum_server_command, THD *, char *packet, uint length, bool). */
SEC("?uprobe")
BPFW_CHOICE("statement", 1)
BPFW_TARGET("mariadb_function")
int BPF_KPROBE(mariadb_dispatch, int command, void *thd, const char *packet, unsigned int length)
{
	if (command == COM_QUERY)
		statement_of_length_starts(packet, length);
	return 0;
}

SEC("?uretprobe")
BPFW_CHOICE("statement", 1)
BPFW_TARGET("mariadb_function")
int BPF_KRETPROBE(mariadb_dispatched)
{
	statement_ends();
	return 0;
}

/* The head of COM_QUERY_DATA, the first member of MySQL's union COM_DATA (include/mysql/com_data.h). */
struct com_query_data {
	const char *query;
	unsigned int length;
};

/* MySQL 8, which has no probes any more: dispatch_command(THD *, const COM_DATA *, enum_server_command). */
SEC("?uprobe")
BPFW_CHOICE("statement", 2)
BPFW_TARGET("mysql_function")
int BPF_KPROBE(mysql_dispatch, void *thd, const struct com_query_data *data, int command)
{
	struct com_query_data text = {};

	if (command == COM_QUERY && !bpf_probe_read_user(&text, sizeof(text), data))
		statement_of_length_starts(text.query, text.length);
	return 0;
}

SEC("?uretprobe")
BPFW_CHOICE("statement", 2)
BPFW_TARGET("mysql_function")
int BPF_KRETPROBE(mysql_dispatched)
{
	statement_ends();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
