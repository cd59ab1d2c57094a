/**
 * `npm run package [-- TARGET...]`: one VSIX per platform, and the npm package of `bpfw`, in dist/packages. Fails when a
 * package's files are not exactly those of scripts/package-files.txt, or when it is too large.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from './lib/paths.mjs';
import { main } from './lib/run.mjs';
import { ensureNodeModules } from './setup/node-modules.mjs';

await main(async () => {
  ensureNodeModules();
  const { buildPackage, targets } = await import('./package/build.mjs');
  const wished = process.argv.slice(2);
  const unknown = wished.filter(target => !targets.includes(target));
  if (unknown.length > 0)
    throw new Error(`Unknown platform ${unknown.join(', ')}. Platforms: ${targets.join(', ')}`);
  const outFolder = path.join(root, 'dist/packages');
  await mkdir(outFolder, { recursive: true });
  for (const target of wished.length > 0 ? wished : targets) {
    const { vsix, npm, bytes } = await buildPackage(target, outFolder);
    console.log(`${path.relative(root, vsix)}  ${(bytes / 2 ** 20).toFixed(1)} MiB`);
    console.log(path.relative(root, npm));
  }
});
