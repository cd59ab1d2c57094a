/** Bundles test/bench: the programs for the host and for the guest. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './paths.mjs';

/** Replaces import.meta of test code by its source's path: in a bundle it would be the bundle's. */
const ownFolders = {
  name: 'own-folders',
  setup(build) {
    build.onLoad({ filter: /\/test\/.*\.ts$/ }, async args => {
      const source = await readFile(args.path, 'utf8');
      const folder = JSON.stringify(path.dirname(args.path));
      return {
        contents: source.replaceAll('import.meta.dirname', folder).replaceAll('__dirname', folder),
        loader: 'ts',
      };
    });
  },
};

/** Writes main.mjs (packages stay in node_modules) and the guest's programs (self-contained) to a folder below the checkout. */
export async function bundleBench(folder) {
  const { build } = await import('esbuild');
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    plugins: [ownFolders],
  };
  await build({
    ...common,
    entryPoints: ['test/bench/main.ts', 'test/bench/index-btf.ts'],
    outdir: folder,
    format: 'esm',
    packages: 'external',
    outExtension: { '.js': '.mjs' },
  });
  await build({
    ...common,
    entryPoints: [
      'test/bench/guest/runner.ts',
      'test/bench/guest/client.ts',
      'test/bench/frames/client.ts',
      'test/bench/page.ts',
    ],
    outdir: folder,
    outbase: path.join(root, 'test/bench'),
    format: 'cjs',
    minify: true,
    keepNames: true,
  });
}
