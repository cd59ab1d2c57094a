/** The process a session is limited to, if the user named one. */
import { readlink } from 'node:fs/promises';
import type { Parameter } from '../../shared/object/model';
import { SessionError } from '../errors';
import type { Target } from './target';

/** The value of the pid parameter; null for the whole machine, or a value that is not a process id. */
export function namedProcess(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
): number | null {
  const parameter = parameters.find(candidate => candidate.role === 'pid');
  const pid = Number(parameter ? (values.get(parameter.name) ?? 0) : 0);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/**
 * The process in which probes of programs and libraries are set: the pid parameter's, where 0 means every process even
 * if a command was given; without such a parameter the command's. Null for every process.
 */
export function probedProcess(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
  commandPid: number | null,
): number | null {
  return parameters.some(({ role }) => role === 'pid') ? namedProcess(parameters, values) : commandPid;
}

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the namespace in which process ids are the kernel's. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/**
 * Why a process cannot be chosen by its id: this process is in a pid namespace (a container, `unshare --pid`), and programs
 * see the kernel's ids. Null where ids are the same.
 */
export async function processIdProblem(target: Pick<Target, 'id'>): Promise<string | null> {
  if (target.id !== 'local') return null;
  const own = await readlink('/proc/self/ns/pid').catch(() => INITIAL_PID_NAMESPACE);
  return own === INITIAL_PID_NAMESPACE
    ? null
    : `This is a pid namespace (${own}, as in a container): the kernel has other process ids than those seen here, and programs compare with the kernel's. The chosen process will not be found, or another one will be. Run this outside the namespace, choose process 0 (all), or use the sandbox VM.`;
}

/** Throws SessionError 'bad-parameter' for a process that does not exist, which would never produce data. */
export async function requireProcess(target: Pick<Target, 'id' | 'describe' | 'hasProcess'>, pid: number) {
  if (await target.hasProcess(pid)) return;
  throw new SessionError(
    'bad-parameter',
    `Process ${pid} does not exist on ${target.describe()}.`,
    target.id === 'vm' ? { text: 'The sandbox VM has its own process ids: run `ps` there.' } : null,
  );
}
