/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __MACROS_H
#define __MACROS_H

#define AS(type, value) ((struct type *)(value))
#define OUTER(pointer, type, member) \
	((type *)((void *)(pointer) - __builtin_offsetof(type, member)))
#define TRACE_CONTEXT(event) struct trace_event_raw_##event
#define STATE(name) TCP_##name

/* Only ever reached through the macro's expansion. */
#define DEVICE_OF(pointer) BPF_CORE_READ(AS(inode, pointer), i_sb, s_bdev, bd_dev)

#endif
