/** Finds tracefs and reads from it. */
import { readdir, readFile } from 'node:fs/promises';
import { TracerError } from './errors';

export const TRACEFS_FOLDERS: readonly string[] = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

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
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') {
        throw new TracerError(
          'not-permitted',
          `Reading ${folder} was refused: ${code}. It needs CAP_DAC_READ_SEARCH.`,
        );
      }
      if (code !== 'ENOENT' && code !== 'ENOTDIR')
        throw new TracerError('kernel', `Reading ${folder}/${path} failed: ${code}`);
      mounted ||= await isTracefs(folder);
    }
  }
  if (mounted) return null;
  throw new TracerError(
    'not-found',
    'tracefs is not mounted. Mount it with: sudo mount -t tracefs tracefs /sys/kernel/tracing',
  );
}

async function isTracefs(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).includes('events');
  } catch {
    return false;
  }
}
