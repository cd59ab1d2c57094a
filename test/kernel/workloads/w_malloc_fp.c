// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_malloc_fp: 10 calls of malloc(100) in aaa(), called by ccc(), and 5 of malloc(1000) in bbb(), called by ddd().
 * Frame pointers, no inlining, no tail calls: the stacks are main;ccc;aaa;malloc with 10 calls and 1000 bytes, and
 * main;ddd;bbb;malloc with 5 calls and 5000 bytes. libc adds allocations of its own at most at start.
 */
#include <stdlib.h>

#define KEEP_FRAME __asm__ volatile("" ::: "memory")

static void *volatile kept;

__attribute__((noinline)) static void aaa(void)
{
	kept = malloc(100);
	KEEP_FRAME;
}

__attribute__((noinline)) static void bbb(void)
{
	kept = malloc(1000);
	KEEP_FRAME;
}

__attribute__((noinline)) static void ccc(int count)
{
#pragma GCC unroll 1
	for (int i = 0; i < count; i++) {
		aaa();
		KEEP_FRAME;
	}
}

__attribute__((noinline)) static void ddd(int count)
{
#pragma GCC unroll 1
	for (int i = 0; i < count; i++) {
		bbb();
		KEEP_FRAME;
	}
}

int main(void)
{
	ccc(10);
	ddd(5);
	return 0;
}
