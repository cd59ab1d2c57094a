import { runChild } from '../../system/child-process';

/** How TCG runs several CPUs: in turns on one thread, or on one thread each. */
export type EmulatedThreads = 'single' | 'multi';

/**
 * First version that locks a page of guest code while it translates it (QEMU commit deba78709a, "accel/tcg: Always lock
 * pages before translation"). Earlier versions with a thread per CPU can translate an instruction while another CPU
 * overwrites it, and keep the stale translation. Attaching a probe overwrites instructions: with 7.2 and a probe on
 * vfs_read(), in about one of thirty attachments both CPUs hit a breakpoint for ever that is no longer in memory.
 */
const SAFE_SINCE = { major: 8, minor: 1 } as const;

/** 'single' for a QEMU that is too old, or whose version is unknown. */
export async function safeEmulatedThreads(qemuPath: string): Promise<EmulatedThreads> {
  const version = await runChild('qemu', qemuPath, ['--version'], { deadlineMs: 10_000 }).then(
    ({ stdout }) => stdout.toString(),
    () => '',
  );
  return emulatedThreadsOf(version);
}

/** From the output of `qemu-system-* --version`. */
export function emulatedThreadsOf(versionText: string): EmulatedThreads {
  const [, major = '0', minor = '0'] = /\bversion (\d+)\.(\d+)/.exec(versionText) ?? [];
  const isSafe =
    Number(major) > SAFE_SINCE.major ||
    (Number(major) === SAFE_SINCE.major && Number(minor) >= SAFE_SINCE.minor);
  return isSafe ? 'multi' : 'single';
}
