import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { guestAgentPath, root, tracerPath } from './paths';
import { compileWorkloads } from './workloads';

/** Before any kernel test: what runs in the guest is built from the sources as they are now. */
export default function setup(): void {
  execFileSync(process.execPath, ['esbuild.mjs', '--only=guest-agent,tracer,ifunc-probe'], {
    cwd: root,
    stdio: 'inherit',
  });
  for (const bundle of [guestAgentPath, tracerPath]) {
    if (!existsSync(bundle)) throw new Error(`${path.relative(root, bundle)} was not built`);
  }
  compileWorkloads();
}
