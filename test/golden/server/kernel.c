/*
 * A kernel small enough to know by heart: what the language server's tests take for the target. Compiled for BPF, its
 * .BTF section has the shape of /sys/kernel/btf/vmlinux: functions, btf_trace_ typedefs, records, enum bpf_func_id.
 */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef __u32 u32;
typedef __u64 u64;
typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
typedef int pid_t;
typedef _Bool bool;

struct list_head {
	struct list_head *next, *prev;
};

struct mm_struct {
	unsigned long total_vm;
	int map_count;
};

struct task_struct {
	unsigned int __state;
	pid_t pid;
	pid_t tgid;
	char comm[16];
	struct mm_struct *mm;
	struct task_struct *real_parent;
	struct list_head tasks;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	union {
		unsigned int i_nlink;
		unsigned int __i_nlink;
	};
	u32 dirty : 1;
	u32 locked : 3;
};

struct file {
	struct inode *f_inode;
	loff_t f_pos;
	unsigned int f_flags;
};

struct files_struct {
	struct file *fds[4];
	struct inode inodes[2];
};

enum xdp_action {
	XDP_ABORTED,
	XDP_DROP,
	XDP_PASS,
};

enum far_away {
	FAR_BEGIN = 5,
	FAR_NEAR = 7,
};

struct trace_entry {
	unsigned short type;
	int pid;
};

struct trace_event_raw_sched_switch {
	struct trace_entry ent;
	char prev_comm[16];
	pid_t prev_pid;
	pid_t next_pid;
};

struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
};

struct request;
struct xdp_md {
	__u32 data;
	__u32 data_end;
};
struct bpf_iter_meta;
struct bpf_iter__task {
	struct task_struct *task;
};
/* The verifier's list of members it trusts: no iterator. */
struct bpf_iter__task__safe_trusted {
	struct task_struct *task;
};

struct sock;
/* A table of operations that programs can fill, what the kernel keeps of one, and something that is only named so. */
struct tcp_congestion_ops {
	u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, u32 ack, u32 acked);
	void (*init)(struct sock *sk);
	u32 flags;
	char name[16];
};
struct bpf_struct_ops_tcp_congestion_ops {
	int common;
	struct tcp_congestion_ops data;
};
struct sched_ext_ops {
	int (*init)(void);
};
struct bpf_struct_ops_sched_ext_ops {
	int common;
	struct sched_ext_ops data;
};
struct bpf_struct_ops_value {
	int common;
	char data[8];
};

enum bpf_func_id {
	BPF_FUNC_unspec,
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem,
	BPF_FUNC_ktime_get_ns = 5,
	BPF_FUNC_trace_printk,
	BPF_FUNC_get_current_pid_tgid = 14,
	BPF_FUNC_get_current_comm = 16,
	BPF_FUNC_skb_load_bytes = 26,
	BPF_FUNC_get_stackid,
	BPF_FUNC_get_current_task = 35,
	BPF_FUNC_probe_read_kernel = 113,
	BPF_FUNC_ringbuf_reserve = 131,
	BPF_FUNC_ringbuf_submit,
	BPF_FUNC_ringbuf_discard,
	BPF_FUNC_d_path = 147,
};

typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *, unsigned int);
typedef void (*btf_trace_block_rq_issue)(void *, struct request *);

ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)
{
	return file->f_pos;
}

ssize_t vfs_write(struct file *file, const char *buf, size_t count, loff_t *pos)
{
	return file->f_pos;
}

void ksys_sync(void)
{
}

long __do_sys_openat(int dfd, const char *filename, int flags, unsigned short mode)
{
	return dfd;
}

struct pt_regs {
	unsigned long r15;
	unsigned long di;
};

long __x64_sys_mkdirat(const struct pt_regs *regs)
{
	return regs->di;
}

void bpf_lsm_file_free(struct file *file)
{
}

int bpf_iter_task(struct bpf_iter_meta *meta, struct task_struct *task)
{
	return 0;
}

int bpf_lsm_file_open(struct file *file)
{
	return 0;
}

int __traceiter_sched_switch(void *__data, bool preempt, struct task_struct *prev, struct task_struct *next,
			     unsigned int prev_state)
{
	return 0;
}

__attribute__((btf_decl_tag("bpf_kfunc"))) struct task_struct *bpf_task_acquire(struct task_struct *p)
{
	return p;
}

/* Types in BTF are those that something refers to. */
struct {
	btf_trace_sched_switch sched_switch;
	btf_trace_block_rq_issue block_rq_issue;
	struct trace_event_raw_sched_switch record;
	struct trace_event_raw_sys_enter enter;
	struct xdp_md xdp;
	struct bpf_iter__task iter;
	struct bpf_iter__task__safe_trusted trusted;
	struct inode inode;
	struct mm_struct mm;
	enum bpf_func_id helper;
	enum xdp_action action;
	enum far_away far;
	struct files_struct files;
	struct bpf_struct_ops_tcp_congestion_ops congestion;
	struct bpf_struct_ops_sched_ext_ops scheduler;
	struct bpf_struct_ops_value operations;
} used;
