/** Restrictions on the QEMU process, in case a guest compromises it. */
import { runChild } from '../../system/child-process';
import { processStatus } from '../../system/process-status';

/** qemu(1), -sandbox: no other programs, no change of user, no obsolete system calls. */
const SECCOMP = [
  '-sandbox',
  'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
] as const;

/** [] for a QEMU built without seccomp, which rejects the option. */
export async function seccompArguments(qemuPath: string): Promise<readonly string[]> {
  const result = await runChild('qemu', qemuPath, [...SECCOMP, '--version'], { deadlineMs: 10_000 }).catch(
    () => null,
  );
  return result?.code === 0 ? SECCOMP : [];
}

/** CAP_SETPCAP of uapi/linux/capability.h, needed to reduce a bounding set. */
const CAP_SETPCAP = 8n;

/**
 * For setpriv(1): QEMU cannot gain privileges, and as root keeps only the capability to read files, which the VM's file
 * tree needs.
 */
export function privilegeArguments(): string[] {
  const effective = BigInt(`0x${processStatus('self')?.capabilities.effective ?? '0'}`);
  const mayCut = ((effective >> CAP_SETPCAP) & 1n) === 1n;
  return [
    '--no-new-privs',
    ...(mayCut ? ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all,+dac_read_search'] : []),
  ];
}
