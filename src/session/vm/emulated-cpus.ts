import { runChild } from '../../system/child-process';

/** TCG's way with several CPUs: one thread for all of them in turns, or one for each. */
export type EmulatedThreads = 'single' | 'multi';

/**
 * First version that locks a page of guest code while it translates it (QEMU commit deba78709a, "accel/tcg: Always lock
 * pages before translation"). Before, with a thread per CPU, a CPU can translate an instruction just as another one
 * overwrites it, and keep the old one for good. Attaching a probe does that to every function it touches: seen with 7.2
 * and a probe on vfs_read() is a guest in which both CPUs take a breakpoint for ever that is no longer in memory,
 * once in about thirty attachments.
 */
const SAFE_SINCE = { major: 8, minor: 1 } as const;

/** 'single' for a QEMU that is too old, or whose version cannot be told. */
export async function safeEmulatedThreads(qemuPath: string): Promise<EmulatedThreads> {
  const version = await runChild('qemu', qemuPath, ['--version'], { deadlineMs: 10_000 }).then(
    ({ stdout }) => stdout.toString(),
    () => '',
  );
  return emulatedThreadsOf(version);
}

/** From what `qemu-system-* --version` prints. */
export function emulatedThreadsOf(versionText: string): EmulatedThreads {
  const [, major = '0', minor = '0'] = /\bversion (\d+)\.(\d+)/.exec(versionText) ?? [];
  const isSafe =
    Number(major) > SAFE_SINCE.major ||
    (Number(major) === SAFE_SINCE.major && Number(minor) >= SAFE_SINCE.minor);
  return isSafe ? 'multi' : 'single';
}
