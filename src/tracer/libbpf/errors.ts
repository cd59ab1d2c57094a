/** Names and texts for errno values of the kernel and of libbpf. */
import { constants } from 'node:os';
import type { TracerErrorCode } from '../../shared/protocol/tracer';
import { TracerError, type TracerErrorDetails } from '../common/errors';
import { libbpfStrerror } from './ffi';

/** libbpf's own range: enum libbpf_errno of bpf/libbpf.h, from 4000. */
const LIBBPF_ERRNO_NAMES = [
  'LIBELF',
  'FORMAT',
  'KVERSION',
  'ENDIAN',
  'INTERNAL',
  'RELOC',
  'LOAD',
  'VERIFY',
  'PROG2BIG',
  'KVER',
  'PROGTYPE',
  'WRNGPID',
  'INVSEQ',
  'NLPARSE',
];
const LIBBPF_ERRNO_START = 4000;
/** include/linux/errno.h; the C library does not list it, but BPF commands return it. */
export const ENOTSUPP = 524;

export const ERRNO = constants.errno;

const namesByNumber = new Map<number, string>();
for (const [name, value] of Object.entries(constants.errno)) {
  // The order of aliases (EWOULDBLOCK, ENOTSUP) depends on the platform: prefer the usual name.
  if (!namesByNumber.has(value) || name === 'EAGAIN' || name === 'EOPNOTSUPP') namesByNumber.set(value, name);
}
namesByNumber.set(ENOTSUPP, 'ENOTSUPP');

export function errnoName(errno: number): string {
  const own = LIBBPF_ERRNO_NAMES[errno - LIBBPF_ERRNO_START];
  if (own) return `LIBBPF_ERRNO__${own}`;
  return namesByNumber.get(errno) ?? `errno ${errno}`;
}

/** "Permission denied"; libbpf's text for its own numbers. */
export function errnoText(errno: number): string {
  const buffer = Buffer.alloc(256);
  libbpfStrerror(errno, buffer, buffer.byteLength);
  const end = buffer.indexOf(0);
  return buffer.toString('utf8', 0, end < 0 ? buffer.byteLength : end);
}

/**
 * An error with what failed, the errno's name and text, and `fix`. EPERM and EACCES become 'not-permitted' whatever
 * `code` is: the fix for those is always another capability.
 */
export function systemError(
  code: TracerErrorCode,
  what: string,
  errno: number,
  fix: string,
  details: TracerErrorDetails = {},
): TracerError {
  const name = errnoName(errno);
  return new TracerError(code, `${what}: ${name} (${errnoText(errno)}). ${fix}`.trim(), {
    ...details,
    errno,
    errnoName: name,
  });
}

export const MISSING_CAPABILITY =
  'The tracer was started without a capability that this needs; start the session again, so that it requests it.';

export const isPermission = (errno: number): boolean =>
  errno === constants.errno.EPERM || errno === constants.errno.EACCES;
