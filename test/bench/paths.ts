import path from 'node:path';

export const root = path.resolve(__dirname, '../..');
/** Scratch, ignored by git; the guest sees it under the same path, read-only. */
export const workFolder = path.join(root, 'test/.work/bench');
