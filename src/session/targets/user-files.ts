/** The file behind a name a user typed for a library or program. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { findUserBinary } from '../../system/user-binaries';
import { SessionError } from '../errors';

/**
 * A path, or a library or program by name (findUserBinary); links resolved. The sandbox VM sees the same files. Throws
 * SessionError 'attach-point-missing'.
 */
export async function userFile(name: string): Promise<string> {
  const found = findUserBinary(name.includes('/') ? path.resolve(name) : name);
  if (found) return realpath(found);
  throw new SessionError(
    'attach-point-missing',
    `There is no file, library or program '${name}' on this machine.`,
    { text: 'Give its whole path.' },
  );
}
