/**
 * Functions and tracepoints of the kernel that took over from older ones. Where a kernel has both, the older is a wrapper
 * that calls the newer: a program attached to both counts twice.
 */

/** Older name, newer name. */
const RENAMED: readonly (readonly [string, string])[] = [
  // 5.6, fddb5d430ad9 "open: introduce openat2(2) syscall": do_sys_open() calls it.
  ['do_sys_open', 'do_sys_openat2'],
  // 5.10, 8238287eadb2 "mm/readahead: make do_page_cache_ra take a readahead_control"
  ['__do_page_cache_readahead', 'do_page_cache_ra'],
  // 5.16, folios: the older ones stayed in mm/folio-compat.c.
  ['mark_page_accessed', 'folio_mark_accessed'],
  ['add_to_page_cache_lru', 'filemap_add_folio'],
  ['__page_cache_alloc', 'filemap_alloc_folio'],
  ['account_page_dirtied', 'folio_account_dirtied'],
  ['set_page_dirty', 'folio_mark_dirty'],
  ['wait_on_page_writeback', 'folio_wait_writeback'],
  // 6.5, 5a80bd075f3b "block: introduce block_io_start/block_io_done tracepoints"
  ['__blk_account_io_start', 'block_io_start'],
  ['blk_account_io_start', 'block_io_start'],
  ['__blk_account_io_done', 'block_io_done'],
  ['blk_account_io_done', 'block_io_done'],
];
const NEWER = new Map(RENAMED);

/** Parts that a compiler split off, and the name under memory allocation profiling (6.10): the function is the same. */
const SUFFIX = /(\.(isra|constprop|part|cold)(\.\d+)*|_noprof)+$/;

/** The name that a function, whatever its kernel and compiler call it, has in common with its older and newer ones. */
export function currentName(name: string): string {
  const plain = name.replace(SUFFIX, '');
  return NEWER.get(plain) ?? plain;
}

/** The system call that the function is the entry of, for any architecture and since before the wrappers of 4.17; null for others. */
export function systemCallOf(name: string): string | null {
  return /^(?:__(?:x64|ia32|arm64|s390x|riscv|se|do)_sys_|sys_|SyS_)(\w+)$/.exec(name)?.[1] ?? null;
}
