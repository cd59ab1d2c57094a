/* Layouts that a header writer gets wrong first; compiled to BTF, written as a header, compared. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;

struct plain { char a; int b; short c; u64 d; };
struct packed_odd { char a; int b; short c; } __attribute__((packed));
struct holds_packed { char lead; struct packed_odd odd[3]; u64 tail; };
struct over_aligned { int a; } __attribute__((aligned(64)));
struct holds_over_aligned { char lead; struct over_aligned inner; char tail; };
struct member_aligned { char a; int b __attribute__((aligned(32))); char c; };
struct packed_aligned { char a; u32 b; } __attribute__((packed, aligned(4)));
union over_aligned_union { u8 byte; u32 word; } __attribute__((aligned(16)));
struct holds_union { u8 a; union over_aligned_union u; u8 b; };
union odd_union { u8 bytes[5]; u32 word; } __attribute__((packed));
struct bits { u32 a : 3; u32 b : 5; u32 : 0; u32 c : 31; u64 d : 33; u8 e : 1; u8 : 5; u8 f : 2; int g : 7; bool h : 1; };
struct bits_gap { u32 a : 1; u32 : 9; u32 b : 4; u64 : 17; u64 c : 40; char d; u16 e : 12; };
struct bits_packed { u8 a : 4; u32 b : 20; u64 c : 39; u8 d; u16 e : 9; } __attribute__((packed));
struct nested {
	int type;
	union {
		struct { u8 x; u64 y; };
		struct { u16 p, q; } named;
		u8 raw[24];
	};
	struct { struct { int deep; } array[2]; union { float f; double g; }; } *pointer;
	enum { NESTED_A = -1, NESTED_B = 7 } state, before;
};
struct list { struct list *next, **slot; struct nested (*rows)[4]; };
struct flexible { u32 count; struct plain items[]; };
struct zero_middle { u8 a; u64 mark[0]; u8 b; };
struct empty {};
struct holds_empty { struct empty nothing; u32 after; };
struct wide { u8 a; __int128 b; unsigned __int128 c; };

enum negative { NEGATIVE = -2147483647 - 1, POSITIVE = 2147483647 };
enum unsigned_top { TOP = 4294967295U };
enum wide_values { WIDE = 0x100000000ULL, WIDER = 0xffffffffffffffffULL };
enum wide_negative { LOWEST = -9223372036854775807LL - 1, HIGHEST = 9223372036854775807LL };
enum small { SMALL_A, SMALL_B = 200 } __attribute__((packed));
enum small_signed { SS_A = -5, SS_B = 5 } __attribute__((packed));
struct enums { enum small s; enum small_signed t; enum negative n; enum wide_values w; enum negative field : 4; };

typedef int (*callback_t)(struct list *, const char *, ...);
typedef callback_t (*factory_t)(int, callback_t, void (*)(const volatile void *));
typedef struct { callback_t call; } anonymous_t;
typedef anonymous_t *const *alias_t;
typedef u32 matrix_t[3][5];
struct forward_only;
struct pointers {
	callback_t call;
	factory_t factory;
	anonymous_t inner;
	alias_t alias;
	matrix_t matrix;
	const char *const *volatile text;
	int (*(*table)[6])(struct forward_only *);
	const u8 fixed[7];
	struct pointers *restrict self;
};
typedef struct cycle_b cycle_b_t;
struct cycle_a { cycle_b_t *b; };
struct cycle_b { struct cycle_a a; cycle_b_t *again; };

#define KEEP(type, name) type keep_##name
KEEP(struct plain, plain);
KEEP(struct packed_odd, packed_odd);
KEEP(struct holds_packed, holds_packed);
KEEP(struct over_aligned, over_aligned);
KEEP(struct holds_over_aligned, holds_over_aligned);
KEEP(struct member_aligned, member_aligned);
KEEP(struct packed_aligned, packed_aligned);
KEEP(union over_aligned_union, over_aligned_union);
KEEP(struct holds_union, holds_union);
KEEP(union odd_union, odd_union);
KEEP(struct bits, bits);
KEEP(struct bits_gap, bits_gap);
KEEP(struct bits_packed, bits_packed);
KEEP(struct nested, nested);
KEEP(struct list, list);
KEEP(struct flexible, flexible);
KEEP(struct zero_middle, zero_middle);
KEEP(struct holds_empty, holds_empty);
KEEP(struct wide, wide);
KEEP(enum negative, negative);
KEEP(enum unsigned_top, unsigned_top);
KEEP(enum wide_values, wide_values);
KEEP(enum wide_negative, wide_negative);
KEEP(enum small, small);
KEEP(enum small_signed, small_signed);
KEEP(struct enums, enums);
KEEP(struct pointers, pointers);
KEEP(struct cycle_a, cycle_a);
KEEP(struct cycle_b, cycle_b);
