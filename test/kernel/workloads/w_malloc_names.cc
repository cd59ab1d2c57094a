// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * w_malloc_names: allocations through functions whose symbols are mangled. In C++: 3 of 100 bytes in a method, 2 of 200
 * in a template, 1 of 300 in a lambda. Under symbols that rustc 1.95 wrote (test/fixtures/symbols), since a machine
 * with a C compiler need not have rustc: 4 of 400 bytes below a closure in the older mangling, 5 of 500 in v0. Frame
 * pointers, no inlining, no tail calls.
 */
#include <cstdlib>

#define KEEP_FRAME __asm__ volatile("" ::: "memory")
#define OWN_FRAME __attribute__((noinline))

static void *volatile kept;

namespace shop {
struct Basket {
	OWN_FRAME void add(int price) const;
};

void Basket::add(int price) const
{
	kept = malloc(price);
	KEEP_FRAME;
}

template <typename T> OWN_FRAME void reserve(T bytes)
{
	kept = malloc(bytes);
	KEEP_FRAME;
}
} /* namespace shop */

OWN_FRAME static void rust_add() __asm__("_ZN4shop4shop3add17hc721d32ba7e088cbE");
OWN_FRAME static void rust_closure() __asm__("_ZN4shop4main28_$u7b$$u7b$closure$u7d$$u7d$17h186aa29121918464E");
OWN_FRAME static void rust_trait() __asm__("_ZN39_$LT$$RF$str$u20$as$u20$shop..Price$GT$5price17h6e80fafde49c96e3E");
OWN_FRAME static void rust_v0() __asm__("_RNvXs_CsbxQjNsTKZZh_4shopNtB4_5MoneyNtNtNtCsgEmfK2I1SDS_4core3ops5arith3Add3add");

static void rust_add()
{
	kept = malloc(400);
	KEEP_FRAME;
}

static void rust_closure()
{
	rust_add();
	KEEP_FRAME;
}

static void rust_trait()
{
	rust_closure();
	KEEP_FRAME;
}

static void rust_v0()
{
	kept = malloc(500);
	KEEP_FRAME;
}

template <typename F> OWN_FRAME static void repeat(int count, F step)
{
#pragma GCC unroll 1
	for (int i = 0; i < count; i++) {
		step();
		KEEP_FRAME;
	}
}

int main()
{
	shop::Basket basket;
#pragma GCC unroll 1
	for (int i = 0; i < 3; i++)
		basket.add(100);
	repeat(2, [] { shop::reserve<long>(200); });
	repeat(1, []() OWN_FRAME {
		kept = malloc(300);
		KEEP_FRAME;
	});
	repeat(4, rust_trait);
	repeat(5, rust_v0);
	return 0;
}
