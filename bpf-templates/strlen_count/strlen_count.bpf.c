// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * strlen_count - how often strlen() is asked for each string.
 *
 * After bcc's examples/tracing/strlen_count.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define MAX_STRINGS 10240
#define TEXT_BYTES 128 /* of a string, with its NUL; two of them would still fit the 512-byte stack */

struct string {
	char text[TEXT_BYTES];
};

struct string_count {
	bpfw_count calls;
};

const volatile bpfw_pid target_pid BPFW_LABEL("Process") BPFW_ROLE("pid") = 0;
const volatile char target_comm[16] BPFW_LABEL("Command") BPFW_ROLE("comm") = "";
const volatile char target_library[256] BPFW_LABEL("Library or program") BPFW_ROLE("path") = "libc.so.6";
const volatile char target_function[64] BPFW_LABEL("Function") BPFW_ROLE("function") = "strlen";
const volatile __u32 max_length BPFW_LABEL("Longest text told apart") BPFW_UNIT("bytes") BPFW_RANGE(1, 127) = 80;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_STRINGS);
	__type(key, struct string);
	__type(value, struct string_count);
} counts SEC(".maps") BPFW_LABEL("Calls by string");

/* Calls with a new string when `counts` was full, and calls whose string could not be read. */
__u64 strings_missed BPFW_LABEL("Strings not counted: table full");
__u64 strings_unreadable BPFW_LABEL("Strings not counted: not in memory");

static __always_inline bool wanted(void)
{
	if (target_pid && bpf_get_current_pid_tgid() >> 32 != target_pid)
		return false;
	return bpfw_comm_passes(target_comm);
}

SEC("uprobe")
BPFW_TARGET("target_function")
BPFW_IFUNC
int BPF_KPROBE(strlen_called, const char *text)
{
	/* All zero: a key is compared with every byte, also those behind the string's end. */
	struct string_count *value, none = {};
	__u32 size = max_length + 1;
	struct string key = {};

	if (!wanted())
		return 0;
	if (size > sizeof(key.text))
		size = sizeof(key.text);
	/* _str stops at the NUL; a fixed size would fail at the end of a page and copy garbage before it. */
	if (bpf_probe_read_user_str(key.text, size, text) < 0) {
		__sync_fetch_and_add(&strings_unreadable, 1);
		return 0;
	}

	value = bpf_map_lookup_elem(&counts, &key);
	if (!value) {
		/* Another CPU may be first: that is not an error, and its entry is then found. */
		bpf_map_update_elem(&counts, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&counts, &key);
	}
	if (value)
		__sync_fetch_and_add(&value->calls, 1);
	else
		__sync_fetch_and_add(&strings_missed, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
