/** Why sudo, pkexec or setpriv refused: from their English messages (elevated-process.ts sets LC_ALL=C). */
import { SANDBOX_VM_INSTEAD, SessionError, type SessionErrorCode } from '../errors';
import type { ElevationWay } from './elevation';
import { lastLine, tracerFailure } from './tracer-failure';

interface Refusal {
  readonly pattern: RegExp;
  readonly code: SessionErrorCode;
  /** Of the last line of output. */
  readonly message: string | ((line: string) => string);
  readonly fix: string;
}

const CANCELLED: Refusal = {
  pattern: /no password was provided|a password is required|Request dismissed/i,
  code: 'elevation-cancelled',
  message: 'No password was entered, so nothing was done.',
  fix: `Try again, or ${SANDBOX_VM_INSTEAD}`,
};

/** pkexec's exit code when its dialog was closed (pkexec(1)). */
const PKEXEC_DISMISSED = 126;

/** The first that matches holds. */
const REFUSALS: readonly Refusal[] = [
  CANCELLED,
  {
    pattern: /incorrect password attempt/i,
    code: 'wrong-password',
    message: 'The password was wrong three times; sudo gave up, and nothing was done.',
    fix: 'Try again.',
  },
  {
    pattern: /not in the sudoers file|is not allowed to (run|execute)|may not run sudo/i,
    code: 'elevation-refused',
    message: 'You are not allowed to use sudo on this machine.',
    fix: `Ask its administrator, or ${SANDBOX_VM_INSTEAD}`,
  },
  {
    pattern: /no new privileges/i,
    code: 'no-new-privileges',
    message: 'sudo cannot gain privileges here (no_new_privs is set).',
    fix: 'Switch to the sandbox VM: BPF: Select Target.',
  },
  {
    pattern: /as another user: Not authorized/i,
    code: 'elevation-refused',
    message:
      'polkit does not allow it: the password was wrong, or you are not an administrator of this machine.',
    fix: `Try again, or ${SANDBOX_VM_INSTEAD}`,
  },
  {
    pattern: /authentication agent/i,
    code: 'no-polkit-agent',
    message: 'pkexec found no authentication agent (usual over SSH and without a desktop).',
    fix: 'Set bpf.elevation to "sudo".',
  },
  {
    pattern: /setpriv: .*(capabilit|unknown)/i,
    code: 'elevation-refused',
    message: line => `Setting the capabilities failed: ${line}`,
    fix: `In a container, give it CAP_BPF and CAP_PERFMON, or ${SANDBOX_VM_INSTEAD}`,
  },
];

/** Why an elevated tracer did not start: the refusal of sudo, pkexec or setpriv, else its own output. */
export function elevationFailure(way: ElevationWay, stderr: string, exitCode: number | null): SessionError {
  return elevationRefusal(way, stderr, exitCode) ?? tracerFailure(stderr, exitCode);
}

/** Why sudo, pkexec or setpriv refused; null when none of them failed. */
export function elevationRefusal(
  way: ElevationWay,
  stderr: string,
  exitCode: number | null,
): SessionError | null {
  const found =
    way === 'pkexec' && exitCode === PKEXEC_DISMISSED
      ? CANCELLED
      : REFUSALS.find(({ pattern }) => pattern.test(stderr));
  if (!found) return null;
  const { code, message, fix } = found;
  return new SessionError(code, typeof message === 'string' ? message : message(lastLine(stderr)), {
    text: fix,
  });
}
