/** Why a session could not start or go on; every message is written for the user and `fix` says what to do. */
export type SessionErrorCode =
  | 'no-tracer-node'
  | 'setpriv-missing'
  | 'elevation-cancelled'
  | 'elevation-refused'
  | 'wrong-password'
  | 'no-new-privileges'
  | 'no-elevation'
  | 'no-polkit-agent'
  | 'installed-tracer'
  | 'root-script-failed'
  | 'tracer-failed'
  | 'tracer-died'
  | 'protocol'
  | 'btf-missing'
  | 'libbpf-missing'
  | 'bad-parameter'
  | 'unknown-parameter'
  | 'attach-point-missing'
  | 'target-unavailable'
  | 'target-died'
  | 'command-failed'
  | 'cancelled';

export class SessionError extends Error {
  constructor(
    readonly code: SessionErrorCode,
    message: string,
    /** What to do; a command line when there is one. */
    readonly fix: string | null = null,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'SessionError';
  }
}
