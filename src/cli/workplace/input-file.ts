/** Reads files named on the command line. */

import { readFile, stat } from 'node:fs/promises';
import { systemErrno } from '../../shared/errors/system-errno';
import { UsageError } from '../print/exit';

/** The file's bytes. Throws UsageError with the errno's name. */
export async function readInputFile(file: string): Promise<Buffer> {
  return readFile(file).catch(error => {
    throw new UsageError(`Reading ${file} failed: ${systemErrno(error) ?? String(error)}.`);
  });
}

/** Throws UsageError unless the path is a regular file. */
export async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(error => {
    throw new UsageError(`Reading ${file} failed: ${systemErrno(error) ?? String(error)}.`);
  });
  if (!found.isFile()) throw new UsageError(`${file} is not a regular file.`);
}
