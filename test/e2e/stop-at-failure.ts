/** A failed step ends its file: steps go on where the one before left the window, and would only wait for what cannot come. */
import { afterEach, beforeEach } from 'vitest';

let failed: string | null = null;

beforeEach(({ skip }) => {
  if (failed !== null) skip(`"${failed}" failed before it`);
});
afterEach(({ task }) => {
  if (task.result?.state === 'fail') failed ??= task.name;
});
