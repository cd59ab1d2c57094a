import type { ProgramReasons } from '../shared/bpf/program-policy';
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
export class TracerError extends Error {
  constructor(
    readonly code: TracerErrorCode,
    message: string,
    readonly details: TracerErrorDetails = {},
  ) {
    super(message);
    this.name = 'TracerError';
  }
}
