/**
 * The first module of the privileged process: takes SIGUSR1 away from Node, which would listen for a debugger when any
 * process of the same user sends it. Its command line has closed that way already (session/guarded-node.ts); this
 * holds where it was started in another way.
 */
import inspector from 'node:inspector';

process.on('SIGUSR1', () => undefined);

/** True when a debugger can connect, or has: the signal may have come before this module ran. */
export const debuggerListens = (): boolean => inspector.url() !== undefined;
