import { defineConfig } from 'vitest/config';
import { deadlineMs, shareMachine } from './scripts/lib/pace.mjs';

const WORKERS = 2;
shareMachine(WORKERS);

/** End-to-end tests: a real VS Code in a browser. Two at a time, as one is in an emulated guest for minutes; each brings a server and a Chromium. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    setupFiles: ['test/e2e/stop-at-failure.ts'],
    maxWorkers: WORKERS,
    testTimeout: deadlineMs(120_000),
    hookTimeout: deadlineMs(180_000),
    retry: 0,
    expect: { poll: { timeout: deadlineMs(20_000) } },
  },
});
