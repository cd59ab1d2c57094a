import type { ProgramReasons } from '../shared/bpf/program-policy';
import type { HelperErrorCode } from '../shared/protocol/tracer';

export interface HelperErrorDetails {
  /** Positive errno, of the kernel's or libbpf's range. */
  readonly errno?: number;
  readonly errnoName?: string;
  readonly program?: string;
  readonly needsConsent?: readonly ProgramReasons[];
  /** The verifier's text, sent to the client as a blob. */
  readonly verifierLog?: Uint8Array;
  readonly libbpfLog?: readonly string[];
}

/** Why a request failed. `message` is for people: what failed, the errno's name, what they can do. */
export class HelperError extends Error {
  constructor(
    readonly code: HelperErrorCode,
    message: string,
    readonly details: HelperErrorDetails = {},
  ) {
    super(message);
    this.name = 'HelperError';
  }
}
