/** What QEMU itself is kept from doing, should a guest take it over. */
import { runChild } from '../../system/child-process';
import { processStatus } from '../../system/process-status';

/** qemu(1), -sandbox: no other programs, no other user, no system calls that the C library does not use any more. */
const SECCOMP = [
  '-sandbox',
  'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
] as const;

/** [] for a QEMU that was built without seccomp: it refuses the option as soon as it reads it. */
export async function seccompArguments(qemuPath: string): Promise<readonly string[]> {
  const result = await runChild('qemu', qemuPath, [...SECCOMP, '--version'], { deadlineMs: 10_000 }).catch(
    () => null,
  );
  return result?.code === 0 ? SECCOMP : [];
}

/** CAP_SETPCAP of uapi/linux/capability.h, without which a bounding set cannot be cut. */
const CAP_SETPCAP = 8n;

/**
 * For setpriv(1): QEMU gains no privileges, and as root keeps of its capabilities only the one to read files, which is
 * what the VM is shown.
 */
export function privilegeArguments(): string[] {
  const effective = BigInt(`0x${processStatus('self')?.capabilities.effective ?? '0'}`);
  const mayCut = ((effective >> CAP_SETPCAP) & 1n) === 1n;
  return [
    '--no-new-privs',
    ...(mayCut ? ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all,+dac_read_search'] : []),
  ];
}
