import type { ErrorTable } from '../errors/error-table';

/** Why the tracer did not do what it was asked for. */
export const TRACER_ERRORS = {
  'bad-request': {
    means: 'A request is not valid',
    fix: 'Report it: the extension sent it.',
  },
  'unknown-session': {
    means: 'A request for a session that has ended',
    fix: 'Start the program again.',
  },
  'unknown-map': {
    means: 'The object has no such map or section',
    fix: 'Compile the program again.',
  },
  limit: {
    means: 'More than the tracer serves: sessions, programs, maps or bytes',
    fix: 'End a session, or make the program smaller; the message has the limit.',
  },
  'not-permitted': {
    means: 'The kernel refused, because a right is missing (EPERM, EACCES)',
    fix: 'The message names the capability or setting. BPF: Check Environment shows what this machine allows.',
  },
  'needs-consent': {
    means: 'Programs that may change the system, and you did not agree to them',
    fix: 'Agree in the dialog, or `bpfw run --allow PROGRAM`.',
  },
  'object-rejected': {
    means: 'libbpf refused the object before the verifier saw it',
    fix: 'The message has libbpf’s reason; [verifier.md](verifier.md) explains most.',
  },
  'verifier-rejected': {
    means: 'The verifier refused a program',
    fix: '[verifier.md](verifier.md) has every kind, with its fix.',
  },
  'attach-failed': {
    means: 'The program was loaded and could not be attached',
    fix: 'The message has the errno and libbpf’s reason: no such place, not traceable, or in use.',
  },
  'not-found': {
    means: 'A file that the program names is not there',
    fix: 'Check the path.',
  },
  kernel: {
    means: 'A system call of the tracer failed',
    fix: 'The message has the errno.',
  },
  internal: {
    means: 'A fault of ours',
    fix: 'Report it with BPF: Show Log.',
  },
} as const satisfies ErrorTable;
