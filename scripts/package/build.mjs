/** Builds one platform's packages in a separate folder: dist/ of the checkout is neither read nor changed. */
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX, listFiles } from '@vscode/vsce';
import { root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { allowedFiles, compareContents } from './contents.mjs';
import { nativePart } from './native-part.mjs';
import { thirdPartyNotices } from './notices.mjs';

export const targets = ['linux-x64', 'linux-arm64'];
const buildTimeoutMs = 5 * 60_000;

/** Maximum size of a VSIX in bytes: twice its size of 1.5 MiB when this was written. */
const largestVsix = 3 << 20;

/** Manifest entries for the checkout only; everything needed at run time is bundled. */
const checkoutOnly = ['scripts', 'dependencies', 'devDependencies', 'overrides'];

/**
 * Builds the VSIX of a platform and, from the same files, the npm package that brings the command `bpfw`. Throws when
 * the contents are not those of scripts/package-files.txt or the VSIX is too large.
 *
 * @param {string} target one of `targets`
 * @param {string} outFolder where both are put; a folder `staging-TARGET` in it is made anew
 * @returns {Promise<{vsix: string, npm: string, bytes: number, staging: string}>}
 */
export async function buildPackage(target, outFolder) {
  const staging = path.join(outFolder, `staging-${target}`);
  await rm(staging, { recursive: true, force: true });
  await stage(target, staging);
  compareContents(await listFiles({ cwd: staging, dependencies: false }), await allowedFiles(target));

  const { name, version } = JSON.parse(await readFile(path.join(staging, 'package.json'), 'utf8'));
  const stem = path.join(outFolder, `${name}-${target}-${version}`);
  const vsix = `${stem}.vsix`;
  await createVSIX({ cwd: staging, packagePath: vsix, target, dependencies: false });
  const { size } = await stat(vsix);
  if (size > largestVsix) {
    throw new Error(`${path.basename(vsix)} has ${size} bytes, more than the ${largestVsix} it may have`);
  }
  await rm(path.join(staging, '.vscodeignore'));
  await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', outFolder], {
    cwd: staging,
    timeoutMs: 60_000,
  });
  const npm = `${stem}.tgz`;
  await rename(path.join(outFolder, `${name}-${version}.tgz`), npm);
  return { vsix, npm, bytes: size, staging };
}

/** Fills the folder: the source files selected by .vscodeignore, dist/ built for production, one native part. */
async function stage(target, staging) {
  const sources = await listFiles({ cwd: root, dependencies: false });
  for (const file of [...sources.filter(file => !file.startsWith('dist/')), '.vscodeignore']) {
    await mkdir(path.dirname(path.join(staging, file)), { recursive: true });
    await cp(path.join(root, file), path.join(staging, file));
  }
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  for (const key of checkoutOnly) delete manifest[key];
  await writeFile(path.join(staging, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

  const dist = path.join(staging, 'dist');
  const inputs = `${staging}-inputs.json`;
  const options = ['--production', '--no-native', `--outdir=${dist}`, `--inputs=${inputs}`];
  await run(process.execPath, ['esbuild.mjs', ...options], { cwd: root, timeoutMs: buildTimeoutMs });
  const notices = await thirdPartyNotices(JSON.parse(await readFile(inputs, 'utf8')));
  await writeFile(path.join(staging, 'ThirdPartyNotices.txt'), notices);
  await rm(inputs);
  await mkdir(path.join(dist, 'native', target), { recursive: true });
  await cp(await nativePart(target), path.join(dist, 'native', target, 'koffi.node'));
  // Both kinds of package keep file modes; npm and users run this file.
  for (const file of await readdir(dist)) {
    if (/\.(js|wasm)$/.test(file)) await chmod(path.join(dist, file), file === 'cli.js' ? 0o755 : 0o644);
  }
}
