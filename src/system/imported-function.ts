/** Functions that a program calls and a library has: a probe belongs into the library. */
import { closeSync } from 'node:fs';
import { elfOfDescriptor } from './elf-descriptor';
import { openUntrustedFileSync } from './untrusted-file';
import { findUserBinary } from './user-binaries';
import { UserElf, UserElfError } from './user-elf';

/** Libraries that are looked into for one function. */
const MOST_LIBRARIES = 64;

/**
 * "read is imported from libc.so.6: name that library instead": where the file imports the function; null where it does
 * not, or is damaged.
 */
export function importedFunction(elf: UserElf, name: string): string | null {
  try {
    if (elf.gotSlots(name).length === 0) return null;
    const library = elf
      .needed()
      .slice(0, MOST_LIBRARIES)
      .find(each => hasFunction(each, name));
    return library === undefined
      ? `${name} is imported from a library that was not found here: name the library instead`
      : `${name} is imported from ${library}: name that library instead`;
  } catch (error) {
    if (error instanceof UserElfError) return null;
    throw error;
  }
}

function hasFunction(library: string, name: string): boolean {
  const file = findUserBinary(library);
  if (file === null) return false;
  let descriptor: number;
  try {
    descriptor = openUntrustedFileSync(file);
  } catch {
    return false;
  }
  try {
    return new UserElf(elfOfDescriptor(descriptor)).functions(name).length > 0;
  } catch (error) {
    if (error instanceof UserElfError || error instanceof RangeError) return false;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
