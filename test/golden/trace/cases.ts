import type { Mode } from '../../../src/trace/plan';

/** Of a choice: each has its file in expected/. FOLDER/program is a program of the test's own. */
export interface Case {
  readonly name: string;
  readonly probes: readonly string[];
  readonly mode: Mode;
  readonly by?: readonly string[];
  readonly where?: string;
}

/** What every kernel has, and the small one of the language server's tests. */
export const CASES: readonly Case[] = [
  { name: 'count', probes: ['vfs_read'], mode: { kind: 'count' } },
  {
    name: 'count-by',
    probes: ['vfs_read'],
    mode: { kind: 'count' },
    by: ['comm', 'file->f_inode->i_mode & 61440'],
    where: 'count > 100 && comm == "dd"',
  },
  { name: 'latency', probes: ['vfs_read'], mode: { kind: 'latency' } },
  {
    name: 'latency-by',
    probes: ['vfs_read', 'vfs_write'],
    mode: { kind: 'latency' },
    by: ['comm'],
    where: 'result > 0 && file->f_flags & 1 == 0',
  },
  { name: 'hist-result', probes: ['vfs_read'], mode: { kind: 'hist', of: 'result' } },
  {
    name: 'hist-result-where-argument',
    probes: ['vfs_read'],
    mode: { kind: 'hist', of: 'result' },
    where: 'count == 100',
  },
  {
    name: 'hist-result-where-comm',
    probes: ['vfs_read'],
    mode: { kind: 'hist', of: 'result' },
    where: 'comm == "dd"',
  },
  {
    name: 'hist-argument',
    probes: ['vfs_read'],
    mode: { kind: 'hist', of: 'count' },
    by: ['pid'],
    where: 'result != count',
  },
  { name: 'events', probes: ['vfs_read'], mode: { kind: 'events' }, where: 'latency > 1000000' },
  { name: 'stacks', probes: ['vfs_read'], mode: { kind: 'stacks' }, by: ['comm'] },
  { name: 'syscall-events', probes: ['sys:openat'], mode: { kind: 'events' } },
  {
    name: 'syscall-by-text',
    probes: ['sys:openat'],
    mode: { kind: 'count' },
    by: ['filename'],
    where: 'result < 0',
  },
  { name: 'syscall-stacks', probes: ['sys:openat'], mode: { kind: 'stacks' } },
  {
    name: 'syscall-argument-named-pid',
    probes: ['sys:kill'],
    mode: { kind: 'events' },
    by: ['cpu', 'latency'],
  },
  { name: 'tracepoint-events', probes: ['sched:sched_switch'], mode: { kind: 'events' } },
  {
    name: 'tracepoint-argument',
    probes: ['sched:sched_switch'],
    mode: { kind: 'count' },
    by: ['next->comm', 'next->mm->map_count'],
  },
  {
    name: 'user-hist',
    probes: ['FOLDER/program:handle'],
    mode: { kind: 'hist', of: 'arg1' },
    by: ['str(arg0)'],
  },
  { name: 'user-latency', probes: ['FOLDER/program:handle'], mode: { kind: 'latency' }, where: 'arg1 >= 10' },
  {
    name: 'user-hist-result',
    probes: ['FOLDER/program:handle'],
    mode: { kind: 'hist', of: 'result' },
    where: 'arg1 >= 10',
  },
  {
    name: 'user-stacks',
    probes: ['FOLDER/program:handle', 'FOLDER/program:main'],
    mode: { kind: 'stacks' },
  },
];
