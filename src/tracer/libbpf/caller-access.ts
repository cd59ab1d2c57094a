/**
 * Opens files with the caller's permissions: without the capabilities that bypass file permissions. The file stays
 * open, so that the file checked is the file probed.
 */

import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { isLibraryName, libraryFolders, SYSTEM_FOLDERS } from '../../shared/bpf/binary-folders';
import { TracerError } from '../common/errors';
import { systemError } from './errors';
import { capget, capset } from './ffi';

/** struct __user_cap_header_struct, _LINUX_CAPABILITY_VERSION_3 (include/uapi/linux/capability.h): two 32-bit words a set. */
const CAPABILITY_VERSION_3 = 0x20080522;
const HEADER_BYTES = 8;
const DATA_BYTES = 24;
const CAP_DAC_OVERRIDE = 1;
const CAP_DAC_READ_SEARCH = 2;
const BYPASS = (1 << CAP_DAC_OVERRIDE) | (1 << CAP_DAC_READ_SEARCH);

function capabilityHeader(): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(CAPABILITY_VERSION_3);
  return header;
}

/**
 * Runs synchronous `work` without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH in this thread's effective set. They
 * stay permitted and are restored afterwards. root keeps them: root may read every file.
 */
function withoutBypass<T>(work: () => T): T {
  if (process.getuid?.() === 0) return work();
  const header = capabilityHeader();
  const held = Buffer.alloc(DATA_BYTES);
  if (capget(header, held) < 0)
    throw new TracerError('internal', 'The tracer cannot read its own capabilities.');
  const lowered = Buffer.from(held);
  lowered.writeUInt32LE((held.readUInt32LE(0) & ~BYPASS) >>> 0, 0);
  if (capset(header, lowered) < 0)
    throw new TracerError('internal', 'The tracer cannot lower its own capabilities.');
  try {
    return work();
  } finally {
    capset(header, held);
  }
}

export interface CallerFile {
  /** Path of the open file for libbpf and the kernel, valid even when the original path changes. */
  readonly path: string;
  /** As the caller named it: for messages, instead of `path`. */
  readonly named: string;
  close(): void;
}

/**
 * Throws TracerError 'not-permitted' (EACCES, EPERM) where the caller may not read the file, 'not-found' where it is
 * missing or not a regular file: libbpf reads to the end, and a FIFO or a device has none.
 */
export function openAsCaller(path: string): CallerFile {
  let fd: number;
  try {
    fd = withoutBypass(() => {
      // Checked first: opening a device can have effects.
      if (!statSync(path).isFile()) throw notAFile(path);
      // O_NONBLOCK: a FIFO that replaced the file must not hang the tracer; it has no effect on regular files.
      return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    });
  } catch (error) {
    if (error instanceof TracerError) throw error;
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') {
      throw systemError(
        'not-permitted',
        `Reading ${path} was refused`,
        Math.abs(errno),
        'Choose a file you can read.',
      );
    }
    throw systemError('not-found', `Cannot open ${path}`, Math.abs(errno), 'Check the path.');
  }
  if (!fstatSync(fd).isFile()) {
    closeSync(fd);
    throw notAFile(path);
  }
  return { path: `/proc/self/fd/${fd}`, named: path, close: () => closeSync(fd) };
}

function notAFile(path: string): TracerError {
  return new TracerError('not-found', `${path} is not a regular file. Choose a program or a library.`);
}

/** Opens "libc.so.6" or "bash" from the system's folders, or an absolute path. Errors as openAsCaller. */
export function openBinaryAsCaller(binary: string): CallerFile {
  if (binary.startsWith('/')) return openAsCaller(binary);
  if (!binary.includes('/')) {
    for (const folder of isLibraryName(binary) ? libraryFolders(process.arch) : SYSTEM_FOLDERS) {
      try {
        return openAsCaller(`${folder}/${binary}`);
      } catch (error) {
        if (!(error instanceof TracerError) || error.code !== 'not-found') throw error;
      }
    }
  }
  throw new TracerError(
    'not-found',
    `${binary} was not found in the system's folders. Use an absolute path.`,
  );
}
