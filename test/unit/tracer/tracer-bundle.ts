import { execFileSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');
let built: Promise<string> | undefined;

/** dist/tracer.js, built from the sources as they are; once a test file. */
export function tracerBundle(): Promise<string> {
  built ??= (async () => {
    execFileSync(process.execPath, ['esbuild.mjs', '--only=tracer'], { cwd: root, stdio: 'inherit' });
    return path.join(root, 'dist/tracer.js');
  })();
  return built;
}
