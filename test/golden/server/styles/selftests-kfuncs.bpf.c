// SPDX-License-Identifier: GPL-2.0
/* kfuncs, kptrs, open-coded iterators, dynptrs, timers: what newer kernels' tests use. */
#include <vmlinux.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bpf_misc.h"

#ifndef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif
#define bpf_for_each(type, cur, args...)                                                      \
	for (struct bpf_iter_##type ___it __attribute__((aligned(8))) = {}, *___p = &___it;   \
	     (((cur) = bpf_iter_##type##_next(&___it)));)
#define can_loop 1

/* libbpf 1.2 and newer declare these as well; vmlinux.h of older kernels lacks the type. */
struct bpf_iter_num;
struct bpf_iter_num___here {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
void bpf_task_release(struct task_struct *p) __ksym __weak;
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern const int bpf_prog_active __ksym;
extern bool CONFIG_BPF_SYSCALL __kconfig __weak;
extern u32 LINUX_KERNEL_VERSION __kconfig;

struct map_value {
	struct task_struct __kptr *task;
	struct bpf_spin_lock lock;
	struct bpf_timer timer;
	int counter;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, int);
	__type(value, struct map_value);
	__uint(max_entries, 16);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, long);
} stgmap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ringbuf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} user_ringbuf SEC(".maps");

int err, pid;
__u64 total SEC(".data.total");
static volatile int hits SEC(".bss.hits");

static int timer_cb(void *map, int *key, struct map_value *v)
{
	v->counter++;
	bpf_timer_start(&v->timer, 1000, 0);
	return 0;
}

static long drain(struct bpf_dynptr *dynptr, void *context)
{
	__u64 value;

	if (bpf_dynptr_read(&value, sizeof(value), dynptr, 0, 0))
		return 1;
	total += value;
	return 0;
}

SEC("fentry.s/vfs_open")
int BPF_PROG(test_timer, const struct path *path, struct file *file)
{
	struct map_value init = {}, *v;
	struct task_struct *task, *old;
	int key = 0;

	if (pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	bpf_map_update_elem(&values, &key, &init, BPF_NOEXIST);
	v = bpf_map_lookup_elem(&values, &key);
	if (!v) {
		err = 1;
		return 0;
	}
	bpf_timer_init(&v->timer, &values, 1 /* CLOCK_MONOTONIC */);
	bpf_timer_set_callback(&v->timer, timer_cb);
	bpf_timer_start(&v->timer, 0, 0);

	task = bpf_task_acquire(bpf_get_current_task_btf());
	if (!task)
		return 0;
	old = bpf_kptr_xchg(&v->task, task);
	if (old)
		bpf_task_release(old);

	bpf_spin_lock(&v->lock);
	v->counter += 1;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("raw_tp/sys_enter")
__success
int iter_while_loop(const void *ctx)
{
	struct bpf_iter_num___here it;
	int *v, sum = 0;

	bpf_iter_num_new((void *)&it, 0, 3);
	while ((v = bpf_iter_num_next((void *)&it))) {
		bpf_printk("ITER_BASIC: E1 VAL: v=%d", *v);
		sum += *v;
	}
	bpf_iter_num_destroy((void *)&it);

	bpf_iter_num_new((void *)&it, 0, 10);
	for (v = bpf_iter_num_next((void *)&it); v; v = bpf_iter_num_next((void *)&it))
		hits++;
	bpf_iter_num_destroy((void *)&it);

	for (; can_loop;)
		sum++;
	return sum;
}

SEC("tp_btf/task_newtask")
__failure __msg("R1 must be referenced or trusted")
int BPF_PROG(cgrp_kfunc, struct task_struct *task, u64 clone_flags)
{
	struct cgroup *cgrp;
	long *storage;

	bpf_rcu_read_lock();
	cgrp = bpf_cgroup_from_id(task->cgroups->dfl_cgrp->kn->id);
	if (!cgrp) {
		bpf_rcu_read_unlock();
		return 0;
	}
	bpf_cgroup_release(cgrp);
	bpf_rcu_read_unlock();

	storage = bpf_task_storage_get(&stgmap, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (storage)
		*storage = CONFIG_BPF_SYSCALL && LINUX_KERNEL_VERSION >= 0x60100;
	bpf_user_ringbuf_drain(&user_ringbuf, drain, NULL, 0);
	return 0;
}

SEC("?lsm.s/bprm_committed_creds")
void BPF_PROG(test_strncmp, struct linux_binprm *bprm)
{
	char buf[64];
	struct bpf_dynptr ptr;

	bpf_copy_from_user(buf, sizeof(buf), (void *)bprm->vma->vm_mm->arg_start);
	if (!bpf_strncmp(buf, sizeof(buf), "deny"))
		err = -1;
	bpf_ringbuf_reserve_dynptr(&ringbuf, 64, 0, &ptr);
	if (bpf_dynptr_write(&ptr, 0, buf, sizeof(buf), 0))
		bpf_ringbuf_discard_dynptr(&ptr, 0);
	else
		bpf_ringbuf_submit_dynptr(&ptr, 0);
}

SEC("fentry/" SYS_PREFIX "sys_nanosleep")
int sys_prefix(void *ctx)
{
	const int *active = bpf_this_cpu_ptr(&bpf_prog_active);

	return *active;
}

char _license[] SEC("license") = "GPL";
