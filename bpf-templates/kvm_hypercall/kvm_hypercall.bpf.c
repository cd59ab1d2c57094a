// SPDX-License-Identifier: (GPL-2.0-only OR BSD-3-Clause)
/*
 * kvm_hypercall - a guest's hypercalls: exit, call and re-entry, with the time in between.
 *
 * After bcc's examples/tracing/kvm_hypercall.py, rewritten for libbpf CO-RE.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "bpfw.h"

#define RING_BYTES (1024 * 1024)
#define MAX_VCPUS 4096
#define MAX_REASONS 1024
#define ISA_VMX 1 /* KVM_ISA_VMX, KVM_ISA_SVM: arch/x86/kvm/trace.h */
#define ISA_SVM 2
#define VMX_VMCALL 18 /* EXIT_REASON_VMCALL, arch/x86/include/uapi/asm/vmx.h */
#define SVM_VMMCALL 0x81 /* SVM_EXIT_VMMCALL, arch/x86/include/uapi/asm/svm.h; 18 is "write CR2" there */

enum step {
	guest_exit = 0,
	guest_hypercall = 1,
	guest_entry = 2,
};

struct event {
	bpfw_timestamp ts BPFW_LABEL("time");
	bpfw_pid pid;
	__u32 vcpu;
	enum step step;
	__u32 reason BPFW_LABEL("exit reason");
	__u64 nr BPFW_LABEL("hypercall");
	bpfw_ns latency BPFW_LABEL("time outside the guest");
	bpfw_hex rip BPFW_LABEL("guest address");
};

struct exit_reason {
	__u32 isa BPFW_HELP("1: Intel VMX, 2: AMD SVM");
	__u32 reason;
};

struct exit_count {
	bpfw_count exits;
};

/* What a vCPU's thread is outside the guest for. */
struct outside {
	bpfw_timestamp ts;
	__u32 vcpu;
	__u32 reason;
	bool shown;
};

/*
 * The records of module kvm are in no vmlinux.h that was made without it. libbpf drops the ___suffix
 * and finds the members in the module's own BTF.
 */
struct trace_event_raw_kvm_exit___module {
	unsigned int exit_reason;
	unsigned long guest_rip;
	__u32 isa;
	unsigned int vcpu_id;
} __attribute__((preserve_access_index));

struct trace_event_raw_kvm_hypercall___module {
	unsigned long nr;
} __attribute__((preserve_access_index));

struct trace_event_raw_kvm_entry___module {
	unsigned int vcpu_id;
} __attribute__((preserve_access_index));

const volatile bpfw_pid target_pid BPFW_LABEL("Virtual machine's process") BPFW_ROLE("pid") = 0;
const volatile bool all_exits BPFW_LABEL("Show every exit, not only hypercalls") = false;

/* Each vCPU is a thread, so its id is the key. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_VCPUS);
	__type(key, bpfw_tid);
	__type(value, struct outside);
} vcpus SEC(".maps") BPFW_HIDDEN;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_REASONS);
	__type(key, struct exit_reason);
	__type(value, struct exit_count);
} exits SEC(".maps") BPFW_LABEL("Exits by reason");

BPFW_RINGBUF(events, struct event, RING_BYTES);
BPFW_DROPS(events);

__u64 exits_missed BPFW_LABEL("Exits not followed");
__u64 reasons_missed BPFW_LABEL("Exits not counted: table full");

static __always_inline bool wanted(void)
{
	return !target_pid || bpf_get_current_pid_tgid() >> 32 == target_pid;
}

static __always_inline void report(enum step step, const struct outside *outside, bpfw_timestamp now, __u64 nr,
				   __u64 rip)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&events_dropped, 1);
		return;
	}
	event->ts = now;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->vcpu = outside->vcpu;
	event->step = step;
	event->reason = outside->reason;
	event->nr = nr;
	event->latency = now - outside->ts;
	event->rip = rip;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void count_exit(__u32 isa, __u32 reason)
{
	struct exit_reason key = { .isa = isa, .reason = reason };
	struct exit_count *count, none = {};

	count = bpf_map_lookup_elem(&exits, &key);
	if (!count) {
		bpf_map_update_elem(&exits, &key, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&exits, &key);
	}
	if (count)
		__sync_fetch_and_add(&count->exits, 1);
	else
		__sync_fetch_and_add(&reasons_missed, 1);
}

/* The classic tracepoints: tp_btf/kvm_exit changed its arguments around 5.16, the record kept its names. */
SEC("?tracepoint/kvm/kvm_exit")
BPFW_CHOICE("kvm", 0)
BPFW_NEEDS("module:kvm:kvm_intel|kvm_amd")
int kvm_exit(struct trace_event_raw_kvm_exit___module *ctx)
{
	struct outside outside = {};
	bpfw_tid tid = bpf_get_current_pid_tgid();
	__u32 isa = ctx->isa;

	if (!wanted())
		return 0;
	outside.ts = bpf_ktime_get_ns();
	outside.vcpu = ctx->vcpu_id;
	outside.reason = ctx->exit_reason;
	outside.shown = all_exits || (isa == ISA_VMX && outside.reason == VMX_VMCALL) ||
			(isa == ISA_SVM && outside.reason == SVM_VMMCALL);
	count_exit(isa, outside.reason);
	if (bpf_map_update_elem(&vcpus, &tid, &outside, BPF_ANY)) {
		__sync_fetch_and_add(&exits_missed, 1);
		return 0;
	}
	if (outside.shown)
		report(guest_exit, &outside, outside.ts, 0, ctx->guest_rip);
	return 0;
}

SEC("?tracepoint/kvm/kvm_hypercall")
BPFW_CHOICE("kvm", 0)
BPFW_NEEDS("module:kvm:kvm_intel|kvm_amd")
int kvm_hypercall(struct trace_event_raw_kvm_hypercall___module *ctx)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	struct outside *outside = bpf_map_lookup_elem(&vcpus, &tid);

	if (outside && outside->shown)
		report(guest_hypercall, outside, bpf_ktime_get_ns(), ctx->nr, 0);
	return 0;
}

SEC("?tracepoint/kvm/kvm_entry")
BPFW_CHOICE("kvm", 0)
BPFW_NEEDS("module:kvm:kvm_intel|kvm_amd")
int kvm_entry(struct trace_event_raw_kvm_entry___module *ctx)
{
	bpfw_tid tid = bpf_get_current_pid_tgid();
	struct outside *outside = bpf_map_lookup_elem(&vcpus, &tid);

	if (!outside)
		return 0;
	if (outside->shown)
		report(guest_entry, outside, bpf_ktime_get_ns(), 0, 0);
	bpf_map_delete_elem(&vcpus, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
