// SPDX-License-Identifier: GPL-2.0-only
/* Dense code: unwinders and security sensors, with big state in maps, callbacks and unrolled walks. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MAX_STACK_DEPTH 127
#define MAX_PATH_COMPONENTS 20
#define PATH_MAX 4096
#define BUFFER_SIZE (PATH_MAX * 2)
#define container(ptr, t, m) ((t *)((void *)(ptr) - offsetof(t, m)))
#define READ_KERN(ptr)                                                 \
	({                                                             \
		typeof(ptr) _val;                                      \
		__builtin_memset((void *)&_val, 0, sizeof(_val));      \
		bpf_core_read((void *)&_val, sizeof(_val), &ptr);      \
		_val;                                                  \
	})
#define SUM_FIELDS(X) X(user) X(kernel) X(idle)
#define AS_MEMBER(name) __u64 name;
#define LOG(fmt, ...) do { if (verbose) bpf_printk(fmt, ##__VA_ARGS__); } while (0)

enum event_id : __u32;
typedef struct { __u64 addresses[MAX_STACK_DEPTH]; __u64 len; } stack_trace_t;

struct totals {
	SUM_FIELDS(AS_MEMBER)
};

union scratch {
	stack_trace_t stack;
	unsigned char path[BUFFER_SIZE];
	struct { __u32 lo, hi; } words[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, union scratch);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, struct totals);
} totals SEC(".maps");

struct walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	int offset, depth:8, done:1;
};

const volatile bool verbose;
const volatile struct {
	bool kernel_only : 1;
	u32 self;
} settings = { .self = 1 };

static long step(u32 index, void *ctx)
{
	struct walk *w = ctx;
	struct dentry *parent = BPF_CORE_READ(w->dentry, d_parent);

	if (parent == w->dentry)
		return 1;
	w->dentry = parent;
	w->depth++;
	return 0;
}

static long each(struct bpf_map *map, const void *key, void *value, void *ctx)
{
	*(u64 *)ctx += ((struct totals *)value)->user;
	return 0;
}

static __noinline void *get_buf(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&heap, &zero);
}

SEC("perf_event")
int profile(struct bpf_perf_event_data *ctx)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	int pid = pid_tgid >> 32, tid = pid_tgid;
	union scratch *s = get_buf();
	struct totals *t;
	u64 sum = 0, ip, sp;
	u32 zero = 0;

	if (!s || pid == 0)
		return 0;
	s->stack.len = bpf_get_stack(ctx, s->stack.addresses, sizeof(s->stack.addresses), BPF_F_USER_STACK) / 8;
	ip = PT_REGS_IP(&ctx->regs), sp = PT_REGS_SP(&ctx->regs);
	for (int i = 0; i < 3 && tid; i++) {
		if (bpf_probe_read_user(&sp, 8, (void *)sp))
			break;
	}
	if ((t = bpf_map_lookup_elem(&totals, &zero)) == NULL)
		return 0;
	t->user += !settings.kernel_only;
	__atomic_fetch_add(&t->kernel, 1, __ATOMIC_RELAXED);
	bpf_for_each_map_elem(&totals, each, &sum, 0);
	LOG("%llx %llu", ip, sum);
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(path_of, struct file *file)
{
	struct walk w = { .dentry = file->f_path.dentry, .mnt = file->f_path.mnt };
	struct task_struct *t = bpf_get_current_task_btf();
	unsigned char *buf = get_buf();
	u32 ino;

	if (!buf)
		return 0;
	bpf_loop(MAX_PATH_COMPONENTS, step, &w, 0);
	ino = t->nsproxy->pid_ns_for_children->ns.inum;
	if (bpf_d_path(&file->f_path, (char *)buf, PATH_MAX) < 0)
		return 0;
	return READ_KERN(t->real_parent) == NULL || t->tgid == settings.self || ino == 0 ? 0 : -1;
}

SEC("cgroup_skb/ingress")
int count(struct __sk_buff *skb)
{
	struct iphdr ip;
	__be16 port = 0;
	char raw[sizeof(struct ipv6hdr)];

	if (skb->protocol == bpf_htons(0x0800) && !bpf_skb_load_bytes(skb, 0, &ip, sizeof ip))
		return bpf_skb_load_bytes(skb, ip.ihl * 4, &port, 2) == 0 ? port != bpf_htons(22) : 1;
	return !!bpf_skb_load_bytes(skb, 0, raw, sizeof(raw)) || 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifdef __cplusplus
}
#endif
