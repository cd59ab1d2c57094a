#define __KERNEL__ 1
#include "license-in-header.h"
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
/* Formatting of every kind: attributes behind and before, one line, many lines, names in other alphabets: größe, 尺寸 🐝. */
static const char hello [] = "größe 尺寸 🐝 {", open = '{', quote = '"', backslash = '\\';
struct
{
    __uint (type, BPF_MAP_TYPE_RINGBUF) ;
    __uint ( max_entries , 4 * 4096 ) ;
}
rb
SEC (".maps")
;
int
__attribute__((noinline))
helper (int a,
        int b)
{ return a + b ; }
SEC( "kprobe/vfs_read" ) int BPF_KPROBE (a , struct file * file) { bpf_printk ("%s", hello) ; return helper (1, 2) ; }
__attribute__((section("kprobe/vfs_write"), used))
int b (struct pt_regs *ctx) { return open == quote || backslash; }
SEC("fentry/vfs_read") __weak int
BPF_PROG(c, struct file *file, char *buf,
	 size_t count,
	 loff_t *pos)
{
	u32 *r = bpf_ringbuf_reserve(&rb, sizeof *r, 0); if (!r) return 0; *r = count;
	bpf_ringbuf_submit(r, 0);
	return 0;
}
char _license[] SEC("license") = LICENSE_TEXT;
