/** Finds tracefs and reads from it. */

import { readdir, readFile } from 'node:fs/promises';
import { systemErrno } from '../shared/errors/system-errno';
import { readFailure, TracerError } from './common/errors';

export const TRACEFS_FOLDERS: readonly string[] = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

export const NEEDS_READ_SEARCH = 'It needs CAP_DAC_READ_SEARCH.';

export const notMounted = (): TracerError =>
  new TracerError(
    'not-found',
    'tracefs is not mounted. Mount it with: sudo mount -t tracefs tracefs /sys/kernel/tracing',
  );

/**
 * A file below tracefs. `path` is built by the tracer, never taken from a client. null when it does not exist. Throws
 * TracerError 'not-permitted', or 'not-found' when tracefs is not mounted.
 */
export function readTracefs(path: string): Promise<Buffer | null> {
  return below(path, file => readFile(file));
}
/** Calls `read` with the file's path; file system errors are reported as by readTracefs. */
export function withTracefs<T>(path: string, read: (file: string) => Promise<T>): Promise<T | null> {
  return below(path, read);
}
export function listTracefs(path: string): Promise<readonly string[] | null> {
  return below(path, folder => readdir(folder));
}

async function below<T>(path: string, read: (path: string) => Promise<T>): Promise<T | null> {
  let mounted = false;
  for (const folder of TRACEFS_FOLDERS) {
    try {
      return await read(`${folder}/${path}`);
    } catch (error) {
      const errno = systemErrno(error);
      if (errno !== 'ENOENT' && errno !== 'ENOTDIR')
        throw readFailure(`${folder}/${path}`, error, NEEDS_READ_SEARCH);
      mounted ||= await isTracefs(folder);
    }
  }
  if (mounted) return null;
  throw notMounted();
}

async function isTracefs(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).includes('events');
  } catch {
    return false;
  }
}
