/** Why a started tracer sent no hello message: from its exit code and output. */
import { TRACER_EXIT } from '../../shared/protocol/tracer';
import { SessionError } from '../errors';

/** `exitCode` is null for a tracer killed by a signal. The result always has a `fix`. */
export function tracerFailure(stderr: string, exitCode: number | null): SessionError {
  const why = lastLine(stderr).replace(/^bpfw-tracer: /, '');
  if (exitCode === TRACER_EXIT.libbpfMissing) {
    return new SessionError(
      'libbpf-missing',
      `libbpf, which loads programs into the kernel, is not installed or cannot be loaded (${why}). Nothing was attached.`,
      { command: 'sudo apt-get install libbpf1' },
    );
  }
  return new SessionError(
    'tracer-failed',
    `The tracer did not start (exit ${exitCode ?? 'by signal'}): ${why || 'it printed nothing'}`,
    { text: 'BPF: Show Log has the complete output; BPF: Check Environment shows what is missing.' },
  );
}

/** The last non-empty line. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
