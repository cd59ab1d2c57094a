/** Calls the set-up script. TODO(until scripts/setup.mjs is in): without it nothing is set up. */
import { existsSync } from 'node:fs';

export async function setUp() {
  const script = new URL('../setup.mjs', import.meta.url);
  if (existsSync(script)) await (await import(script.href)).setUp();
}
