/**
 * The first module of the privileged process: replaces Node's SIGUSR1 handler, which opens the debugger port when any
 * process of the same user sends the signal. The command line already prevents that (session/elevation/guarded-node.ts);
 * this also covers a tracer started in another way.
 */
import inspector from 'node:inspector';

process.on('SIGUSR1', () => undefined);

/** True when a debugger can connect or is connected: the signal may have arrived before this module ran. */
export const debuggerListens = (): boolean => inspector.url() !== undefined;
