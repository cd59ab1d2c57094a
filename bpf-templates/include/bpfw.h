/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause) */
/*
 * bpfw.h - describes your data in the C types themselves.
 *
 * Everything here is stored in the object's BTF, where BPF Workbench reads it:
 * semantic typedefs determine how a column is formatted, decl tags contain
 * labels, units and ranges. A program without this header works too; only its
 * presentation is plainer. Nothing here changes the code that runs in the kernel.
 */
#ifndef __BPFW_H
#define __BPFW_H

/* Include vmlinux.h and <bpf/bpf_helpers.h> first. */

#define BPFW_TAG(text) __attribute__((btf_decl_tag("bpfw:" text)))

/* --- semantic types: use them for record fields, map keys and values --- */
typedef __u64 bpfw_ns; /* a duration in nanoseconds */
typedef __u64 bpfw_us; /* a duration in microseconds */
typedef __u64 bpfw_ms; /* a duration in milliseconds */
typedef __u64 bpfw_timestamp; /* bpf_ktime_get_ns() */
typedef __u64 bpfw_bytes;
typedef __u32 bpfw_pid; /* a process: bpf_get_current_pid_tgid() >> 32 */
typedef __u32 bpfw_tid; /* a thread: the low half */
typedef __u32 bpfw_uid;
typedef __u32 bpfw_gid;
typedef __s32 bpfw_errno; /* 0 or a negative errno */
typedef __u32 bpfw_ipv4; /* network byte order */
typedef struct {
	__u8 bytes[16];
} bpfw_ipv6; /* network byte order */
typedef __u16 bpfw_port; /* host byte order */
typedef __u16 bpfw_port_be; /* network byte order */
typedef __u32 bpfw_device; /* major << 20 | minor */
typedef __u64 bpfw_ksym; /* a kernel address */
typedef __u64 bpfw_usym; /* a user address of the record's process */
typedef __s32 bpfw_kernel_stack; /* bpf_get_stackid() of a kernel stack */
typedef __s32 bpfw_user_stack; /* bpf_get_stackid() of a user stack */
typedef __u64 bpfw_hex;
typedef __u64 bpfw_count;
typedef __u64 bpfw_slot; /* one slot of a log2 histogram, see bpfw_log2_slot() */
typedef __u64 bpfw_linear_slot; /* one slot of a linear histogram */

/* --- labels, units, ranges: put them after the declarator --- */
#define BPFW_LABEL(text) BPFW_TAG("label=" text)
#define BPFW_HELP(text) BPFW_TAG("help=" text)
#define BPFW_UNIT(text) BPFW_TAG("unit=" text)
#define BPFW_RANGE(min, max) BPFW_TAG("min=" #min) BPFW_TAG("max=" #max)
#define BPFW_HIDDEN BPFW_TAG("hidden")
/*
 * For a char or byte array of a record: the integer member of the same struct with the number of
 * its used bytes. The rest is not shown. For a byte array "data", the members data_len,
 * data_length, data_size and data_sz are recognised as its length without the tag.
 */
#define BPFW_LENGTH(member) BPFW_TAG("length=" #member)

/*
 * For an array, or an array map: its index is a constant of this enum. Without the tag, an enum of
 * the right size that shares a word with the array's name is taken: calls[] and enum call.
 */
#define BPFW_INDEX(type) BPFW_TAG("index=" #type)

/*
 * A common parameter: "pid", "tid", "comm", "uid", "device", "path", "function", "usdt".
 * "path" is the file of the object's uprobes and USDT probes; "usdt" contains provider:probe.
 */
#define BPFW_ROLE(role) BPFW_TAG("role=" role)
/*
 * For programs that would slow the machine down with all defaults: at least one of the parameters
 * with this tag must be set before the program is attached, even if only to its default.
 */
#define BPFW_ASK BPFW_TAG("ask")

/* --- histograms: tags for the map's variable --- */
#define BPFW_LOG2(unit) BPFW_TAG("hist=log2") BPFW_TAG("unit=" unit)
/* Slot i holds values from base + i * step; the last slot holds everything above. */
#define BPFW_LINEAR(base, step, unit)                                         \
	BPFW_TAG("hist=linear") BPFW_TAG("base=" #base) BPFW_TAG("step=" #step) \
	BPFW_TAG("unit=" unit)
/* Fine-grained linear slots from which percentiles are computed. */
#define BPFW_PERCENTILES(base, step, unit)                                         \
	BPFW_TAG("hist=percentiles") BPFW_TAG("base=" #base) BPFW_TAG("step=" #step) \
	BPFW_TAG("unit=" unit)

/*
 * How the index of log2 slots counts, where it is not bpfw_log2_slot()'s:
 *   "bpfw"          slot 0: 0; slot k: 2^(k-1) .. 2^k - 1
 *   "bcc"           slot 1: 0 and 1; slot k: 2^(k-1) .. 2^k - 1, as bpf_log2l() of bcc
 *   "libbpf-tools"  slot 0: 0 and 1; slot k: 2^k .. 2^(k+1) - 1, as log2l() of libbpf-tools
 *   "exp2"          slot 0: 0 and 1; slot k: 2^(k-1) + 1 .. 2^k, as ebpf_exporter counts
 * Without this tag, BPFW_LOG2 and a slot type, "libbpf-tools" is assumed. The last slot holds
 * everything above, too.
 */
#define BPFW_SLOT_KIND(kind) BPFW_TAG("slots=" kind)

/* --- attach points: tags between SEC() and the function --- */
/*
 * Of the programs of a group, only those of the lowest rank that this kernel
 * can attach are loaded. Write their sections as SEC("?...").
 */
#define BPFW_CHOICE(group, rank) BPFW_TAG("choice=" group ":" #rank)
/*
 * A further requirement on the target; several tags must all hold:
 *   "btf-args:NAME:N"              function or tracepoint NAME takes N arguments, counted as
 *                                  BPF_PROG() sees them (a tracepoint's leading void * is not one)
 *   "module:NAME"                  module is loaded or built in; "module:NAME:A|B": load A or B to fix it
 *   "tracepoint:CATEGORY:NAME"     tracefs has events/CATEGORY/NAME
 *   "field:STRUCT.MEMBER", "no-field:STRUCT.MEMBER"
 *   "branch-stack"                 a hardware event with a branch stack can be opened
 */
#define BPFW_NEEDS(what) BPFW_TAG("needs=" what)
/*
 * The attach point is the text parameter of this name: a kernel function for k(ret)probe and
 * fentry/fexit, a symbol for u(ret)probe, provider:probe for usdt. The last two are searched in the
 * file named by the parameter of role "path". With an empty text the program is not loaded.
 */
#define BPFW_TARGET(parameter) BPFW_TAG("target=" parameter)
/*
 * The symbol may be an IFUNC (STT_GNU_IFUNC): one name, several implementations, chosen by a
 * resolver function when a process starts. Attach to the implementation that this machine uses ...
 */
#define BPFW_IFUNC BPFW_TAG("ifunc=implementation")
/* ... or to the resolver itself. */
#define BPFW_IFUNC_RESOLVER BPFW_TAG("ifunc=resolver")
/*
 * For SEC("perf_event"): one event of this kind ("cpu-clock", "cpu-cycles") per online CPU, at the
 * frequency in hertz given by the named parameter.
 */
#define BPFW_PERF(event, frequency_parameter) \
	BPFW_TAG("perf=" event) BPFW_TAG("frequency=" frequency_parameter)
/* The event also records a branch stack: "any" (PERF_SAMPLE_BRANCH_ANY), user and kernel. */
#define BPFW_PERF_BRANCHES BPFW_TAG("branches=any")

/* A ring buffer with one record type. The pointer keeps the record's type in the object's BTF. */
#define BPFW_RINGBUF(map, record, bytes)                     \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_RINGBUF);          \
		__uint(max_entries, bytes);                  \
	} map SEC(".maps") BPFW_TAG("record=" #record);      \
	const record *map##_record __attribute__((unused)) BPFW_HIDDEN

/* A counter of records that did not fit into the ring buffer. */
#define BPFW_DROPS(map) __u64 map##_dropped BPFW_TAG("drops=" #map)

#define BPFW_SLOTS 64

/* floor(log2(v)) by halving; without a loop, so that every kernel's verifier accepts it. */
static __always_inline __u32 bpfw_log2(__u64 value)
{
	__u32 shift, result = 0;

	shift = (value > 0xffffffffULL) << 5;
	value >>= shift;
	result |= shift;
	shift = (value > 0xffff) << 4;
	value >>= shift;
	result |= shift;
	shift = (value > 0xff) << 3;
	value >>= shift;
	result |= shift;
	shift = (value > 0xf) << 2;
	value >>= shift;
	result |= shift;
	shift = (value > 0x3) << 1;
	value >>= shift;
	result |= shift;
	return result | (value >> 1);
}

/* Slot 0 holds 0, slot 1 holds 1, slot k holds 2^(k-1) .. 2^k - 1; always below BPFW_SLOTS. */
static __always_inline __u32 bpfw_log2_slot(__u64 value)
{
	__u32 slot = value ? bpfw_log2(value) + 1 : 0;

	/* Clamped, not tested: clang would test before the + 1, and the verifier would lose the bound. */
	if (slot >= BPFW_SLOTS)
		slot = BPFW_SLOTS - 1;
	return slot;
}

/* True when the parameter is empty or equals the current task's name. */
static __always_inline bool bpfw_comm_passes(const volatile char wanted[16])
{
	char comm[16] = {};
	int i;

	if (!wanted[0])
		return true;
	bpf_get_current_comm(comm, sizeof(comm));
	for (i = 0; i < 16; i++) {
		if (comm[i] != wanted[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

#endif /* __BPFW_H */
