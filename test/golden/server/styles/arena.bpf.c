// SPDX-License-Identifier: GPL-2.0
/* An arena with a list in it, may_goto loops, address spaces, exceptions. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "bpf_misc.h"

#ifndef __ulong
#define __ulong(name, val) enum { ___bpf_concat(__unique_value, __COUNTER__) = val } name
#endif
#define __arena
#define __arena_global SEC(".addr_space.1")
#define BPF_MAP_TYPE_ARENA 33
#define NUMA_NO_NODE (-1)
#define PAGE_SIZE 4096
#define cast_kern(ptr) (void)(ptr)
#define cond_break ({ if (zero) break; })
#define bpf_assert(cond) if (!(cond)) bpf_throw(0)
#define arena_container_of(ptr, type, member)                \
	({                                                   \
		void __arena *__mptr = (void __arena *)(ptr); \
		((type *)(__mptr - __builtin_offsetof(type, member))); \
	})
#define list_for_each_entry(pos, head)                            \
	for (pos = (void *)(head)->first; pos; pos = (void *)(pos)->node.next)

struct arena_list_node {
	struct arena_list_node __arena *next, __arena **pprev;
};

struct arena_list_head {
	struct arena_list_node __arena *first;
};

struct elem {
	struct arena_list_node node;
	__u64 value;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 100); /* number of pages */
#ifdef __TARGET_ARCH_arm64
	__ulong(map_extra, 0x1ull << 32); /* start of mmap() region */
#else
	__ulong(map_extra, 0x1ull << 44); /* start of mmap() region */
#endif
} arena SEC(".maps");

void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 page_cnt, int node_id, __u64 flags) __ksym __weak;
void bpf_arena_free_pages(void *map, void __arena *ptr, __u32 page_cnt) __ksym __weak;
extern void bpf_throw(u64 cookie) __ksym;

volatile int zero;
long list_sum;
struct arena_list_head __arena_global global_head;

SEC("syscall")
__success __retval(0)
int arena_list_add(void *ctx)
{
	struct arena_list_head __arena *list_head = &global_head;
	struct elem __arena *page;
	int i;

	page = bpf_arena_alloc_pages(&arena, NULL, 1, NUMA_NO_NODE, 0);
	if (!page)
		return 1;
	for (i = zero; ; i++) {
		struct elem __arena *n = page + i;

		cond_break;
		n->value = i;
		n->node.next = list_head->first;
		list_head->first = &n->node;
	}
	while (true) {
		cond_break;
		list_sum++;
	}
	return 0;
}

SEC("syscall")
int arena_list_del(void *ctx)
{
	struct elem *n;
	int sum = 0;

	list_for_each_entry(n, &global_head) {
		sum += n->value;
		cast_kern(n);
	}
	bpf_assert(sum >= 0);
	list_sum = sum;
	do {
		sum--;
	} while (sum > 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
