import { defineConfig } from 'vitest/config';
import kernel from './vitest.kernel.config';

/** Recordings for test/e2e/panels.test.ts, made in one guest as kernel tests run: `npm run record`. */
export default defineConfig({
  test: { ...kernel.test, include: ['test/e2e/replay/*.record.ts'] },
});
