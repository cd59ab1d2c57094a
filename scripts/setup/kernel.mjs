/** The sandbox VM's kernels: distribution packages that are unpacked into the cache, not installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../lib/paths.mjs';
import { availablePackages, debianArchitecture, updateLists } from './apt.mjs';
import { SetupError, say } from './say.mjs';

export const kernelsFolder = path.join(cacheFolder, 'kernels');
const downloadDeadlineMs = 20 * 60_000;

/** The distribution's archive with apt's own configuration. */
const OWN_ARCHIVE = [];

/**
 * Debian 13, for tests of a newer kernel than the distribution's. Its kernel is in kernels/trixie/<release>: findKernel()
 * considers only the folders directly in kernels/ and so never chooses it.
 */
const TRIXIE = {
  suite: 'trixie',
  keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
  repositories: [
    'http://deb.debian.org/debian trixie main',
    'http://deb.debian.org/debian-security trixie-security main',
  ],
};
export const trixieKernelsFolder = path.join(kernelsFolder, TRIXIE.suite);

/** The completely unpacked releases. */
export function unpackedKernels(folder = kernelsFolder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter(release => isComplete(path.join(folder, release), release));
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
      `apt has no package ${metaPackages(architecture).join(' or ')}, which determines the kernel for the sandbox VM.`,
      'check the package sources in /etc/apt, then run this again',
    );
  }
  const refresh = () => {
    // Outdated package lists name packages that no longer exist.
    updateLists();
    return currentImage(architecture) ?? image;
  };
  fetchKernel(image, { folder: kernelsFolder, archive: OWN_ARCHIVE, refresh });
}

/**
 * Downloads and unpacks the kernel of Debian 13 when the cache has none, with separate package lists: the machine's apt
 * sources stay unchanged, and root is not needed. Throws SetupError.
 */
export function ensureTrixieKernel() {
  if (unpackedKernels(trixieKernelsFolder).length > 0) return;
  const { suite, keyring, repositories } = TRIXIE;
  if (!existsSync(keyring)) {
    throw new SetupError(
      `The kernel of Debian 13 cannot be checked: ${keyring} is missing.`,
      'sudo apt-get install debian-archive-keyring',
    );
  }
  mkdirSync(trixieKernelsFolder, { recursive: true });
  const lists = mkdtempSync(path.join(trixieKernelsFolder, '.lists-'));
  try {
    const sources = path.join(lists, 'sources.list');
    writeFileSync(sources, repositories.map(each => `deb [signed-by=${keyring}] ${each}\n`).join(''));
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(path.join(lists, folder), { recursive: true });
    const archive = [
      `Dir::Etc::sourcelist=${sources}`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${path.join(lists, 'lists')}`,
      `Dir::Cache=${path.join(lists, 'cache')}`,
      'Acquire::Languages=none',
    ].flatMap(option => ['-o', option]);
    apt(['-q', 'update'], archive, lists);
    const image = currentImage(debianArchitecture(), archive);
    if (!image) {
      throw new SetupError(`Debian's ${suite} has no kernel for this architecture.`, 'use amd64 or arm64');
    }
    fetchKernel(image, { folder: trixieKernelsFolder, archive, refresh: null });
  } finally {
    rmSync(lists, { recursive: true, force: true });
  }
}

/** `refresh` updates the package lists and determines the image again; null when they are new. */
function fetchKernel(image, { folder, archive, refresh }) {
  say(`downloading ${image} for the sandbox VM (unpacked into ${folder}, not installed)`);
  mkdirSync(folder, { recursive: true });
  const staging = mkdtempSync(path.join(folder, '.unpacking-'));
  try {
    try {
      download(image, archive, staging);
    } catch (error) {
      if (!refresh) throw error;
      image = refresh();
      download(image, archive, staging);
    }
    unpack(staging, image.replace(/^linux-image-(unsigned-)?/, ''), folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const metaPackages = architecture => [`linux-image-${architecture}`, 'linux-image-generic'];

/** "linux-image-6.1.0-18-amd64", from what the distribution's meta package depends on; null when apt has none. */
function currentImage(architecture, archive = OWN_ARCHIVE) {
  for (const meta of metaPackages(architecture)) {
    const { stdout } = spawnSync('apt-cache', [...archive, 'depends', '--important', meta], {
      encoding: 'utf8',
    });
    const image = imageDependency(stdout ?? '');
    if (image) return image;
  }
  return null;
}

/** The versioned kernel image among the lines of `apt-cache depends`. */
export function imageDependency(depends) {
  return /^[ |]*Depends: (linux-image-\d\S*)$/m.exec(depends)?.[1] ?? null;
}

/** Additional packages with an image's modules, in distributions that split them off. */
function companions(image, archive) {
  const release = image.replace(/^linux-image-(unsigned-)?/, '');
  const names = ['modules', 'modules-extra', 'binary'].map(kind => `linux-${kind}-${release}`);
  return [...availablePackages(names, archive)];
}

function download(image, archive, folder) {
  apt(['-q', 'download', image, ...companions(image, archive)], archive, folder);
}

function apt(args, archive, cwd) {
  const result = spawnSync('apt-get', [...archive, ...args], {
    cwd,
    stdio: ['ignore', 2, 2],
    timeout: downloadDeadlineMs,
  });
  if (result.status === 0) return;
  throw new SetupError(
    `"apt-get ${args.join(' ')}" failed; its output is above.`,
    'check the network and the package sources, then run this again',
  );
}

function unpack(staging, release, into) {
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
      `The kernel package for ${release} has no kernel image or no modules.`,
      'report this, with the name of the distribution',
    );
  }
  const folder = path.join(into, release);
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
