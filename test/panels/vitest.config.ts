import { defineConfig } from 'vitest/config';

/** The pages in a real browser, against recorded streams. Needs chromium. */
export default defineConfig({
  test: {
    include: ['test/panels/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
