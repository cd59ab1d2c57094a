import { defineConfig } from 'vitest/config';
import { deadlineMs } from './scripts/lib/pace.mjs';

/** Unit and golden tests: plain Node, no VS Code, no guest. Kernel tests have a configuration of their own. */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'],
    testTimeout: deadlineMs(20_000),
  },
});
