import path from 'node:path';

export const root = path.resolve(__dirname, '../../..');
/** Scratch of the tests, ignored by git; the guest sees it under the same path, read-only. */
export const workFolder = path.join(root, 'test/.work');
export const guestAgentPath = path.join(root, 'dist/guest-agent.js');
export const tracerPath = path.join(root, 'dist/tracer.js');
