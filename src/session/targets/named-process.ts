/** The one process a session is for, when the user named one. */
import type { Parameter } from '../../shared/object/model';
import { SessionError } from '../errors';
import type { Target } from './target';

/** What the pid parameter is set to; null for the whole machine, or a value that is not a process id. */
export function namedProcess(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
): number | null {
  const parameter = parameters.find(candidate => candidate.role === 'pid');
  const pid = Number(parameter ? (values.get(parameter.name) ?? 0) : 0);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/**
 * The process that probes of programs and libraries are set in: the one the pid parameter says, so that 0 there means
 * every process, whatever command runs; the command's where the program has no such parameter. Null for every process.
 */
export function probedProcess(
  parameters: readonly Parameter[],
  values: ReadonlyMap<string, string>,
  commandPid: number | null,
): number | null {
  return parameters.some(({ role }) => role === 'pid') ? namedProcess(parameters, values) : commandPid;
}

/** Throws SessionError 'bad-parameter': nothing would ever be seen of a process that does not exist. */
export async function requireProcess(target: Pick<Target, 'id' | 'describe' | 'hasProcess'>, pid: number) {
  if (await target.hasProcess(pid)) return;
  throw new SessionError(
    'bad-parameter',
    `There is no process ${pid} on ${target.describe()}.`,
    target.id === 'vm'
      ? { text: 'Processes of the sandbox VM have ids of their own, see `ps` there.' }
      : null,
  );
}
