import { WorkbenchError } from '../shared/errors/workbench-error';

/** Why a session could not start or continue; every message is written for the user and `fix` states what to do. */
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

export class SessionError extends WorkbenchError<SessionErrorCode> {
  override readonly name = 'SessionError';
}

/** The user declined or ended it before anything was attached. */
export const cancelled = (): SessionError => new SessionError('cancelled', 'Nothing was attached.');

/** A way out wherever root is needed and cannot be had. */
export const SANDBOX_VM_INSTEAD = 'switch to the sandbox VM: BPF: Select Target.';
