import { defineConfig } from 'vitest/config';
import { deadlineMs } from './scripts/lib/pace.mjs';

/** End-to-end tests: a real VS Code in a browser. One at a time, because each brings a server and a Chromium. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    setupFiles: ['test/e2e/stop-at-failure.ts'],
    fileParallelism: false,
    testTimeout: deadlineMs(120_000),
    hookTimeout: deadlineMs(180_000),
    retry: 0,
    expect: { poll: { timeout: deadlineMs(20_000) } },
  },
});
