/** Resolves the name a user typed for a library or program to a file. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { findUserBinary } from '../../system/user-binaries';
import { SessionError } from '../errors';

/**
 * A path, or a library or program by name (findUserBinary); links are resolved. The sandbox VM sees the same files.
 * Throws SessionError 'attach-point-missing'.
 */
export async function userFile(name: string): Promise<string> {
  const found = findUserBinary(name.includes('/') ? path.resolve(name) : name);
  if (found) return realpath(found);
  throw new SessionError(
    'attach-point-missing',
    `No file, library or program '${name}' was found on this machine.`,
    { text: 'Use its full path.' },
  );
}
