import { defineConfig } from 'vitest/config';

/** Unit and golden tests: plain Node, no VS Code, no guest. Kernel tests have a configuration of their own. */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts', 'test/golden/**/*.test.ts'],
    testTimeout: 20_000,
  },
});
