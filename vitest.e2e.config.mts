import { defineConfig } from 'vitest/config';

/** End-to-end tests: a real VS Code in a browser. One at a time, because each brings a server and a Chromium. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    retry: 0,
    expect: { poll: { timeout: 20_000 } },
  },
});
