import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomically } from '../../system/cache-files';
import { runChild } from '../../system/child-process';
import { findExecutable } from '../../system/find-executable';
import { type CpioEntry, cpioArchive } from './cpio';
import type { KernelImage } from './kernel-image';
import { installCommand, VmError } from './vm-error';

const TOOL_DEADLINE_MS = 120_000;

/** A tool's stdout. Throws Error with its stderr when it failed. */
async function run(tool: string, args: readonly string[], outputBytes = 4 << 20): Promise<Buffer> {
  const result = await runChild('tool', tool, args, { deadlineMs: TOOL_DEADLINE_MS, outputBytes });
  if (result.code === 0 && !result.truncated) return result.stdout;
  throw new Error(result.stderr.trim() || `${tool} failed (exit ${result.code ?? 'by signal'})`);
}

/** The modules needed to mount the root file system and reach the agent; others are loaded from the root file system. */
const BOOT_MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_console'];
const NETWORK_MODULES = ['virtio_net'];

/** Increased when the archive's layout changes, to invalidate the cache. */
const LAYOUT = 1;

/**
 * The part of the initramfs that is the same for every boot: busybox and the modules, in load order (/modules/order).
 * Cached in `cacheFolder` by the kernel's release and a hash of its sources.
 * Throws VmError 'tool-missing' or 'module-missing'.
 */
export async function baseArchive(
  kernel: KernelImage,
  network: boolean,
  cacheFolder: string,
): Promise<Buffer> {
  const busybox = await findStaticBusybox();
  const facts = await Promise.all(
    [busybox, kernel.imagePath, path.join(kernel.modulesFolder, 'modules.order')].map(identity),
  );
  const key = createHash('sha256')
    .update(JSON.stringify([LAYOUT, network, facts]))
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(cacheFolder, 'initramfs');
  const prefix = `${kernel.release}${network ? '-net' : ''}-`;
  const file = path.join(folder, `${prefix}${key}.cpio`);
  const cached = await readFile(file).catch(() => null);
  if (cached) return cached;

  const archive = await buildArchive(
    kernel,
    busybox,
    network ? [...BOOT_MODULES, ...NETWORK_MODULES] : BOOT_MODULES,
  );
  await writeAtomically(file, archive);
  for (const old of await readdir(folder)) {
    if (
      old.startsWith(prefix) &&
      old !== path.basename(file) &&
      /^[0-9a-f]{16}\.cpio$/.test(old.slice(prefix.length))
    ) {
      await rm(path.join(folder, old), { force: true });
    }
  }
  return archive;
}

/** The initramfs has no libraries, and distributions also have a dynamic busybox. */
async function findStaticBusybox(): Promise<string> {
  const busybox = await findExecutable('busybox');
  // A dynamic program's ELF header is followed by the path of its loader (PT_INTERP).
  const isStatic = busybox !== null && !(await readFile(busybox)).subarray(0, 4096).includes('/ld-');
  if (isStatic) return busybox;
  throw new VmError(
    'tool-missing',
    `The sandbox VM needs a static busybox for its initramfs${busybox ? `, and ${busybox} is not static` : ''}.`,
    installCommand('busybox-static'),
  );
}

/** Identifies a file, to detect that it was replaced. */
async function identity(file: string): Promise<[string, number, number]> {
  const { size, mtimeMs } = await stat(file);
  return [file, size, mtimeMs];
}

async function buildArchive(
  kernel: KernelImage,
  busybox: string,
  modules: readonly string[],
): Promise<Buffer> {
  const entries: CpioEntry[] = [
    { kind: 'folder', path: 'dev' },
    // The kernel opens it for init's standard streams, before init can mount devtmpfs.
    { kind: 'device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'folder', path: 'bin' },
    { kind: 'file', path: 'bin/busybox', mode: 0o755, bytes: await readFile(busybox) },
    { kind: 'folder', path: 'modules' },
  ];
  const order: string[] = [];
  for (const file of await modulesInOrder(kernel, modules)) {
    const { name, bytes } = await uncompressedModule(file);
    order.push(name);
    entries.push({ kind: 'file', path: `modules/${name}`, mode: 0o644, bytes });
  }
  entries.push({
    kind: 'file',
    path: 'modules/order',
    mode: 0o644,
    bytes: Buffer.from(`${order.join('\n')}\n`),
  });
  return cpioArchive(entries);
}

/** Module files in dependency order, without those built into the kernel. */
async function modulesInOrder(kernel: KernelImage, names: readonly string[]): Promise<string[]> {
  const base = path.resolve(kernel.modulesFolder, '../../..');
  await ensureDependencyIndex(kernel, base);
  const modprobe = await kmodTool('modprobe');
  const files = new Set<string>();
  for (const name of names) {
    // The host's modprobe.d is for another kernel.
    const args = ['-C', '/dev/null', '-d', base, '-S', kernel.release, '--show-depends', name];
    const listed = await run(modprobe, args).catch(error => {
      throw new VmError(
        'module-missing',
        `Kernel ${kernel.release} has no module ${name}, which the sandbox VM needs: ${error instanceof Error ? error.message : error}`,
        { command: 'npm run setup -- run' },
      );
    });
    for (const line of listed.toString().split('\n')) {
      const file = /^insmod (\S+)/.exec(line)?.[1];
      if (file) files.add(file);
    }
  }
  return [...files];
}

/** depmod runs when a kernel package is installed; this one was only unpacked. */
export async function ensureDependencyIndex(kernel: KernelImage, base: string): Promise<void> {
  if (existsSync(path.join(kernel.modulesFolder, 'modules.dep.bin'))) return;
  await run(await kmodTool('depmod'), ['-b', base, kernel.release]);
}

async function kmodTool(name: string): Promise<string> {
  const tool = await findExecutable(name);
  if (!tool) throw new VmError('tool-missing', `The sandbox VM needs ${name}.`, installCommand('kmod'));
  return tool;
}

const COMPRESSIONS: readonly {
  readonly suffix: string;
  readonly tool: string;
  readonly debianPackage: string;
}[] = [
  { suffix: '.zst', tool: 'zstd', debianPackage: 'zstd' },
  { suffix: '.xz', tool: 'xz', debianPackage: 'xz-utils' },
  { suffix: '.gz', tool: 'gzip', debianPackage: 'gzip' },
];

/** busybox's insmod accepts only uncompressed modules. */
async function uncompressedModule(file: string): Promise<{ name: string; bytes: Buffer }> {
  const compression = COMPRESSIONS.find(({ suffix }) => file.endsWith(suffix));
  if (!compression) return { name: path.basename(file), bytes: await readFile(file) };
  const tool = await findExecutable(compression.tool);
  if (!tool) {
    const what = `The modules of the sandbox VM's kernel are compressed; decompressing them needs ${compression.tool}.`;
    throw new VmError('tool-missing', what, installCommand(compression.debianPackage));
  }
  const bytes = await run(tool, ['-dc', file], 64 << 20);
  return { name: path.basename(file, compression.suffix), bytes };
}
