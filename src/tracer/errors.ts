import type { ProgramReasons } from '../shared/bpf/program-policy';
import { WorkbenchError } from '../shared/errors/workbench-error';
import type { TracerErrorCode } from '../shared/protocol/tracer';

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
