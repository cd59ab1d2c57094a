/** Why a tracer that was started did not greet: from how it ended and what it printed. */
import { TRACER_EXIT } from '../../shared/protocol/tracer';
import { SessionError } from '../errors';

/** `exitCode` is null for a tracer ended by a signal; `fix` is always there. */
export function tracerFailure(stderr: string, exitCode: number | null): SessionError {
  const why = lastLine(stderr).replace(/^bpfw-tracer: /, '');
  if (exitCode === TRACER_EXIT.libbpfMissing) {
    return new SessionError(
      'libbpf-missing',
      `libbpf, which loads programs into the kernel, is not installed or cannot be used (${why}). Nothing was attached.`,
      'sudo apt-get install libbpf1',
    );
  }
  return new SessionError(
    'tracer-failed',
    `The tracer did not start (exit ${exitCode ?? 'by signal'}): ${why || 'it printed nothing'}`,
    'BPF: Show Log has the whole output; BPF: Check Environment says what is missing.',
  );
}

/** The last line that is not empty. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
