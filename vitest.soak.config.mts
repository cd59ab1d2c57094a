import { defineConfig } from 'vitest/config';
import { deadlineMs } from './scripts/lib/pace.mjs';

/** Soak tests: minutes of load in one guest. By themselves only: npm run test:soak. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/kernel/bench/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
    testTimeout: deadlineMs(1_200_000),
    hookTimeout: deadlineMs(300_000),
    teardownTimeout: 10_000,
  },
});
