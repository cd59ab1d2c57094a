import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { VmError } from './vm-error';

/** A kernel that a guest can boot: its image and its modules, unpacked from a distribution package or chosen by setting. */
export interface KernelImage {
  readonly release: string;
  /** vmlinuz (x86) or Image (arm64). */
  readonly imagePath: string;
  /** The folder, named after the release, that contains modules.order and kernel/. */
  readonly modulesFolder: string;
}

const FIX =
  'Run “BPF: Install Sandbox VM” in VS Code: it unpacks the distribution’s kernel there, without installing it. In a checkout of BPF Workbench, npm run setup does the same.';

/**
 * The kernel that `chosen` names (an image file with the modules folder), else the newest one in the cache, where
 * scripts/setup.mjs unpacks kernels to kernels/<release>.
 * Throws VmError 'kernel-missing'.
 */
export async function findKernel(
  cacheFolder: string,
  chosen?: { readonly imagePath: string; readonly modulesFolder: string },
): Promise<KernelImage> {
  if (chosen) {
    for (const file of [chosen.imagePath, path.join(chosen.modulesFolder, 'kernel')]) {
      if (!existsSync(file)) {
        throw new VmError(
          'kernel-missing',
          `The kernel chosen for the sandbox VM was not found: ${file} does not exist.`,
        );
      }
    }
    return { ...chosen, release: path.basename(chosen.modulesFolder) };
  }
  const kernelsFolder = path.join(cacheFolder, 'kernels');
  const kernel = await newestKernel(kernelsFolder);
  if (kernel) return kernel;
  throw new VmError(
    'kernel-missing',
    `The sandbox VM needs a kernel image, and none was found in ${kernelsFolder}.`,
    { text: FIX },
  );
}

/** The newest complete kernel unpacked directly in a folder; null when there is none. */
export async function newestKernel(folder: string): Promise<KernelImage | null> {
  const releases = await readdir(folder).catch(() => []);
  for (const release of releases.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))) {
    const kernel = await unpackedKernel(path.join(folder, release), release);
    if (kernel) return kernel;
  }
  return null;
}

async function unpackedKernel(folder: string, release: string): Promise<KernelImage | null> {
  const imagePath = path.join(folder, 'boot', `vmlinuz-${release}`);
  for (const lib of ['lib', 'usr/lib']) {
    const modulesFolder = path.join(folder, lib, 'modules', release);
    const complete = await Promise.all([stat(imagePath), stat(path.join(modulesFolder, 'kernel'))]).catch(
      () => null,
    );
    if (complete) return { release, imagePath, modulesFolder };
  }
  return null;
}
