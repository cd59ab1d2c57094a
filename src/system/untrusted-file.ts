/**
 * The only way to open a path from an untrusted source: a traced process (its mappings), an object or a source (section
 * names, #include, #line), a log. Such a path may be a FIFO, on which open(2) blocks forever; a device, which may act
 * when it is opened and never ends; a file of any size; or one that grows while it is read.
 *
 * Not for files of procfs and sysfs, which report no size. A network file system or FUSE may still answer late or
 * never: asynchronous callers read one file at a time, so that at most one of Node's four threads waits.
 */

import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { ErrorTable } from '../shared/errors/error-table';
import { WorkbenchError } from '../shared/errors/workbench-error';

/** Why a file that somebody else names was not read. */
export const FILE_ERRORS = {
  'not-a-file': {
    means: 'A path that a program or log names is a device, a FIFO or a folder, and was not opened',
    fix: 'Nothing, if you did not name it; else choose a regular file.',
  },
  'too-large': {
    means: 'The file is larger than such a file can be, and was not read',
    fix: 'Nothing, if you did not name it.',
  },
  changed: {
    means: 'The file was replaced while it was read',
    fix: 'Try again.',
  },
} as const satisfies ErrorTable;
export type FileRefusalCode = keyof typeof FILE_ERRORS;

/** Why a file was not read. System errors (ENOENT, EACCES …) are passed on unchanged. */
export class FileRefusal extends WorkbenchError<FileRefusalCode> {
  override readonly name = 'FileRefusal';
}

/** O_NONBLOCK: if a FIFO replaced the file, open(2) returns at once and the FIFO is rejected. Node adds O_CLOEXEC itself. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a regular file, following links, up to the size it had when it was opened. Throws FileRefusal 'not-a-file',
 * 'too-large' (more than `maxBytes`) or 'changed' (replaced by another file meanwhile), or the system's error.
 */
export async function readUntrustedFile(path: string, maxBytes: number): Promise<Buffer> {
  // Checked first, because opening a device can act on it (rewind a tape, start a watchdog).
  const seen = checked(path, await stat(path));
  const file = await open(path, FLAGS);
  try {
    const { size } = sameFile(path, seen, await file.stat());
    limit(path, size, maxBytes);
    return await readExactly(file, size);
  } finally {
    await file.close();
  }
}

/** Synchronous version of readUntrustedFile. */
export function readUntrustedFileSync(path: string, maxBytes: number): Buffer {
  const fd = openUntrustedFileSync(path);
  try {
    const { size } = fstatSync(fd);
    limit(path, size, maxBytes);
    const bytes = Buffer.allocUnsafe(size);
    let at = 0;
    while (at < size) {
      const count = readSync(fd, bytes, at, size - at, at);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}

/** Opens a regular file of any size, to read parts of it. Errors as readUntrustedFile, except 'too-large'. */
export function openUntrustedFileSync(path: string): number {
  const seen = checked(path, statSync(path));
  const fd = openSync(path, FLAGS);
  try {
    sameFile(path, seen, fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function checked(path: string, stats: Stats): Stats {
  if (stats.isFile()) return stats;
  throw new FileRefusal('not-a-file', `${path} is ${kindOf(stats)}, not a regular file`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function sameFile(path: string, seen: Stats, opened: Stats): Stats {
  checked(path, opened);
  if (opened.dev === seen.dev && opened.ino === seen.ino) return opened;
  throw new FileRefusal('changed', `${path} was replaced while it was being opened`);
}

function limit(path: string, size: number, maxBytes: number): void {
  if (size <= maxBytes) return;
  throw new FileRefusal('too-large', `${path} has ${size} bytes; the limit is ${maxBytes}`);
}

/** The result is shorter if the file has shrunk. */
async function readExactly(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}
