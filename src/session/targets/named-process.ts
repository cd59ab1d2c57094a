/** The process a session is limited to, if the user named one. */
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

/** Throws SessionError 'bad-parameter' for a process that does not exist, which would never produce data. */
export async function requireProcess(target: Pick<Target, 'id' | 'describe' | 'hasProcess'>, pid: number) {
  if (await target.hasProcess(pid)) return;
  throw new SessionError(
    'bad-parameter',
    `Process ${pid} does not exist on ${target.describe()}.`,
    target.id === 'vm' ? { text: 'The sandbox VM has its own process ids: run `ps` there.' } : null,
  );
}
