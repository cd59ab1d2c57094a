/** koffi's native part for a platform, possibly another than this machine's: the only file that differs between packages. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

const downloadTimeoutMs = 5 * 60_000;

/**
 * Path of koffi.node (for glibc) of the version package-lock.json names; fetched from the npm registry when it is not
 * this machine's own, and kept in the cache. Throws when its hash is not the lock file's.
 *
 * @param {'linux-x64' | 'linux-arm64'} target
 */
export async function nativePart(target) {
  const name = `@koromix/koffi-${target}`;
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
  const locked = lock.packages[`node_modules/${name}`];
  if (!locked) throw new Error(`package-lock.json does not contain ${name}`);
  const installed = path.join(root, 'node_modules', name);
  const folder = existsSync(installed) ? installed : await fetch(name, locked);
  const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  if (version !== locked.version) throw new Error(`${folder} is ${version}, not ${locked.version}`);
  const file = (await readdir(folder, { recursive: true })).find(
    entry => entry.endsWith('koffi.node') && !entry.includes('musl'),
  );
  if (!file) throw new Error(`no koffi.node in ${folder}`);
  return path.join(folder, file);
}

async function fetch(name, { version, integrity }) {
  const folder = path.join(cacheFolder, 'npm', `${name.replace('/', '-')}-${version}`);
  if (existsSync(folder)) return folder;
  console.log(`fetching ${name}@${version} from the npm registry`);
  await mkdir(path.dirname(folder), { recursive: true });
  const staging = await mkdtemp(`${folder}.partial-`);
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', staging, `${name}@${version}`], {
      cwd: staging,
      timeoutMs: downloadTimeoutMs,
    });
    const [archive] = (await readdir(staging)).filter(file => file.endsWith('.tgz'));
    if (!archive) throw new Error(`npm pack ${name} created no archive`);
    const [algorithm, expected] = integrity.split(/-(.*)/s);
    const bytes = await readFile(path.join(staging, archive));
    const found = createHash(algorithm).update(bytes).digest('base64');
    if (found !== expected) throw new Error(`${name}@${version}: its hash differs from package-lock.json`);
    await run('tar', ['-xzf', archive], { cwd: staging, timeoutMs: 60_000 });
    await rename(path.join(staging, 'package'), folder).catch(error => {
      if (!existsSync(folder)) throw error; // another process was first
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}
