/** The contents of /proc/PID (proc(5)); null fields if the process is gone. */
import { readFileSync } from 'node:fs';

export interface CapabilitySets {
  readonly effective: string;
  readonly permitted: string;
  readonly inheritable: string;
  readonly bounding: string;
}

export interface ProcessStatus {
  readonly uid: number;
  readonly parentPid: number;
  /** Capability sets (capabilities(7)), hexadecimal. */
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
}

/** Null if there is no such process. */
export function processStatus(pid: number | 'self'): ProcessStatus | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return null;
  }
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(text)?.[1];
  return {
    uid: Number(/^Uid:\s*\d+\s+(\d+)/m.exec(text)?.[1] ?? -1),
    parentPid: Number(field('PPid') ?? 0),
    capabilities: {
      effective: field('CapEff') ?? '0',
      permitted: field('CapPrm') ?? '0',
      inheritable: field('CapInh') ?? '0',
      bounding: field('CapBnd') ?? '0',
    },
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}

/** True if `pid` is `ancestorPid` or a descendant of it, with any number of programs (sudo, setpriv) between. */
export function descendsFrom(pid: number, ancestorPid: number): boolean {
  let current = pid;
  for (let depth = 0; depth < 64 && current > 1; depth++) {
    if (current === ancestorPid) return true;
    current = processStatus(current)?.parentPid ?? 0;
  }
  return false;
}

/** The state letter of /proc/PID/stat (proc(5)), after a command name that may contain spaces and parentheses; null if gone. */
export function processState(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return null;
  }
}
