import { defineConfig } from 'vitest/config';
import { deadlineMs } from './scripts/lib/pace.mjs';

/**
 * Kernel tests: on this machine in Node, driving one guest. One worker runs every file without isolation, so that
 * they share the guest that test/kernel/bench boots on first use; it ends with the worker.
 */
export default defineConfig({
  test: {
    include: ['test/kernel/**/*.test.ts'],
    globalSetup: ['test/kernel/bench/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
    // A guest without hardware virtualisation is 10 to 40 times slower than this machine.
    testTimeout: deadlineMs(120_000),
    // Hooks boot the guest, and wait for it when another test run of this machine has it.
    hookTimeout: deadlineMs(30 * 60_000),
    teardownTimeout: 10_000,
  },
});
