import { defineConfig } from 'vitest/config';
import { deadlineMs } from '../../scripts/lib/pace.mjs';

/** The pages in a real browser, against recorded streams. Needs chromium. */
export default defineConfig({
  test: {
    include: ['test/panels/**/*.test.ts'],
    testTimeout: deadlineMs(60_000),
    hookTimeout: deadlineMs(60_000),
    fileParallelism: false,
  },
});
