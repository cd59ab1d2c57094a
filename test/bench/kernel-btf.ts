/** BTF of the sandbox VM's kernel: a distribution's, whole, and the same on every machine that ran set-up. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findKernel } from '../../src/session/vm/kernel-image';
import { kernelImageBtf } from '../../src/session/vm/vmlinux';
import { defaultCacheFolder } from '../../src/system/cache-files';
import { workFolder } from './paths';

export async function kernelBtf(): Promise<{ bytes: Uint8Array; file: string; release: string }> {
  const kernel = await findKernel(defaultCacheFolder());
  const bytes = await kernelImageBtf(kernel, defaultCacheFolder());
  if (!bytes) throw new Error(`no BTF can be taken out of ${kernel.imagePath}`);
  mkdirSync(workFolder, { recursive: true });
  const file = path.join(workFolder, 'vmlinux.btf');
  writeFileSync(file, bytes);
  return { bytes, file, release: kernel.release };
}
