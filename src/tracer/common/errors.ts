import type { ProgramReasons } from '../../shared/bpf/program-policy';
import { systemErrno } from '../../shared/errors/system-errno';
import { WorkbenchError } from '../../shared/errors/workbench-error';
import type { TracerErrorCode } from '../../shared/protocol/tracer';

export interface TracerErrorDetails {
  /** Positive errno, in the kernel's or libbpf's range. */
  readonly errno?: number;
  readonly errnoName?: string;
  readonly program?: string;
  readonly needsConsent?: readonly ProgramReasons[];
  /** The verifier log, sent to the client as a blob. */
  readonly verifierLog?: Uint8Array;
  readonly libbpfLog?: readonly string[];
}

/** Why a request failed. `message` is shown to the user: what failed, the errno's name, what to do. */
export class TracerError extends WorkbenchError<TracerErrorCode> {
  override readonly name = 'TracerError';

  constructor(
    code: TracerErrorCode,
    message: string,
    readonly details: TracerErrorDetails = {},
  ) {
    super(code, message);
  }
}

/**
 * A file of the kernel could not be read. `advice` is what helps against a missing right, `otherwise` against any other
 * error.
 */
export function readFailure(what: string, error: unknown, advice: string, otherwise = ''): TracerError {
  const why = systemErrno(error) ?? (error instanceof Error ? error.message : String(error));
  return why === 'EACCES' || why === 'EPERM'
    ? new TracerError('not-permitted', `Reading ${what} was refused: ${why}. ${advice}`)
    : new TracerError('kernel', `Reading ${what} failed: ${why}. ${otherwise}`.trim());
}
