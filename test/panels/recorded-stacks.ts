/** A recorded state of a stack map: allocations of a database by call path. */
import type { StackFrame, StackSample } from '../../src/shared/protocol/webview';
import { sequence } from './recorded-histograms';

const USER: Readonly<Record<string, readonly string[]>> = {
  _start: ['main'],
  main: ['PostmasterMain', 'parse_config'],
  PostmasterMain: ['ServerLoop'],
  ServerLoop: ['PostgresMain', 'BackendStartup'],
  PostgresMain: ['exec_simple_query', 'ReadCommand', 'finish_xact_command'],
  exec_simple_query: ['pg_plan_queries', 'PortalRun', 'pg_parse_query'],
  PortalRun: ['ExecutorRun', 'PortalRunUtility'],
  ExecutorRun: ['ExecScan', 'ExecSort', 'ExecHashJoin'],
  ExecScan: ['heap_getnextslot', 'ExecQual'],
  ExecHashJoin: ['ExecScan', 'ExecHashTableInsert'],
  heap_getnextslot: ['ReadBufferExtended'],
  ReadBufferExtended: ['pread64'],
  ReadCommand: ['recv'],
};
const KERNEL: Readonly<Record<string, readonly string[]>> = {
  pread64: ['entry_SYSCALL_64'],
  recv: ['entry_SYSCALL_64'],
  entry_SYSCALL_64: ['do_syscall_64'],
  do_syscall_64: ['ksys_pread64', '__x64_sys_recvfrom'],
  ksys_pread64: ['vfs_read'],
  vfs_read: ['ext4_file_read_iter', 'rw_verify_area'],
  ext4_file_read_iter: ['filemap_read'],
  filemap_read: ['copy_page_to_iter', 'page_cache_ra_unbounded'],
  __x64_sys_recvfrom: ['tcp_recvmsg'],
};

/** 240 distinct walks through the call graph, always the same. */
export function recordedStacks(): StackSample[] {
  const random = sequence(11);
  return Array.from({ length: 240 }, (_, index) => {
    const frames: StackFrame[] = [{ name: '_start', module: 'postgres', kind: 'user' }];
    for (let at = '_start'; ; ) {
      const kernel = KERNEL[at] !== undefined && (frames.at(-1)?.kind === 'kernel' || USER[at] === undefined);
      const next = kernel ? KERNEL[at] : USER[at];
      if (!next || (frames.length > 7 && random() < 0.08)) break;
      at = next[Math.floor(random() ** 1.4 * next.length)] ?? '';
      frames.push({
        name: at,
        module: kernel ? '' : at === 'pread64' || at === 'recv' ? 'libc.so.6' : 'postgres',
        kind: kernel ? 'kernel' : 'user',
      });
    }
    return {
      frames,
      key: { pid: 400 + (index % 5) },
      count: 1 + Math.floor(random() ** 4 * 400),
      value: 64 + Math.floor(random() ** 5 * 5_000_000),
    };
  });
}
