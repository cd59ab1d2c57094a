/** The sandbox VM's kernel: the distribution's own package, unpacked into the cache and never installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../lib/paths.mjs';
import { availablePackages, debianArchitecture, updateLists } from './apt.mjs';
import { SetupError, say } from './say.mjs';

export const kernelsFolder = path.join(cacheFolder, 'kernels');
const downloadDeadlineMs = 20 * 60_000;

/** Releases that are unpacked and complete. */
export function unpackedKernels() {
  if (!existsSync(kernelsFolder)) return [];
  return readdirSync(kernelsFolder).filter(release => isComplete(path.join(kernelsFolder, release), release));
}

function isComplete(folder, release) {
  return (
    existsSync(path.join(folder, 'boot', `vmlinuz-${release}`)) &&
    existsSync(path.join(folder, 'lib/modules', release, 'modules.dep.bin'))
  );
}

/** Downloads and unpacks the distribution's current kernel when the cache has none. Throws SetupError. */
export function ensureKernel() {
  if (unpackedKernels().length > 0) return;
  const architecture = debianArchitecture();
  let image = currentImage(architecture);
  if (!image) {
    updateLists();
    image = currentImage(architecture);
  }
  if (!image) {
    throw new SetupError(
      `apt knows neither ${metaPackages(architecture).join(' nor ')}, which would name the kernel for the sandbox VM.`,
      'check the package sources in /etc/apt, then run this again',
    );
  }
  say(`downloading ${image} for the sandbox VM (unpacked into ${kernelsFolder}, not installed)`);
  mkdirSync(kernelsFolder, { recursive: true });
  const staging = mkdtempSync(path.join(kernelsFolder, '.unpacking-'));
  try {
    try {
      download(image, staging);
    } catch {
      // Lists older than the archive name packages that are gone.
      updateLists();
      image = currentImage(architecture) ?? image;
      download(image, staging);
    }
    const release = image.replace(/^linux-image-(unsigned-)?/, '');
    unpack(staging, release);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const metaPackages = architecture => [`linux-image-${architecture}`, 'linux-image-generic'];

/** "linux-image-6.1.0-18-amd64", from what the distribution's meta package depends on; null when apt knows none. */
function currentImage(architecture) {
  for (const meta of metaPackages(architecture)) {
    const { stdout } = spawnSync('apt-cache', ['depends', '--important', meta], { encoding: 'utf8' });
    const image = imageDependency(stdout ?? '');
    if (image) return image;
  }
  return null;
}

/** The versioned kernel image among the lines of `apt-cache depends`. */
export function imageDependency(depends) {
  return /^[ |]*Depends: (linux-image-\d\S*)$/m.exec(depends)?.[1] ?? null;
}

/** Companions of an image package that hold its modules where the distribution splits them off. */
function companions(image) {
  const release = image.replace(/^linux-image-(unsigned-)?/, '');
  return [
    ...availablePackages(['modules', 'modules-extra', 'binary'].map(kind => `linux-${kind}-${release}`)),
  ];
}

function download(image, folder) {
  const names = [image, ...companions(image)];
  const result = spawnSync('apt-get', ['-q', 'download', ...names], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    timeout: downloadDeadlineMs,
  });
  if (result.status === 0) return;
  throw new SetupError(
    `"apt-get download ${names.join(' ')}" failed; its own words are above.`,
    'check the network and the package sources, then run this again',
  );
}

function unpack(staging, release) {
  const root = path.join(staging, 'root');
  for (const file of readdirSync(staging).filter(name => name.endsWith('.deb'))) {
    execFileSync('dpkg', ['-x', path.join(staging, file), root], { stdio: ['ignore', 2, 2] });
  }
  rmSync(path.join(root, 'usr/share'), { recursive: true, force: true });
  // Packages of distributions with a merged /usr have no /lib, where depmod and modprobe look.
  if (!existsSync(path.join(root, 'lib'))) symlinkSync('usr/lib', path.join(root, 'lib'));
  execFileSync(kmodTool('depmod'), ['-b', root, release], { stdio: ['ignore', 2, 2] });
  if (!isComplete(root, release)) {
    throw new SetupError(
      `The kernel package for ${release} holds no kernel image or no modules.`,
      'report this, with the name of the distribution',
    );
  }
  const folder = path.join(kernelsFolder, release);
  rmSync(folder, { recursive: true, force: true });
  renameSync(root, folder);
  say(`kernel ${release} is ready for the sandbox VM`);
}

function kmodTool(name) {
  for (const folder of ['/usr/sbin', '/sbin', '/usr/bin']) {
    if (existsSync(path.join(folder, name))) return path.join(folder, name);
  }
  return name;
}
