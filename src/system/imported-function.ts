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

/** The same of a file by its path, or by a name as libbpf finds it; null where it cannot be read, or has the function itself. */
export function importedFrom(binary: string, name: string): string | null {
  return name === ''
    ? null
    : readUserElf(binary, elf => (elf.functions(name).length > 0 ? null : importedFunction(elf, name)));
}

function hasFunction(library: string, name: string): boolean {
  return readUserElf(library, elf => elf.functions(name).length > 0) ?? false;
}

/** Null where there is no such file, or where it is damaged or not an ELF file. */
function readUserElf<T>(binary: string, use: (elf: UserElf) => T | null): T | null {
  const file = findUserBinary(binary);
  if (file === null) return null;
  let descriptor: number;
  try {
    descriptor = openUntrustedFileSync(file);
  } catch {
    return null;
  }
  try {
    return use(new UserElf(elfOfDescriptor(descriptor)));
  } catch (error) {
    if (error instanceof UserElfError || error instanceof RangeError) return null;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
